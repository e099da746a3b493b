import fc from 'fast-check'
import t from 'tap'
import { createProblemRenderer, renderOAuthError, type PublicRefusal } from '../../../gateway/errors/index.ts'
import { errorEntry, errors, type ErrorCode, type Refusal } from '../../../kernel/index.ts'

const options = { documentationUrl: 'https://gate.example/sandbox/errors/', dpopAlgorithms: [], isDpopRequired: false }
const renderProblem = createProblemRenderer(options)
const codes = Object.keys(errors) as ErrorCode[]
const context = { requestId: 'r1', hasCredentials: true }
const bodyOf = (refusal: PublicRefusal, render = renderProblem) => JSON.parse(render(refusal, context).text) as Record<string, unknown>

t.test('the internal detail can never be in what is sent, for no code, in neither form', async (t) => {
  const anyText = fc.string({ minLength: 8 })
  t.doesNotThrow(() => fc.assert(fc.property(fc.constantFrom(...codes), anyText, (code, text) => {
    const secret = `secret-${text}`
    const refusal: Refusal = { code, internalDetail: secret, claimedClientId: secret, evidence: { secret } }
    return [renderProblem, renderOAuthError].every((render) => {
      const rendered = JSON.stringify(render(refusal, context))
      return !rendered.includes('secret-')
    })
  })))
})

t.test('a renderer that reads the internal detail does not compile', async (t) => {
  const refusal: PublicRefusal = { code: 'internal_fault' }
  // @ts-expect-error the internal detail is not a part of what may be sent
  t.equal(refusal.internalDetail, undefined)
  // @ts-expect-error nor is the evidence
  t.equal(refusal.evidence, undefined)
})

