import pino from 'pino'
import t from 'tap'
import { createMetrics, type RequestRecord } from '../../../gateway/record/index.ts'
import { recordHeaders } from '../../../gateway/stages/record-headers.ts'
import { recordOutcome, type RecordOutcomeDeps } from '../../../gateway/stages/record-outcome.ts'
import type { LimitOutcome } from '../../../gateway/limits/index.ts'
import type { RequestId, SandboxId } from '../../../kernel/index.ts'
import { addsOf, arrivalOf, CALLER, limitOutcomeOf, ROUTE } from '../../support/gateway-literals.ts'

t.test('record-headers puts the id on every answer, and the narrower budget first', async (t) => {
  const seen: Array<readonly LimitOutcome[]> = []
  const stage = recordHeaders({ exposedHeaders: '', formatLimits: (outcomes) => { seen.push(outcomes); return { ratelimit: outcomes.map(({ name }) => name).join() } } })
  const keyBudget = limitOutcomeOf()
  const addressBudget = limitOutcomeOf({ name: 'address' })
  const headersOf = async (budgets: object) => addsOf(await stage.decide({ ...arrivalOf(), requestId: 'id' as RequestId, ...budgets })).replyHeaders
  t.same(await headersOf({ keyBudget, addressBudget }), { 'x-request-id': 'id', ratelimit: 'client,address' })
  t.same(await headersOf({ addressBudget }), { 'x-request-id': 'id', ratelimit: 'address' })
  t.same(await headersOf({ keyBudget }), { 'x-request-id': 'id', ratelimit: 'client' })
  t.same(await headersOf({}), { 'x-request-id': 'id', ratelimit: '' })
})

function createRecorder (changes: Partial<RecordOutcomeDeps> = {}) {
  const kept: Array<{ sandbox: SandboxId | undefined, record: RequestRecord }> = []
  const lines: string[] = []
  const metrics = createMetrics()
  const stage = recordOutcome({
    records: { add: (sandbox, record) => { kept.push({ sandbox, record }) }, get: () => undefined, list: async () => ({ entries: [] }), leftOut: () => 0 },
    metrics,
    logger: pino({ base: null }, { write: (line) => { lines.push(line) } }),
    scrubPath: (path) => path.replace('jane', 'j***'),
    scrubText: (text) => text.replaceAll('jane@gmail.com', 'p@example.test'),
    sandboxOfClient: (id) => id === 'client_1' ? 'sbx_1' as SandboxId : undefined,
    observeAbuse: () => [],
    ...changes,
  })
  const decide = async (facts: object, outcome: object = { status: 200, durationMs: 1.23456 }) => await stage.decide({ ...arrivalOf({ url: '/v1/jane?token=secret' }), requestId: 'id' as RequestId, address: '192.0.2.1', outcome, ...facts } as never)
  return { kept, lines, metrics, decide }
}

t.test('a refused request is recorded with its stage, code, cause and fix, for the owner it named', async (t) => {
  const { kept, lines, metrics, decide } = createRecorder()
  await decide({}, { status: 401, durationMs: 1, refusal: { code: 'token_expired', stage: 'verify-access-token', internalDetail: 'since 5 s', claimedClientId: 'client_1', evidence: { a: 1 } } })
  t.match(kept, [{ sandbox: 'sbx_1', record: { id: 'id', status: 401, stage: 'verify-access-token', code: 'token_expired', explanation: { cause: 'since 5 s', fix: /new token/ }, evidence: { a: 1 } } }])
  t.match(JSON.parse(lines[0] ?? ''), { stage: 'verify-access-token', code: 'token_expired', cause: 'since 5 s', sandbox: 'sbx_1' })
  t.match(await metrics.registry.metrics(), /sandgate_refusals_total\{surface="api",stage="verify-access-token",code="token_expired"\} 1/)
})

t.test('a query is never kept, and a path that was not scrubbed yet is scrubbed first', async (t) => {
  const { kept, lines, decide } = createRecorder()
  await decide({})
  t.equal(kept[0]?.record.path, '/v1/j***')
  t.notMatch(lines.join(), /jane|secret/)
  await decide({ cleanPath: '/v1/clean' })
  t.equal(kept[1]?.record.path, '/v1/clean')
})

