import t from 'tap'
import { limitAddress } from '../../../gateway/stages/limit-address.ts'
import { limitKey } from '../../../gateway/stages/limit-key.ts'
import type { LimitOutcome } from '../../../gateway/limits/index.ts'
import { addsOf, arrivalOf, limitOutcomeOf, refusalOf } from '../../support/gateway-literals.ts'

const SPENT = limitOutcomeOf({ isAllowed: false, isExceeded: true, remaining: 0, retryAfterMs: 1001 })
const FACTS = { address: '2001:db8::1', addressKey: '2001:db8::/64' }

t.test('limit-address refuses a spent budget and says when to come back, sooner or later', async (t) => {
  for (const outcome of [SPENT, Promise.resolve(SPENT)]) {
    const verdict = await limitAddress({ limit: () => outcome }).decide({ ...arrivalOf(), ...FACTS })
    t.match(refusalOf(verdict), { code: 'address_limit_exceeded', retryAfterSeconds: 2, violatedPolicies: ['client'] })
    t.match(verdict, { adds: { addressBudget: { remaining: 0 } } }, 'what is left is told on the refusal too')
  }
})

t.test('a store that is lost and a plan that refuses is refused, not passed as not exceeded', async (t) => {
  const verdict = await limitAddress({ limit: () => limitOutcomeOf({ isAllowed: false, isExceeded: false, isDegraded: true, retryAfterMs: 1 }) }).decide({ ...arrivalOf(), ...FACTS })
  t.match(refusalOf(verdict), { code: 'address_limit_exceeded', retryAfterSeconds: 1, internalDetail: /store is lost/ })
})

t.test('in report mode a spent budget is noted and passes', async (t) => {
  const verdict = await limitAddress({ limit: () => limitOutcomeOf({ isExceeded: true, mode: 'report' }) }).decide({ ...arrivalOf(), ...FACTS })
  t.match(verdict, { kind: 'pass', findings: [{ stage: 'limit-address', code: 'address_limit_exceeded' }] })
})

t.test('addresses are counted by their key: one subscriber, one budget', async (t) => {
  const keys: string[] = []
  const stage = limitAddress({ limit: (key) => { keys.push(key); return limitOutcomeOf() } })
  t.match(addsOf(await stage.decide({ ...arrivalOf(), ...FACTS })), { addressBudget: { remaining: 4 } })
  t.same(keys, ['2001:db8::/64'])
})

t.test('limit-key', async (t) => {
  const spent: string[] = []
  const plan = (name: string, outcome: LimitOutcome) => (key: string) => {
    spent.push(`${name} ${key}`)
    return outcome
  }
  const FROM = { address: '192.0.2.1', addressKey: '192.0.2.1' }
  const stage = limitKey({ limit: plan('client', SPENT), tokenLimit: plan('token', limitOutcomeOf({ name: 'token' })) })
  t.match(refusalOf(await stage.decide({ ...arrivalOf({ surface: 'api' }), ...FROM, clientKey: 'client_1' })), { code: 'client_limit_exceeded' })
  t.match(refusalOf(await stage.decide({ ...arrivalOf({ surface: 'control' }), ...FROM, clientKey: 'operator' })), { code: 'client_limit_exceeded' })
  t.match(addsOf(await stage.decide({ ...arrivalOf({ surface: 'token' }), ...FROM, clientKey: 'client_1' })), { keyBudget: { name: 'token' } }, 'the token surface has its own plan')
  t.same(addsOf(await stage.decide({ ...arrivalOf({ surface: 'token' }), ...FROM, clientKey: '' })), { keyBudget: undefined }, 'nobody in particular has no budget of its own')
  t.same(spent, ['client client_1', 'client operator', 'token client_1 192.0.2.1'], 'what is only claimed is counted by who claims it')
})
