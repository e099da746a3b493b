import t from 'tap'
import { explain } from '../../../gateway/record/index.ts'
import { errorEntry, errors, type ErrorCode } from '../../../kernel/index.ts'

t.test('nothing went wrong, nothing is explained', async (t) => {
  t.equal(explain(undefined, undefined), undefined)
})

t.test('every refusal is explained by its exact cause and the fix of its code', async (t) => {
  for (const code of Object.keys(errors) as ErrorCode[]) t.same(explain({ code, internalDetail: 'the cause', publicDetail: 'vague' }, undefined), { cause: 'the cause', fix: errorEntry(code).fix }, code)
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
