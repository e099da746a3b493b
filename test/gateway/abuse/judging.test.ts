import fc from 'fast-check'
import t from 'tap'
import type { RuleDefinition } from '../../../gateway/abuse/index.ts'
import type { Json, Mode } from '../../../kernel/index.ts'
import { StoreUnavailable, type Stores } from '../../../stores/index.ts'
import { atOnce, createFakeClock, createTestEngine, openTestStores, readShippedRules, writeFacts, writeRule } from '../../support/abuse-engine.ts'

t.test('a rule in report mode never refuses and never bans, whatever it asks for and whatever it is sent', async (t) => {
  const always: Partial<RuleDefinition> = { signals: {}, when: 'true' }
  const rules = [
    ...readShippedRules().values(),
    writeRule({ ...always, id: 'ban-client' }),
    writeRule({ ...always, id: 'ban-address', action: { kind: 'ban', scope: 'address', for: '1h' } }),
    writeRule({ ...always, id: 'ban-at-once', phase: 'request' }),
    writeRule({ ...always, id: 'refuse', phase: 'request', action: { kind: 'refuse' } }),
    writeRule({ id: 'misses' })
  ]
  const { engine, clock } = createTestEngine(rules, { modeOverride: 'report' })
  const text = fc.constantFrom(undefined, '', 'a', 'b')
  const facts = fc.record({
    surface: fc.constantFrom('token' as const, 'api' as const),
    username: text,
    clientId: text,
    claimedClientId: fc.string(),
    address: fc.constantFrom('203.0.113.7', '2001:db8::'),
    resource: fc.string(),
    cardFingerprints: fc.array(fc.string(), { maxLength: 20 }),
    status: fc.constantFrom(200, 401, 404, 429),
    code: fc.constantFrom(undefined, 'invalid_client', 'client_limit_exceeded', 'address_limit_exceeded')
  })
  let fired = 0
  fc.assert(fc.property(facts, (change) => {
    const all = [...atOnce(engine.judgeRequest(writeFacts(change))), ...atOnce(engine.judgeOutcome(writeFacts(change)))]
    clock.advance(10)
    fired += all.length
    return all.every(({ effect, mode }) => effect === 'none' && mode === 'report') && engine.bans.find({ address: change.address, clientId: change.clientId }) === undefined
  }), { seed: 7, numRuns: 1500 })
  t.ok(fired > 1500, 'rules did fire')
  t.strictSame(await engine.bans.list(), [])
})

t.test('a rule that fails at run time blocks nobody, tells why, and leaves other rules as they are', async (t) => {
  const broken = writeRule({ id: 'broken', signals: {}, when: 'double(request.body.amount) > 10.0', action: { kind: 'refuse' }, phase: 'request' })
  const { engine } = createTestEngine([broken, writeRule({ id: 'sound', signals: {}, when: 'true', phase: 'request', action: { kind: 'refuse' } })])
  const [fault, sound] = atOnce(engine.judgeRequest(writeFacts({ body: {} })))
  t.match(fault, { ruleId: 'broken', isFault: true, mode: 'report', effect: 'none', explanation: 'rule broken could not be judged: No such key: amount' })
  t.match(sound, { ruleId: 'sound', isFault: false, effect: 'refuse' })
  t.match(atOnce(engine.judgeRequest(writeFacts({ body: { amount: 11 } })))[0], { ruleId: 'broken', effect: 'refuse' })
  t.equal(atOnce(engine.judgeRequest(writeFacts({ body: { amount: 10 } }))).length, 1)
})

t.test('a where, a key or a member that fails at run time is a fault of the rule', async (t) => {
  const signal = { kind: 'count', by: ['request.client'], window: '1m' } as const
  const faults = [
    { ...signal, where: "request.body.kind == 'x'" },
    { ...signal, by: ['string(request.body.kind)'] },
    { ...signal, kind: 'sum' as const, of: 'double(request.body.amount)' },
    { ...signal, kind: 'sum' as const, of: '1.0 / 0.0' }
  ]
  for (const misses of faults) {
    const { engine } = createTestEngine([writeRule({ signals: { misses }, when: `signals.misses >= ${misses.kind === 'sum' ? '0.0' : '0'}` })])
    t.match(atOnce(engine.judgeOutcome(writeFacts({ body: {} }))), [{ isFault: true, effect: 'none' }], JSON.stringify(misses))
  }
})