t.test('causes and findings are scrubbed like everything that is kept', async (t) => {
  const { kept, lines, decide } = createRecorder()
  await decide({ findings: [{ stage: 'limit-key', code: 'x', detail: 'for jane@gmail.com' }] }, { status: 400, durationMs: 1, failure: { error: 'invalid_scope', detail: 'no scope jane@gmail.com' } })
  t.notMatch(JSON.stringify(kept) + lines.join(), 'jane@gmail.com')
  t.match(kept, [{ record: { explanation: { cause: 'no scope p@example.test' } } }])
})

t.test('a client id that nobody has is whatever a client wrote, and is kept as no id', async (t) => {
  const { kept, lines, decide } = createRecorder()
  await decide({ claimedClientId: 'jane@gmail.com' })
  t.equal(kept[0]?.sandbox, undefined)
  t.notMatch(JSON.stringify(kept) + lines.join(), 'jane@gmail.com')
})

t.test('what rules and failures said is counted, by names that are ours', async (t) => {
  const { metrics, decide } = createRecorder()
  await decide({ caller: CALLER, route: ROUTE, findings: [{ stage: 'judge-abuse', code: 'burst', detail: 'x' }], removals: [{ pointer: '/email', kind: 'email' }] })
  const text = await metrics.registry.metrics()
  t.match(text, 'sandgate_findings_total{stage="judge-abuse",code="burst"} 1')
  t.match(text, 'sandgate_personal_data_removed_total{kind="email"} 1')
  t.match(text, 'http_route="/v1/customers/{customer_id}"')
  t.notMatch(text, /client_1|192\.0\.2\.1|jane/)
})

t.test('it waits for whoever answers later, and its own record is not lost when rules fail', async (t) => {
  const { kept, decide } = createRecorder({ sandboxOfClient: async () => 'sbx_9' as SandboxId, observeAbuse: async () => { throw new Error('store') } })
  await decide({ claimedClientId: 'client_1' }).catch(() => {})
  t.equal(kept.length, 1, 'recorded although the signals could not be fed')
})

t.test('a record says whether its client is proved or only claimed', async (t) => {
  const { kept, decide } = createRecorder()
  const refused = (code: string) => ({ status: 401, durationMs: 1, refusal: { code, stage: 'verify-access-token', internalDetail: 'x', claimedClientId: 'client_1' } })
  const cases: ReadonlyArray<readonly [title: string, facts: object, outcome: object | undefined, isUnproven: true | undefined]> = [
    ['a form that names a client', { claimedClientId: 'client_1' }, undefined, true],
    ['a failed authentication', {}, { status: 401, durationMs: 1, failure: { error: 'invalid_client', detail: 'x', clientId: 'client_1', isProven: false } }, true],
    ['a token that nobody has verified', {}, refused('token_signature_invalid'), true],
    ['a certificate that is missing beside a token', {}, refused('certificate_missing'), true],
    ['a token that was good and has expired', {}, refused('token_expired'), undefined],
    ['a failure after authentication', {}, { status: 400, durationMs: 1, failure: { error: 'invalid_scope', detail: 'x', clientId: 'client_1', isProven: true } }, undefined],
    ['an answer after authentication', { provenClientId: 'client_1' }, undefined, undefined],
    ['a verified caller', { caller: CALLER }, undefined, undefined],
  ]
  for (const [title, facts, outcome, isUnproven] of cases) {
    await decide(facts, outcome)
    t.equal(kept.at(-1)?.record.isUnproven, isUnproven, title)
    t.equal(kept.at(-1)?.record.clientId, 'client_1', title)
  }
})

t.test('what was seen and expected is scrubbed and bounded like the cause', async (t) => {
  const { kept, decide } = createRecorder()
  const explanation = { code: 'x', cause: 'c', seen: `jane@gmail.com ${'x'.repeat(5000)}`, expected: 'not jane@gmail.com', fix: 'f' }
  await decide({}, { status: 400, durationMs: 1, failure: { error: 'invalid_request', detail: 'd', explanation } })
  const { seen = '', expected = '' } = kept[0]?.record.explanation ?? {}
  t.match(seen, /^p@example\.test /)
  t.ok(seen.length < 2000)
  t.equal(expected, 'not p@example.test')
})
