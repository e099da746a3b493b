import fc from 'fast-check'
import t, { type Test } from 'tap'
import { compileRules, type CompiledRule, type OutcomeFacts, type RequestFacts } from '../../../gateway/abuse/index.ts'
import { OutcomeView, RequestView } from '../../../gateway/abuse/variables.ts'
import { atOnce, createTestEngine, readShippedRules, writeFacts, writeRule } from '../../support/abuse-engine.ts'
import { compileWithOracle, toAnswer, type Answer } from '../../support/abuse-oracle.ts'

/** Conditions beyond the shipped rules', with every construct that docs/rules.md names. */
const CONDITIONS = [
  "request.path.startsWith('/v1') && !request.path.endsWith('}')",
  "request.user_agent.matches('^[a-z]+/[0-9.]+$')",
  "request.user_agent.matches(r'(?i)CURL|bot\\b')",
  "request.resource.matches('é|[^\\\\x00-\\\\x7f]')",
  "request.user_agent.lowerAscii() == 'curl/8'",
  "size(request.user_agent) > 6 || request.address in ['203.0.113.7', '2001:db8::']",
  "request.card_fingerprints.exists(card, card == 'a') && size(request.card_fingerprints) < 4",
  "request.card_fingerprints.all(card, card != '')",
  "request.card_fingerprints.filter(card, card > 'a').size() == 1",
  'has(request.body.amount) && request.body.amount > 10',
  'request.body.amount == 3',
  // double() of a text that is no number is left out: @bufbuild/cel takes it for NaN, where the specification has an error.
  'type(request.body.amount) == double && double(request.body.amount) * 2.0 >= 7.5',
  'has(request.body.customer) && has(request.body.customer.name)',
  "request.body.customer.name == 'Zoë'",
  "'amount' in request.body",
  "request.body.items.exists(item, item == 'x')",
  "(outcome.status >= 400 && outcome.status < 500) == (outcome.code != '')",
  'outcome.status / 100 == 4',
  "request.method == 'GET' ? outcome.status == 404 : outcome.status % 2 == 0",
  'ratio(outcome.status, 0) > 0.5 || ratio(outcome.status, 800) >= 0.5',
  'signals.misses > 3 && signals.misses * 10 >= outcome.status',
  'ratio(signals.misses, signals.misses + 1) >= 0.8',
  "string(outcome.status) == '404' || int('12') == signals.misses"
]

const text = fc.constantFrom(undefined, '', 'a', 'client_a', 'curl/8', 'Curl bot', 'é', '203.0.113.7')
const factsArbitrary = fc.record({
  surface: fc.constantFrom('token' as const, 'api' as const, 'control' as const),
  method: fc.constantFrom('GET', 'HEAD', 'POST'),
  path: fc.constantFrom('', '/v1/payments', '/v1/payments/{payment_id}'),
  resource: fc.oneof(fc.string(), fc.constantFrom('/v1/payments/pay_1', '/é')),
  address: fc.constantFrom('203.0.113.7', '2001:db8::', '198.51.100.1'),
  clientId: text,
  claimedClientId: text,
  username: text,
  userAgent: fc.oneof(text, fc.string({ unit: 'binary' })),
  cardFingerprints: fc.array(fc.constantFrom('a', 'b', ''), { maxLength: 5 }),
  body: fc.oneof(
    fc.constantFrom(undefined, {}, { amount: 3 }, { amount: 11.5 }, { amount: '3' }, { customer: { name: 'Zoë' } }, { customer: 1 }, { items: ['x', 1] }, { items: [] }),
    fc.dictionary(fc.constantFrom('amount', 'customer', 'constructor', 'items'), fc.jsonValue({ maxDepth: 2 }))
  ),
  status: fc.constantFrom(200, 201, 303, 400, 401, 403, 404, 422, 429, 500),
  code: fc.constantFrom(undefined, 'invalid_client', 'login_failed', 'certificate_expired', 'client_limit_exceeded', 'address_limit_exceeded', 'card_declined'),
  signals: fc.array(fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 1000 })), { minLength: 8, maxLength: 8 })
})

interface Subject { readonly text: string, readonly ours: (facts: RequestFacts & OutcomeFacts, numbers: readonly number[]) => Answer, readonly names: readonly string[] }