t.test('a lost store makes rules fail and nothing else, whether it throws or rejects', async (t) => {
  const clock = createFakeClock()
  const { keyValue, notices } = openTestStores(clock)
  const lost = new StoreUnavailable('the store is gone')
  const throwing: Stores['window'] = { observe: () => { throw lost }, read: () => { throw lost } }
  const rejecting: Stores['window'] = { observe: () => Promise.reject(lost), read: () => Promise.reject(lost) }
  for (const window of [throwing, rejecting]) {
    const { engine } = createTestEngine([writeRule()], { clock, stores: { window, keyValue, notices } })
    t.match(await engine.judgeOutcome(writeFacts()), [{ isFault: true, effect: 'none', explanation: /the store is gone/ }])
  }
})

t.test('a ban that cannot be stored holds here, and says that it holds here alone', async (t) => {
  const clock = createFakeClock()
  const { window, keyValue, notices } = openTestStores(clock)
  for (const put of [() => { throw new StoreUnavailable('gone') }, () => Promise.reject(new StoreUnavailable('gone'))]) {
    const { engine } = createTestEngine([writeRule({ signals: {}, when: 'true' })], { clock, stores: { window, notices, keyValue: { ...keyValue, put } } })
    t.match(await engine.judgeOutcome(writeFacts()), [{ effect: 'ban', explanation: /on this instance only: gone/ }])
    t.match(engine.bans.find(writeFacts()), { ruleId: 'misses' })
  }
})

t.test('triggered requests are neither counted nor judged', async (t) => {
  const { engine } = createTestEngine([writeRule(), writeRule({ id: 'always', signals: {}, when: 'true', phase: 'request', action: { kind: 'refuse' } })])
  for (let i = 0; i < 100; i++) {
    t.strictSame(atOnce(engine.judgeRequest(writeFacts({ isTriggered: true }))), [])
    t.strictSame(atOnce(engine.judgeOutcome(writeFacts({ isTriggered: true }))), [])
  }
  t.strictSame(atOnce(engine.judgeOutcome(writeFacts())), [], 'the first that counts is the first')
})

t.test('what a ban or a rule refused is not counted, so that no ban feeds itself', async (t) => {
  const { engine } = createTestEngine([writeRule({ signals: { all: { kind: 'count', by: ['request.client'], window: '1m' } }, when: 'signals.all >= 3' })])
  for (const code of ['address_banned', 'client_banned', 'abuse_detected']) {
    for (let i = 0; i < 5; i++) t.strictSame(atOnce(engine.judgeOutcome(writeFacts({ status: 403, code }))), [])
  }
})

t.test('an outcome names the rule, each signal with its value and definition, and the condition', async (t) => {
  const { engine } = createTestEngine([writeRule({
    signals: {
      misses: { kind: 'count', where: 'outcome.status == 404', by: ['request.client'], window: '1m' },
      objects: { kind: 'distinct', of: 'request.resource', by: ['request.client', 'request.address'], window: '10m' },
      total: { kind: 'sum', of: 'double(request.body.amount)', by: ['request.client'], window: '1h' }
    },
    when: 'signals.misses >= 2 &&\n  signals.objects >= 1 && signals.total > 10.0'
  })])
  atOnce(engine.judgeOutcome(writeFacts({ body: { amount: 7.25 } })))
  t.strictSame(atOnce(engine.judgeOutcome(writeFacts({ body: { amount: 7.5 } }))), [{
    ruleId: 'misses',
    action: { kind: 'ban', scope: 'client', forMs: 300_000 },
    message: 'Too many misses.',
    mode: 'enforce',
    effect: 'ban',
    isFault: false,
    explanation: 'rule misses (enforce): misses = 2 (count by request.client in 1m); objects = 1 (distinct of request.resource by request.client, request.address in 10m); ' +
      'total = 14.75 (sum of double(request.body.amount) by request.client in 1h); fired as signals.misses >= 2 && signals.objects >= 1 && signals.total > 10.0; banned the client for 5m',
    signals: { misses: 2, objects: 1, total: 14.75 },
    banEndsInMs: 300_000
  }])
})

t.test('the rules\' own modes hold unless one is set for all', async (t) => {
  const modes: Array<[Mode, Mode | undefined, string | undefined]> = [
    ['enforce', undefined, 'ban'], ['report', undefined, 'none'], ['off', undefined, undefined],
    ['enforce', 'report', 'none'], ['report', 'enforce', 'ban'], ['enforce', 'off', undefined], ['off', 'report', 'none']
  ]
  for (const [own, all, effect] of modes) {
    const { engine } = createTestEngine([writeRule({ mode: own, signals: {}, when: 'true' })], all === undefined ? {} : { modeOverride: all })
    t.equal(atOnce(engine.judgeOutcome(writeFacts()))[0]?.effect, effect, `${own} under ${all}`)
  }
})

