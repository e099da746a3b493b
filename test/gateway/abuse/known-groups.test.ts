import fc from 'fast-check'
import t from 'tap'
import type { SignalDefinition } from '../../../gateway/abuse/rule-definition.ts'
import { compileRules, type CompiledRule } from '../../../gateway/abuse/compile-rules.ts'
import { OutcomeView, RequestView } from '../../../gateway/abuse/variables.ts'
import type { RuleDefinition, RuleOutcome } from '../../../gateway/abuse/index.ts'
import { atOnce, createTestEngine, writeFacts, writeRule } from '../../support/abuse-engine.ts'

const wheres = [
  "request.surface == 'api' && outcome.status == 404",
  "request.path.contains('{') && request.method in ['GET', 'HEAD']",
  "outcome.code.startsWith('card_') || outcome.stage == 'judge-scope'",
  'size(request.card_fingerprints) > 0',
  'request.card_fingerprints.exists(card, card == request.username)',
  "request.username == 'a' && outcome.status == 401",
  "request.operation == 'x' || request.user_agent == 'a'",
  "request.body.kind == 'a'",
  "outcome.status == 200 && request.resource.endsWith('a')",
]

function ruleOf (where: string, n: number): RuleDefinition {
  const signal: SignalDefinition = { kind: 'count', where, by: ['request.address'], window: '1h' }
  return writeRule({ id: `rule-${n}`, mode: 'report', phase: 'outcome', signals: { seen: signal }, when: 'signals.seen >= 1' })
}

/** What the rule must say: it fires where its `where` holds, and is a fault where that fails. */
function evaluateAlone ({ definition, signals: [signal] }: CompiledRule, change: Parameters<typeof writeFacts>[0]): string[] {
  const facts = writeFacts(change)
  try {
    return signal?.where?.evaluate({ request: new RequestView(facts), outcome: new OutcomeView(facts) }) === true ? [`${definition.id} false`] : []
  } catch {
    return [`${definition.id} true`]
  }
}

t.test('what is remembered of a kind of request decides as if each were looked at alone', async (t) => {
  const rules = wheres.map(ruleOf)
  const { engine } = createTestEngine(rules)
  const compiled = compileRules(rules.map((value) => ({ file: value.id, value }))).rules
  const text = fc.constantFrom(undefined, '', 'a', 'b')
  const facts = fc.record({
    surface: fc.constantFrom('token' as const, 'api' as const),
    method: fc.constantFrom('GET', 'POST'),
    path: fc.constantFrom('', '/v1/a', '/v1/{id}'),
    resource: fc.constantFrom('/a', '/b'),
    operationId: fc.constantFrom(undefined, 'x'),
    username: text,
    userAgent: text,
    cardFingerprints: fc.array(fc.constantFrom('a', 'c'), { maxLength: 2 }),
    body: fc.constantFrom({ kind: 'a' }, { kind: 'b' }, {}),
    status: fc.constantFrom(200, 401, 404),
    code: fc.constantFrom(undefined, 'card_declined', 'a 0 judge-scope', 'a'),
    stage: fc.constantFrom(undefined, 'judge-scope'),
  })
  const summary = (outcomes: readonly RuleOutcome[]): string[] => outcomes.map(({ ruleId, isFault }) => `${ruleId} ${isFault}`)
  let fired = 0
  fc.assert(fc.property(facts, (change) => {
    const together = summary(atOnce(engine.judgeOutcome(writeFacts(change))))
    const alone = compiled.flatMap((rule) => evaluateAlone(rule, change))
    fired += together.length
    return JSON.stringify(together) === JSON.stringify(alone)
  }), { seed: 11, numRuns: 2000 })
  t.ok(fired > 400, `${fired} rules fired`)
})