t.test('problem documents (RFC 9457)', async (t) => {
  for (const code of codes) {
    const { status, title } = errorEntry(code)
    const rendered = renderProblem({ code, publicDetail: 'detail' }, context)
    t.equal(rendered.status, status)
    t.match(rendered.headers, { 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
    t.match(JSON.parse(rendered.text), { type: /^https:\/\//, title, status, detail: 'detail', code, request_id: 'r1' }, code)
  }
  t.notOk('detail' in bodyOf({ code: 'internal_fault' }), 'no detail when there is none to tell')
  t.same(bodyOf({ code: 'personal_data_refused', pointers: ['/a', ''] })['errors'], [{ pointer: '/a' }, { pointer: '' }])
})

t.test('limits and abuse have the registered types and name what was violated', async (t) => {
  t.match(bodyOf({ code: 'client_limit_exceeded', violatedPolicies: ['client'] }), { type: 'https://iana.org/assignments/http-problem-types#quota-exceeded', 'violated-policies': ['client'] })
  t.match(bodyOf({ code: 'abuse_detected' }), { type: /#abnormal-usage-detected$/ })
  t.match(bodyOf({ code: 'dependency_unavailable' }), { type: /#temporary-reduced-capacity$/ })
  t.equal(bodyOf({ code: 'token_expired' })['type'], 'https://gate.example/sandbox/errors/token_expired')
  t.equal(renderProblem({ code: 'client_limit_exceeded', retryAfterSeconds: 7 }, context).headers['retry-after'], '7')
  t.notOk('retry-after' in renderProblem({ code: 'token_expired' }, context).headers)
})

t.test('challenges (RFC 6750 §3)', async (t) => {
  const challengeOf = (code: ErrorCode, hasCredentials = true) => renderProblem({ code }, { requestId: 'r', hasCredentials }).headers['www-authenticate']
  t.equal(challengeOf('token_missing', false), 'Bearer realm="api"', 'a request without credentials gets no error code')
  t.equal(challengeOf('token_missing'), 'Bearer realm="api"')
  t.match(challengeOf('token_expired'), 'error="invalid_token", error_description="The access token has expired"')
  t.match(challengeOf('scope_insufficient'), 'error="insufficient_scope"')
  t.equal(challengeOf('token_expired', false), 'Bearer realm="api"')
  for (const code of ['route_not_found', 'client_limit_exceeded', 'credential_not_accepted', 'address_banned', 'internal_fault'] as const) t.equal(challengeOf(code), undefined, code)
  for (const code of codes) {
    const challenge = challengeOf(code)
    t.equal(challenge !== undefined, errorEntry(code).status === 401 || code === 'scope_insufficient', `${code}: every 401 has a challenge (RFC 9110 §15.5.2)`)
    if (challenge === undefined) continue
    t.match(challenge, /^Bearer realm="api"(?:, error="(?:invalid_request|invalid_token|insufficient_scope|invalid_dpop_proof|use_dpop_nonce)", error_description="[\x20-\x21\x23-\x5b\x5d-\x7e]+")?$/, `${code}: of the codes of RFC 6750 §3.1 and no other, in the letters it allows`)
  }
})

t.test('challenges where production has DPoP (RFC 9449 §7.1)', async (t) => {
  const algs = 'algs="ES256 PS256"'
  const ask = (refusal: PublicRefusal, context: { readonly hasCredentials?: boolean, readonly isDpop?: boolean } = {}, isDpopRequired = false) =>
    createProblemRenderer({ ...options, dpopAlgorithms: ['ES256', 'PS256'], isDpopRequired })(refusal, { requestId: 'r', hasCredentials: true, ...context }).headers
  t.equal(ask({ code: 'token_missing' }, { hasCredentials: false })['www-authenticate'], `Bearer realm="api", DPoP realm="api", ${algs}`)
  t.equal(ask({ code: 'token_missing' }, { hasCredentials: false }, true)['www-authenticate'], `DPoP realm="api", ${algs}`)
  t.equal(ask({ code: 'token_expired' })['www-authenticate'], 'Bearer realm="api", error="invalid_token", error_description="The access token has expired"')
  t.equal(ask({ code: 'token_expired' }, { isDpop: true })['www-authenticate'], `DPoP realm="api", error="invalid_token", error_description="The access token has expired", ${algs}`)
  t.match(ask({ code: 'token_proof_missing' })['www-authenticate'], /^DPoP .*error="invalid_token".*algs/, 'a bound token that came as Bearer is asked for the other scheme')
  t.match(ask({ code: 'token_proof_unexpected' }, { isDpop: true })['www-authenticate'], /^Bearer /, 'and the other way')
  t.match(ask({ code: 'token_proof_replayed' }, { isDpop: true })['www-authenticate'], /^DPoP .*error="invalid_dpop_proof"/)
  t.match(ask({ code: 'token_nonce_required', dpopNonce: 'n1' }, { isDpop: true }), { 'www-authenticate': /^DPoP .*error="use_dpop_nonce"/, 'dpop-nonce': 'n1' })
})

t.test('OAuth errors (RFC 6749 §5.2)', async (t) => {
  for (const code of codes.filter((each) => errorEntry(each).surfaces.includes('token'))) {
    const rendered = renderOAuthError({ code }, context)
    t.match(rendered.headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' })
    const body = JSON.parse(rendered.text) as Record<string, string>
    t.same(Object.keys(body), ['error', 'error_description'])
    t.match(body['error'], /^(?:invalid_request|invalid_client|access_denied|temporarily_unavailable|server_error)$/, code)
    t.match(body['error_description'], /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, `${code}: in the letters that §5.2 allows`)
  }
  t.equal(renderOAuthError({ code: 'client_limit_exceeded', retryAfterSeconds: 3 }, context).headers['retry-after'], '3')
  t.match(renderOAuthError({ code: 'certificate_revoked' }, context).headers, { 'www-authenticate': 'Basic realm="token"' }, 'a client that authenticated is challenged')
  t.notOk('www-authenticate' in renderOAuthError({ code: 'certificate_revoked' }, { requestId: '', hasCredentials: false }).headers)
})