t.test('a rule of phase request refuses by what outcomes have counted', async (t) => {
  const { engine, clock } = createTestEngine([writeRule({
    phase: 'request',
    signals: { misses: { kind: 'count', phase: 'outcome', where: 'outcome.status == 404', by: ['request.client'], window: '1m' } },
    when: "request.method == 'GET' && signals.misses >= 3",
    action: { kind: 'refuse' }
  })])
  for (let i = 0; i < 3; i++) {
    t.strictSame(atOnce(engine.judgeRequest(writeFacts())), [])
    t.strictSame(atOnce(engine.judgeOutcome(writeFacts())), [])
  }
  t.match(atOnce(engine.judgeRequest(writeFacts())), [{ effect: 'refuse', signals: { misses: 3 } }])
  t.strictSame(atOnce(engine.judgeRequest(writeFacts({ method: 'POST' }))), [], 'the part of when that needs no signal is heeded')
  t.strictSame(atOnce(engine.judgeRequest(writeFacts({ clientId: 'client_b' }))), [], 'another client is another key')
  clock.advance(60_000)
  t.strictSame(atOnce(engine.judgeRequest(writeFacts())), [], 'the window has passed')
})

t.test('a request without a key is not observed, and reads as nothing', async (t) => {
  const { engine } = createTestEngine([writeRule({ when: 'signals.misses >= 1' })])
  t.strictSame(atOnce(engine.judgeOutcome(writeFacts({ clientId: undefined }))), [])
  t.equal(atOnce(engine.judgeOutcome(writeFacts())).length, 1)
})

t.test('a ban of scope client follows the client that proved itself and never one that was merely named', async (t) => {
  const { engine } = createTestEngine([writeRule({ signals: {}, when: 'true' })])
  t.match(atOnce(engine.judgeOutcome(writeFacts({ clientId: undefined, claimedClientId: 'victim' }))), [{ effect: 'none', explanation: /no proven client to ban/ }])
  t.equal(engine.bans.find({ address: '203.0.113.7', clientId: 'victim' }), undefined)
})

t.test('an exempt request is neither judged nor counted, until the exemption has ended', async (t) => {
  const exemptions = [{ where: "request.client == 'ci'", owner: 'qa@example.test', reason: 'nightly run', until: '2026-11-24' }]
  const byAddress = { misses: { kind: 'count', where: 'outcome.status == 404', by: ['request.address'], window: '1d' } } as const
  const { engine, clock } = createTestEngine([writeRule({ exemptions, signals: byAddress })])
  for (let i = 0; i < 10; i++) t.strictSame(atOnce(engine.judgeOutcome(writeFacts({ clientId: 'ci' }))), [])
  t.strictSame(atOnce(engine.judgeOutcome(writeFacts())), [], 'what is exempt does not count for others at the address')
  clock.advance(12 * 3_600_000 - 1)
  for (let i = 0; i < 10; i++) t.strictSame(atOnce(engine.judgeOutcome(writeFacts({ clientId: 'ci' }))), [], 'the last millisecond of its day')
  clock.advance(1)
  atOnce(engine.judgeOutcome(writeFacts({ clientId: 'ci' })))
  t.match(atOnce(engine.judgeOutcome(writeFacts({ clientId: 'ci' }))), [{ effect: 'ban' }])
})

t.test('an exemption that fails at run time exempts nobody', async (t) => {
  const exemptions = [{ where: "request.body.suite == 'x'", owner: 'qa', reason: 'r', until: '2027-01-01' }]
  const { engine } = createTestEngine([writeRule({ exemptions, signals: {}, when: 'true' })])
  t.match(atOnce(engine.judgeOutcome(writeFacts({ body: {} }))), [{ effect: 'ban' }])
  t.strictSame(atOnce(engine.judgeOutcome(writeFacts({ body: { suite: 'x' } }))), [])
})

t.test('editing a threshold, mode, action or white space keeps the counts; editing what is counted starts anew', async (t) => {
  const clock = createFakeClock()
  const stores = openTestStores(clock)
  const before = createTestEngine([writeRule({ when: 'signals.misses >= 100' })], { clock, stores })
  for (let i = 0; i < 5; i++) atOnce(before.engine.judgeOutcome(writeFacts()))
  const signal = { kind: 'count', where: '  outcome.status==404', by: ['request.client'], window: '60s' } as const
  const after = createTestEngine([writeRule({ mode: 'report', signals: { renamed: signal }, when: 'signals.renamed >= 6' })], { clock, stores })
  t.match(atOnce(after.engine.judgeOutcome(writeFacts())), [{ signals: { renamed: 6 } }])
  for (const change of [{ where: 'outcome.status >= 404' }, { by: ['request.address'] }, { window: '2m' }]) {
    const anew = createTestEngine([writeRule({ mode: 'report', signals: { misses: { ...signal, ...change } }, when: 'signals.misses >= 1' })], { clock, stores })
    t.match(atOnce(anew.engine.judgeOutcome(writeFacts())), [{ signals: { misses: 1 } }], JSON.stringify(change))
  }
})

