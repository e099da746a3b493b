import t from 'tap'
import { createLimit, type LimitDeps, type LimitOutcome, type LimitPlan } from '../../../gateway/limits/index.ts'
import { createLocalCounter, StoreUnavailable, type Budget, type Counter, type Spent } from '../../../stores/index.ts'
import { atOnce } from '../../support/abuse-engine.ts'

const plan: LimitPlan = { mode: 'enforce', algorithm: 'smooth', limit: 6, windowMs: 60_000, burst: 3, onStoreLoss: 'local' }

function createSubject (change: Partial<LimitPlan> = {}, deps: Partial<LimitDeps> = {}) {
  let now = 1_000_000
  const limit = createLimit({ name: 'client', plan: { ...plan, ...change }, counter: createLocalCounter(), clock: { nowMs: () => now }, ...deps })
  return { advance: (ms: number) => { now += ms }, spend: (key = 'a'): LimitOutcome => atOnce(limit(key)), limit }
}

const lost: Counter = { spend: () => { throw new StoreUnavailable('gone') } }

t.test('a key that spent its burst is refused, and allowed again exactly when it was told', async (t) => {
  const { spend, advance } = createSubject()
  for (let i = 0; i < 3; i++) t.equal(spend().isAllowed, true)
  const refused = spend()
  t.match(refused, { name: 'client', isAllowed: false, isExceeded: true, remaining: 0, limit: 6, windowMs: 60_000, mode: 'enforce', isDegraded: false })
  advance(refused.retryAfterMs - 1)
  t.equal(spend().isAllowed, false)
  advance(1)
  t.equal(spend().isAllowed, true)
})

t.test('a spent key takes nothing from another, nor a limit from another on the same counter', async (t) => {
  const counter = createLocalCounter()
  const one = createSubject({}, { counter })
  const other = createSubject({}, { counter, name: 'address' })
  for (let i = 0; i < 4; i++) one.spend('a')
  t.equal(one.spend('a').isAllowed, false)
  t.equal(one.spend('b').isAllowed, true)
  t.equal(other.spend('a').isAllowed, true)
})

t.test('in report mode nothing is refused and what would have been is told', async (t) => {
  const { spend } = createSubject({ mode: 'report' })
  for (let i = 0; i < 3; i++) t.match(spend(), { isAllowed: true, isExceeded: false })
  t.match(spend(), { isAllowed: true, isExceeded: true, mode: 'report' })
})

t.test('mode off asks no counter', async (t) => {
  const { spend } = createSubject({ mode: 'off' }, { counter: lost })
  t.match(spend(), { isAllowed: true, isExceeded: false, isDegraded: false, remaining: 3 })
})

t.test('the budget that the counter gets is the plan\'s', async (t) => {
  const seen: Budget[] = []
  const spent: Spent = { isAllowed: true, remaining: 2, resetMs: 5, retryAfterMs: 0, isDegraded: false }
  const counter: Counter = { spend: (_key, budget) => { seen.push(budget); return spent } }
  createSubject({ algorithm: 'window' }, { counter }).spend()
  t.strictSame(seen, [{ algorithm: 'window', limit: 6, windowMs: 60_000, burst: 3 }])
})

t.test('the store is lost', async (t) => {
  t.test('local: this instance goes on with its share, flags it, and tells of the loss', async (t) => {
    const errors: unknown[] = []
    const { spend } = createSubject({}, { counter: lost, localCounter: createLocalCounter(), liveInstances: () => 3, onStoreLost: (error) => errors.push(error) })
    t.match(spend(), { isAllowed: true, isDegraded: true, limit: 2, policy: '"client";q=2;w=60' })
    t.match(spend(), { isAllowed: false, isExceeded: true, isDegraded: true })
    t.equal(errors.length, 2)
  })

  t.test('local: a share is never less than one request', async (t) => {
    const { spend } = createSubject({}, { counter: lost, localCounter: createLocalCounter(), liveInstances: () => 100 })
    t.match(spend(), { isAllowed: true, limit: 1 })
  })

  t.test('local: the share follows the number of instances', async (t) => {
    let instances = 1
    const { spend } = createSubject({}, { counter: lost, localCounter: createLocalCounter(), liveInstances: () => instances })
    t.equal(spend('a').limit, 6)
    instances = 2
    t.equal(spend('b').limit, 3)
    instances = 0
    t.equal(spend('c').limit, 6)
  })

  t.test('refuse: everything is refused, and told apart from a spent budget', async (t) => {
    const { spend } = createSubject({ onStoreLoss: 'refuse' }, { counter: lost })
    t.match(spend(), { isAllowed: false, isExceeded: false, isDegraded: true, retryAfterMs: 1000 })
  })

  t.test('refuse in report mode refuses nothing', async (t) => {
    const { spend } = createSubject({ onStoreLoss: 'refuse', mode: 'report' }, { counter: lost })
    t.match(spend(), { isAllowed: true, isDegraded: true })
  })

  t.test('pass: everything passes and is flagged', async (t) => {
    const { spend } = createSubject({ onStoreLoss: 'pass' }, { counter: lost })
    for (let i = 0; i < 10; i++) t.match(spend(), { isAllowed: true, isDegraded: true })
  })

  t.test('a counter that rejects is lost as one that throws', async (t) => {
    const { limit } = createSubject({}, { counter: { spend: () => Promise.reject(new StoreUnavailable('late')) }, localCounter: createLocalCounter() })
    t.match(await limit('a'), { isAllowed: true, isDegraded: true })
  })
})

t.test('an asynchronous counter gives the same outcome', async (t) => {
  const local = createLocalCounter()
  const { limit } = createSubject({}, { counter: { spend: async (...args) => local.spend(...args) } })
  const answer = limit('a')
  t.ok(answer instanceof Promise)
  t.match(await answer, { isAllowed: true, remaining: 2, isDegraded: false })
})

t.test('a name or a plan that no header can carry is refused when the limit is made', async (t) => {
  for (const name of ['', 'A', 'a"b', 'a b']) t.throws(() => createSubject({}, { name }), /name/, name)
  for (const change of [{ limit: 0 }, { limit: 1.5 }, { windowMs: -1 }, { burst: 0 }]) t.throws(() => createSubject(change), /whole numbers/)
})