/** Each expression of a rule with what it needs to be evaluated. */
function subjectsOf (rule: CompiledRule): Subject[] {
  const names = rule.signals.map(({ name }) => name)
  const expressions = [rule.when, rule.guard, ...rule.exemptions.map(({ where }) => where), ...rule.signals.flatMap(({ where, of, by }) => [where, of, ...by])]
  return expressions.filter((expression) => expression !== undefined).map((expression) => ({
    text: expression.text,
    names,
    ours: (facts, numbers) => {
      try {
        return toAnswer(expression.evaluate({ request: new RequestView(facts), outcome: new OutcomeView(facts), signals: rule.values(numbers.slice(0, names.length)) }))
      } catch {
        return 'FAILS'
      }
    }
  }))
}

/** Compares over generated inputs, and returns the different answers that were seen, and a difference if there is one. */
function compare ({ text, names, ours }: Subject): { readonly seen: Set<string>, readonly difference: string | undefined } {
  const oracle = compileWithOracle(text)
  const seen = new Set<string>()
  let difference: string | undefined
  fc.assert(fc.property(factsArbitrary, ({ signals, ...facts }) => {
    const whole = writeFacts(facts as Partial<RequestFacts & OutcomeFacts>)
    const expected = oracle(whole, Object.fromEntries(names.map((name, index) => [name, BigInt(signals[index] as number)])))
    const found = ours(whole, signals)
    seen.add(JSON.stringify(found))
    if (JSON.stringify(found) !== JSON.stringify(expected)) difference ??= `ours ${JSON.stringify(found)}, theirs ${JSON.stringify(expected)} for ${JSON.stringify(facts)}`
  }), { seed: 11, numRuns: 400 })
  return { seen, difference }
}

function checkSame (t: Test, subject: Subject): void {
  const { seen, difference } = compare(subject)
  t.equal(difference, undefined, subject.text)
  t.ok(seen.size > 1, `inputs that make a difference to ${subject.text}`)
}

t.test('every expression of the shipped rules means the same to another implementation of CEL', async (t) => {
  const { rules } = compileRules([...readShippedRules().values()].map((value) => ({ file: value.id, value })))
  t.equal(rules.length, 4)
  for (const subject of rules.flatMap(subjectsOf)) checkSame(t, subject)
})

t.test('so does every construct that rules may use', async (t) => {
  for (const when of CONDITIONS) {
    const signals = when.includes('signals.') ? { misses: { kind: 'count', by: ['request.client'], window: '1m' } as const } : {}
    const { rules, problems } = compileRules([{ file: 'a.yaml', value: writeRule({ when, signals }) }])
    t.strictSame(problems, [], when)
    for (const subject of rules.flatMap(subjectsOf)) checkSame(t, subject)
  }
})

t.test('a pattern that would keep a backtracking engine busy for years is done at once, wherever it stands', async (t) => {
  const hostile = `${'a'.repeat(5000)}!`
  for (const when of ["request.user_agent.matches('^(a+)+$')", "request.card_fingerprints.exists(text, text.matches('^(a|aa)+$'))", "has(request.body.text) && request.body.text.matches('^(a*)*b$')"]) {
    const { engine } = createTestEngine([writeRule({ phase: 'request', signals: {}, when: `!(${when})`, action: { kind: 'refuse' } })])
    const outcomes = atOnce(engine.judgeRequest(writeFacts({ userAgent: hostile, cardFingerprints: [hostile], body: { text: hostile } })))
    t.match(outcomes, [{ effect: 'refuse', isFault: false }], when)
  }
})

t.test('a text too long for a pattern is a fault of the rule', async (t) => {
  const { engine } = createTestEngine([writeRule({ phase: 'request', signals: {}, when: "request.user_agent.matches('x')", action: { kind: 'refuse' } })])
  t.match(atOnce(engine.judgeRequest(writeFacts({ userAgent: 'x'.repeat(16_385) }))), [{ isFault: true, explanation: /16384/ }])
  t.match(atOnce(engine.judgeRequest(writeFacts({ userAgent: 'x'.repeat(16_384) }))), [{ isFault: false }])
})