t.test('two rules that share a signal count each request once', async (t) => {
  const { engine } = createTestEngine([writeRule({ mode: 'report' }), writeRule({ id: 'strict', mode: 'report', when: 'signals.misses >= 2' })])
  t.strictSame(atOnce(engine.judgeOutcome(writeFacts())), [])
  t.match(atOnce(engine.judgeOutcome(writeFacts())), [{ ruleId: 'strict', signals: { misses: 2 } }])
})

t.test('nothing that a rule counts by reaches the store in the clear', async (t) => {
  const clock = createFakeClock()
  const stores = openTestStores(clock)
  const seen: string[] = []
  const window: Stores['window'] = {
    observe: (...call) => { seen.push(JSON.stringify(call)); return stores.window.observe(...call) },
    read: (...call) => { seen.push(JSON.stringify(call)); return stores.window.read(...call) }
  }
  const { engine } = createTestEngine([...readShippedRules().values()], { clock, stores: { ...stores, window } })
  atOnce(engine.judgeOutcome(writeFacts({ surface: 'token', username: 'amira', userAgent: 'agent-007', claimedClientId: 'client_z', status: 401, code: 'login_failed', cardFingerprints: ['fingerprint-1'] })))
  atOnce(engine.judgeOutcome(writeFacts({ resource: '/v1/payments/pay_77' })))
  t.ok(seen.length >= 6)
  for (const secret of ['amira', 'agent-007', 'client_z', 'client_a', '203.0.113.7', 'fingerprint-1', 'pay_77']) t.notOk(seen.some((call) => call.includes(secret)), secret)
})

t.test('a distinct over a list counts each of its members once', async (t) => {
  const { engine } = createTestEngine([writeRule({ mode: 'report', signals: { cards: { kind: 'distinct', of: 'request.card_fingerprints', by: ['request.client'], window: '1h' } }, when: 'signals.cards >= 3' })])
  t.strictSame(atOnce(engine.judgeOutcome(writeFacts({ cardFingerprints: ['a', 'b', 'a', ''] }))), [])
  t.match(atOnce(engine.judgeOutcome(writeFacts({ cardFingerprints: ['b', 'c'] }))), [{ signals: { cards: 3 } }])
})

t.test('stores that answer with promises give the same outcomes', async (t) => {
  const clock = createFakeClock()
  const { window, keyValue, notices } = openTestStores(clock)
  const slow = { observe: async (...call: Parameters<typeof window.observe>) => window.observe(...call), read: async (...call: Parameters<typeof window.read>) => window.read(...call) }
  const { engine } = createTestEngine([writeRule()], { clock, stores: { window: slow, keyValue, notices } })
  for (let i = 0; i < 2; i++) t.strictSame(await engine.judgeOutcome(writeFacts()), [])
  const third = engine.judgeOutcome(writeFacts())
  t.ok(third instanceof Promise)
  t.match(await third, [{ effect: 'ban', signals: { misses: 3 } }])
})

t.test('a request that concerns no rule asks no store', async (t) => {
  const clock = createFakeClock()
  const { keyValue, notices } = openTestStores(clock)
  const window: Stores['window'] = { observe: () => t.fail('observed'), read: () => t.fail('read') } as never
  const { engine } = createTestEngine([...readShippedRules().values()], { clock, stores: { window, keyValue, notices } })
  t.strictSame(atOnce(engine.judgeOutcome(writeFacts({ method: 'POST', status: 201 }))), [])
  t.strictSame(atOnce(engine.judgeRequest(writeFacts())), [])
})

t.test('a body cannot blind rules by its member names or its size', async (t) => {
  const { engine } = createTestEngine([writeRule({ phase: 'request', signals: {}, when: 'has(request.body.amount) && request.body.amount > 10', action: { kind: 'refuse' } })])
  const body = JSON.parse('{"constructor":"x","toString":1,"__proto__":{"amount":1},"amount":11,"nested":{"constructor":{}}}') as Json
  t.match(atOnce(engine.judgeRequest(writeFacts({ body }))), [{ effect: 'refuse' }])
  t.match(atOnce(engine.judgeRequest(writeFacts({ body: { amount: 11, list: Array.from({ length: 20_000 }, () => 1) } }))), [{ isFault: true, explanation: /more than 10000 values/ }], 'too large is told')
  for (const other of [undefined, null, [1], 'text', 5]) t.strictSame(atOnce(engine.judgeRequest(writeFacts({ body: other }))), [])
})
