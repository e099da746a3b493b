import t from 'tap'
import type { Ban, RuleOutcome } from '../../../gateway/abuse/index.ts'
import { judgeAbuse } from '../../../gateway/stages/judge-abuse.ts'
import { judgeBan } from '../../../gateway/stages/judge-ban.ts'
import { judgeClientBan } from '../../../gateway/stages/judge-client-ban.ts'
import { judgeScope } from '../../../gateway/stages/judge-scope.ts'
import type { SandboxId } from '../../../kernel/index.ts'
import { addsOf, arrivalOf, CALLER, refusalOf, ROUTE } from '../../support/gateway-literals.ts'

const clock = { nowMs: () => 1000 }
const ban: Ban = { id: 'ban_1', scope: 'address', subject: '192.0.2.1', ruleId: 'burst', explanation: 'too much', startedAtMs: 0, endsAtMs: 61_001 }
const RULE: RuleOutcome = { ruleId: 'card-testing', mode: 'enforce', action: { kind: 'refuse' }, effect: 'refuse', isFault: false, explanation: 'cards = 21', message: 'too many cards', signals: { cards: 21 } }

t.test('judge-ban', async (t) => {
  const decide = async (found: Ban | undefined) => await judgeBan({ findBan: (by) => 'address' in by && by.address === '2001:db8::/64' ? found : undefined, clock }).decide({ ...arrivalOf(), address: '2001:db8::1', addressKey: '2001:db8::/64' })
  const refusal = refusalOf(await decide(ban))
  t.match(refusal, { code: 'address_banned', retryAfterSeconds: 61, evidence: { ban: 'ban_1', rule: 'burst' }, internalDetail: /burst.*1970-01-01T00:01:01.001Z.*too much/ }, 'a banned address is refused until the ban ends, and the record knows the rule')
  t.equal(refusal.publicDetail, undefined, 'the client is not told which rule')
  t.equal(refusalOf(await decide({ ...ban, endsAtMs: 1000 })).retryAfterSeconds, 1, 'never told to retry at once')
  t.same(addsOf(await decide(undefined)), {})
})

t.test('judge-client-ban', async (t) => {
  const asked: string[] = []
  const stage = judgeClientBan({
    findBan: (by) => {
      asked.push(JSON.stringify(by))
      return 'clientId' in by && by.clientId === 'client_1' ? { ...ban, scope: 'client' } : undefined
    },
    clock,
  })
  t.equal(refusalOf(await stage.decide({ ...arrivalOf(), clientKey: 'client_1' })).code, 'client_banned')
  t.same(addsOf(await stage.decide({ ...arrivalOf(), clientKey: 'client_2' })), {})
  t.same(addsOf(await stage.decide({ ...arrivalOf(), clientKey: '' })), {})
  t.equal(asked.length, 2, 'nobody is not asked about')
})

t.test('judge-scope', async (t) => {
  const stage = judgeScope()
  const decide = async (scopes: string[], needed: string[], kind: 'client' | 'operator' | 'sandbox-key' = 'client') => await stage.decide({ ...arrivalOf(), target: { ...ROUTE, scopes: needed }, caller: { ...CALLER, kind, scopes }, clientKey: 'client_1' })
  t.match(refusalOf(await decide(['payments:read'], ['payments:write'])), { code: 'scope_insufficient', internalDetail: /payments:read.*getCustomer.*payments:write/ })
  t.match(refusalOf(await decide(['payments:write'], ['payments:read', 'payments:write'])), { internalDetail: /needs also "payments:read"/ }, 'every scope is needed')
  t.equal(refusalOf(await decide([], ['payments:read'])).code, 'scope_insufficient')
  t.equal(refusalOf(await decide(['payments:readonly', 'payments'], ['payments:read'])).code, 'scope_insufficient', 'a prefix is another scope')
  t.same(addsOf(await decide(['a', 'payments:read'], ['payments:read'])), {})
  t.same(addsOf(await decide([], [])), {})
  t.same(addsOf(await decide([], ['payments:write'], 'operator')), {}, 'keys have no scopes')
  t.same(addsOf(await decide([], ['payments:write'], 'sandbox-key')), {})
})

t.test('judge-abuse', async (t) => {
  const decide = async (outcomes: readonly RuleOutcome[], isLater = false) => await judgeAbuse({ judge: () => isLater ? Promise.resolve(outcomes) : outcomes, phase: 'payload' }).decide({ ...arrivalOf(), clientKey: 'client_1', caller: { sandboxId: 'sbx_1' as SandboxId } } as never)
  for (const isLater of [false, true]) {
    const verdict = await decide([RULE, { ...RULE, ruleId: 'other', effect: 'none', mode: 'report' }], isLater)
    const refusal = refusalOf(verdict)
    t.match(refusal, { code: 'abuse_detected', violatedPolicies: ['card-testing'], evidence: { rules: [{ rule: 'card-testing', signals: { cards: 21 } }] }, internalDetail: 'too many cards (cards = 21)' })
    t.notMatch(JSON.stringify({ ...refusal, internalDetail: '', evidence: {} }), /21|cards/, 'what the rule saw is internal')
    t.same(verdict.findings?.map((finding) => finding.code), ['card-testing', 'other'], 'both are noted')
  }
  const reported = await decide([{ ...RULE, effect: 'none', mode: 'report' }])
  t.match(reported, { kind: 'pass', findings: [{ stage: 'judge-abuse', code: 'card-testing', detail: 'cards = 21' }] }, 'report mode changes nothing')
  t.equal(refusalOf(await decide([{ ...RULE, effect: 'ban' }])).code, 'abuse_detected', 'the request that caused a ban is refused')
  t.match(await decide([]), { kind: 'pass' })
  t.equal(judgeAbuse({ judge: () => [], phase: 'arrival' }).phase, 'arrival')
  t.ok(!(judgeAbuse({ judge: () => [], phase: 'arrival' }).decide({ ...arrivalOf(), clientKey: '' }) instanceof Promise), 'what needs no waiting does not wait')
})
