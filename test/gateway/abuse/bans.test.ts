import t from 'tap'
import { atOnce, createFakeClock, createTestEngine, openTestStores, writeFacts, writeRule } from '../../support/abuse-engine.ts'

const always = { signals: {}, when: 'true' }
const address = '203.0.113.7'

t.test('a ban ends by itself, at the millisecond that it was set for', async (t) => {
  const { engine, clock } = createTestEngine([writeRule(always)])
  t.equal(engine.bans.find({ address, clientId: 'client_a' }), undefined)
  atOnce(engine.judgeOutcome(writeFacts()))
  t.match(engine.bans.find({ address, clientId: 'client_a' }), { scope: 'client', subject: 'client_a', ruleId: 'misses', explanation: /^rule misses \(enforce\)/ })
  clock.advance(299_999)
  t.ok(engine.bans.find({ address, clientId: 'client_a' }))
  clock.advance(1)
  t.equal(engine.bans.find({ address, clientId: 'client_a' }), undefined)
  t.strictSame(await engine.bans.list(), [])
})

t.test('a ban reaches nobody but its subject', async (t) => {
  const { engine } = createTestEngine([writeRule(always)])
  atOnce(engine.judgeOutcome(writeFacts()))
  t.equal(engine.bans.find({ address, clientId: 'client_b' }), undefined)
  t.equal(engine.bans.find({ address }), undefined)
  t.equal(engine.bans.find({ address: 'client_a' }), undefined, 'an address is no client')
})

t.test('a ban of an address holds for every client at it', async (t) => {
  const { engine } = createTestEngine([writeRule({ ...always, action: { kind: 'ban', scope: 'address', for: '1h' } })])
  atOnce(engine.judgeOutcome(writeFacts()))
  t.match(engine.bans.find({ address, clientId: 'client_b' }), { scope: 'address', subject: address })
  t.equal(engine.bans.find({ address: '203.0.113.8', clientId: 'client_a' }), undefined)
})

t.test('the longer of two bans wins, whichever came first', async (t) => {
  const short = writeRule({ ...always, id: 'short', action: { kind: 'ban', scope: 'client', for: '1m' } })
  const long = writeRule({ ...always, id: 'long', action: { kind: 'ban', scope: 'client', for: '1h' } })
  for (const rules of [[short, long], [long, short]]) {
    const { engine } = createTestEngine(rules)
    atOnce(engine.judgeOutcome(writeFacts()))
    t.match(engine.bans.find(writeFacts()), { ruleId: 'long' })
  }
})

t.test('of a client\'s and an address\'s ban the one that ends last is told', async (t) => {
  const { engine } = createTestEngine([writeRule({ ...always, id: 'client' }), writeRule({ ...always, id: 'address', action: { kind: 'ban', scope: 'address', for: '1h' } })])
  atOnce(engine.judgeOutcome(writeFacts()))
  t.equal(engine.bans.find(writeFacts())?.ruleId, 'address')
  t.equal((await engine.bans.list()).length, 2)
})

t.test('a lifted ban is gone at once, here and elsewhere, and does not come back with a restart', async (t) => {
  const clock = createFakeClock()
  const stores = openTestStores(clock)
  const one = createTestEngine([writeRule(always)], { clock, stores }).engine
  const other = createTestEngine([], { clock, stores }).engine
  atOnce(one.judgeOutcome(writeFacts()))
  const [ban] = await other.bans.list()
  t.equal(await other.bans.lift('ban_unknown'), false)
  t.equal(await other.bans.lift(ban?.id ?? ''), true)
  t.equal(one.bans.find(writeFacts()), undefined)
  t.equal(other.bans.find(writeFacts()), undefined)
  t.equal(createTestEngine([], { clock, stores }).engine.bans.find(writeFacts()), undefined)
  t.equal(await other.bans.lift(ban?.id ?? ''), false)
})

