import t from 'tap'
import { explain } from '../../../gateway/record/index.ts'
import { clauseUrl, errorEntry, errors, type ErrorCode } from '../../../kernel/index.ts'

t.test('nothing went wrong, nothing is explained', async (t) => {
  t.equal(explain(undefined, undefined), undefined)
})

t.test('every refusal is explained by its exact cause, the clause and the fix of its code', async (t) => {
  for (const code of Object.keys(errors) as ErrorCode[]) {
    const { clause, fix } = errorEntry(code)
    t.same(explain({ code, internalDetail: 'the cause', publicDetail: 'vague', stage: 'judge-scope' }, undefined), { code, stage: 'judge-scope', cause: 'the cause', ...(clause === undefined ? {} : { clause }), fix }, code)
    if (clause !== undefined) t.match(clauseUrl(clause), /^https:\/\//, `${clause} has an address`)
  }
})

t.test('what was seen and what was expected stand beside the cause', async (t) => {
  const sides = (code: ErrorCode, internalDetail: string): object => {
    const { seen, expected } = explain({ code, internalDetail }, undefined) ?? {}
    return { seen, expected }
  }
  t.same(sides('token_audience_invalid', 'aud is a, expected b or c'), { seen: 'aud a', expected: 'aud b or c' })
  t.same(sides('token_expired', 'expired at 2026-01-01T00:00:00.000Z; it is 2026-01-01T01:00:00.000Z, and the sandbox\'s clock was advanced by 5 ms since the token was issued'), { seen: 'exp 2026-01-01T00:00:00.000Z', expected: 'exp after 2026-01-01T01:00:00.000Z (the sandbox\'s clock was advanced by 5 ms since the token was issued)' })
  t.same(sides('token_binding_mismatch', 'the token is bound to the certificate A, the caller presented none'), { seen: 'no client certificate', expected: 'x5t#S256 A' })
  t.same(sides('scope_insufficient', 'the token has the scopes "a b"; createThing needs also "c"'), { seen: 'scope a b', expected: 'also c' })
  t.same(sides('method_not_allowed', '/v1/things serves GET, POST, not DELETE'), { seen: 'DELETE', expected: 'GET, POST' })
  t.same(sides('token_malformed', 'of another form'), { seen: undefined, expected: undefined }, 'a cause of another form stands for itself')
})

t.test('a failure brings its own explanation', async (t) => {
  const explanation = { code: 'pkce_verifier_mismatch', cause: 'c', fix: 'f' }
  t.equal(explain(undefined, { error: 'invalid_grant', detail: 'x', explanation }), explanation)
})

t.test('a refusal goes before a failure of what was dispatched to', async (t) => {
  t.match(explain({ code: 'response_unsafe', internalDetail: 'a card' }, { error: 'card_declined', detail: 'declined' }), { cause: 'a card' })
})

t.test('the errors of OAuth are explained with what to do', async (t) => {
  const known = ['invalid_client', 'invalid_grant', 'invalid_request', 'invalid_scope', 'invalid_target', 'invalid_token', 'unauthorized_client', 'unsupported_grant_type', 'unsupported_response_type', 'access_denied', 'login_required', 'consent_required', 'server_error']
  const fixes = known.map((error) => explain(undefined, { error, detail: 'x' })?.fix)
  t.equal(new Set(fixes).size, known.length, 'each with its own')
  t.ok(fixes.every((fix) => fix !== undefined && /\.$/.test(fix)))
})

t.test('an error that only the API knows points at its documentation, and so does one with a name of every object', async (t) => {
  t.match(explain(undefined, { error: 'card_declined', detail: 'x' }), { cause: 'x', fix: /documentation/ })
  for (const error of ['constructor', 'toString', '__proto__']) t.match(explain(undefined, { error, detail: 'x' }), { fix: /documentation/ }, error)
})