t.test('a ban holds on every instance as soon as notices arrive, and after a restart', async (t) => {
  const clock = createFakeClock()
  const stores = openTestStores(clock)
  const one = createTestEngine([writeRule(always)], { clock, stores }).engine
  const other = createTestEngine([], { clock, stores }).engine
  atOnce(one.judgeOutcome(writeFacts()))
  await new Promise(setImmediate)
  t.same(other.bans.find(writeFacts()), one.bans.find(writeFacts()))
  t.ok(createTestEngine([], { clock, stores }).engine.bans.find(writeFacts()), 'with an embedded store, without waiting')
})

t.test('a ban whose notice was lost is found by a refresh, and one that was lifted is forgotten by it', async (t) => {
  const clock = createFakeClock()
  const stores = openTestStores(clock)
  const deaf = { ...stores, notices: { publish: () => undefined, subscribe: () => () => undefined } }
  const one = createTestEngine([writeRule(always)], { clock, stores: deaf }).engine
  const other = createTestEngine([], { clock, stores: deaf }).engine
  atOnce(one.judgeOutcome(writeFacts()))
  t.equal(other.bans.find(writeFacts()), undefined)
  await other.bans.refresh()
  t.ok(other.bans.find(writeFacts()))
  await other.bans.lift(other.bans.find(writeFacts())?.id ?? '')
  clock.advance(1)
  t.ok(one.bans.find(writeFacts()))
  await one.bans.refresh()
  t.equal(one.bans.find(writeFacts()), undefined)
})

t.test('a store with more bans than a page is read whole, and what is no ban in it is passed over', async (t) => {
  const clock = createFakeClock()
  const stores = openTestStores(clock)
  const { engine } = createTestEngine([writeRule(always)], { clock, stores })
  for (let i = 0; i < 1203; i++) atOnce(engine.judgeOutcome(writeFacts({ clientId: `client_${i}` })))
  await stores.keyValue.put('ban', 'client:zzz', { nonsense: true })
  const later = createTestEngine([], { clock, stores }).engine
  t.equal((await later.bans.list()).length, 1203)
  t.ok(later.bans.find({ address, clientId: 'client_1202' }))
})

t.test('with a slow store the bans are in force when the engine is ready', async (t) => {
  const clock = createFakeClock()
  const stores = openTestStores(clock)
  atOnce(createTestEngine([writeRule(always)], { clock, stores }).engine.judgeOutcome(writeFacts()))
  const { keyValue } = stores
  const slow = createTestEngine([], { clock, stores: { ...stores, keyValue: { ...keyValue, list: async (...call) => keyValue.list(...call) } } }).engine
  t.equal(slow.bans.find(writeFacts()), undefined)
  await slow.ready()
  t.ok(slow.bans.find(writeFacts()))
  const lost = createTestEngine([], { clock, stores: { ...stores, keyValue: { ...keyValue, list: () => Promise.reject(new Error('gone')) } } }).engine
  await t.rejects(lost.ready(), /gone/)
})

t.test('a closed engine hears no more of other instances', async (t) => {
  const clock = createFakeClock()
  const stores = openTestStores(clock)
  const closed = createTestEngine([], { clock, stores }).engine
  closed.close()
  atOnce(createTestEngine([writeRule(always)], { clock, stores }).engine.judgeOutcome(writeFacts()))
  await new Promise(setImmediate)
  t.equal(closed.bans.find(writeFacts()), undefined)
})

t.test('a gap in the notices is made good from the store', async (t) => {
  const clock = createFakeClock()
  const stores = openTestStores(clock)
  let announceGap: (() => void) | undefined
  const gapped = { ...stores, notices: { publish: () => undefined, subscribe: (_topic: string, _listener: unknown, onGap?: () => void) => { announceGap = onGap; return () => undefined } } }
  const { engine } = createTestEngine([], { clock, stores: gapped })
  atOnce(createTestEngine([writeRule(always)], { clock, stores }).engine.judgeOutcome(writeFacts()))
  t.equal(engine.bans.find(writeFacts()), undefined)
  announceGap?.()
  t.ok(engine.bans.find(writeFacts()))
})
