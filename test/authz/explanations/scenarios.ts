import { generateKeyPairSync } from 'node:crypto'
import { ASSERTION_TYPE, CHALLENGE, REDIRECT, RESOURCE, VERIFIER, type ExplainedProvider } from '../../support/explained-provider.ts'

/** Does what makes the library refuse as the entry of this code says. */
export interface Scenario {
  readonly code: string
  /** Parts that the explanation must hold, where the entry takes them from the request. */
  readonly seen?: RegExp
  readonly expected?: RegExp
  readonly act: (server: ExplainedProvider) => Promise<unknown>
}

export const SECRET = 'the-secret-of-the-client-32-characters'
const basic = (id: string, secret = SECRET): Record<string, string> => ({ authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` })
const now = (): number => Math.floor(Date.now() / 1000)
const token = async (server: ExplainedProvider, form: Record<string, string> | string, headers: Record<string, string> = basic('basic')): Promise<unknown> => await server.post('/token', form, headers)
const credentials = { grant_type: 'client_credentials' }
const authorize = async (server: ExplainedProvider, query: Record<string, string>, headers: Record<string, string> = {}): Promise<unknown> => await server.get('/auth', { client_id: 'basic', response_type: 'code', redirect_uri: REDIRECT, scope: 'openid', code_challenge: CHALLENGE, code_challenge_method: 'S256', ...query }, headers)

const assert = (claims: Record<string, unknown>, header: Record<string, unknown> = { kid: 'client-key' }, client = 'key') => async (server: ExplainedProvider): Promise<unknown> => {
  const all: Record<string, unknown> = { iss: client, sub: client, aud: server.issuer, exp: now() + 60, jti: String(Math.random()), ...claims }
  const assertion = await server.sign(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)), header)
  return await token(server, { ...credentials, client_assertion: assertion, client_assertion_type: ASSERTION_TYPE }, {})
}

export const AUTHENTICATION_SCENARIOS: readonly Scenario[] = [
  { code: 'client_unknown', act: async (s) => await token(s, credentials, basic('nobody')) },
  { code: 'client_method_mismatch', seen: /client_secret_post/, expected: /private_key_jwt/, act: async (s) => await token(s, { ...credentials, client_id: 'key', client_secret: 'x' }, {}) },
  { code: 'client_secret_mismatch', seen: /Authorization header \(never shown\), with white space/, act: async (s) => await token(s, credentials, basic('basic', 'wrong\n'.trim() + '%20')) },
  { code: 'client_secret_expired', seen: /1970-01-01/, act: async (s) => await token(s, credentials, basic('expired')) },
  { code: 'client_credentials_twice', seen: /Authorization header and client_secret/, act: async (s) => await token(s, { ...credentials, client_secret: 'x' }) },
  { code: 'client_id_mismatch', act: async (s) => await token(s, { ...credentials, client_id: 'key' }) },
  { code: 'authorization_header_malformed', seen: /Bearer/, act: async (s) => await token(s, credentials, { authorization: 'Bearer x' }) },
  { code: 'basic_encoding_invalid', act: async (s) => await token(s, credentials, basic('basic', '100%')) },
  { code: 'basic_secret_missing', act: async (s) => await token(s, credentials, basic('basic', '')) },
  { code: 'client_credentials_missing', act: async (s) => await token(s, credentials, {}) },
  { code: 'client_certificate_missing', act: async (s) => await token(s, { ...credentials, client_id: 'tls' }, {}) },
  { code: 'client_certificate_subject_mismatch', seen: /CN=Explained client/, expected: /CN=Somebody else/, act: async (s) => await token(s, { ...credentials, client_id: 'tls' }, { 'x-certificate': '1' }) },
  { code: 'client_certificate_not_registered', seen: /x5t#S256/, act: async (s) => await token(s, { ...credentials, client_id: 'self-signed' }, { 'x-certificate': '1' }) },
  { code: 'origin_not_allowed', seen: /evil\.example/, expected: /https:\/\/client\.example/, act: async (s) => await token(s, credentials, { ...basic('basic'), origin: 'https://evil.example' }) },
  { code: 'assertion_unreadable', act: async (s) => await token(s, { ...credentials, client_assertion: 'x.y.z', client_assertion_type: ASSERTION_TYPE }, {}) },
  { code: 'assertion_unreadable', act: async (s) => await token(s, { ...credentials, client_id: 'key', client_assertion: `!.${Buffer.from('{"sub":"key"}').toString('base64url')}.x`, client_assertion_type: ASSERTION_TYPE }, {}) },
  { code: 'assertion_type_missing', act: async (s) => await token(s, { ...credentials, client_assertion: await s.sign({ sub: 'key' }) }, {}) },
  { code: 'assertion_type_wrong', seen: /saml2-bearer/, act: async (s) => await token(s, { ...credentials, client_assertion: await s.sign({ sub: 'key' }), client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }, {}) },
  { code: 'assertion_subject_missing', act: assert({ sub: null }) },
  { code: 'assertion_algorithm', seen: /ES256/, expected: /PS256/, act: assert({}, {}, 'key-ps') },
  { code: 'assertion_algorithm', seen: /ES256/, expected: /HS256/, act: assert({}, {}, 'jwt') },
  { code: 'assertion_exp_missing', act: assert({ exp: null }) },
  { code: 'assertion_jti_missing', act: assert({ jti: null }) },
  { code: 'assertion_iss_missing', act: assert({ iss: null }) },
  { code: 'assertion_aud_missing', act: assert({ aud: null }) },
  { code: 'assertion_issuer_wrong', seen: /iss somebody/, expected: /iss key/, act: assert({ iss: 'somebody' }) },
  { code: 'assertion_audience_wrong', seen: /https:\/\/production\.example/, expected: /http:\/\/localhost:\d+ or http:\/\/localhost:\d+\/token/, act: assert({ aud: 'https://production.example' }) },
  { code: 'assertion_audience_wrong', seen: /a", ?"b|a","b/, act: assert({ aud: ['a', 'b'] }) },
  { code: 'assertion_audience_not_issuer', act: async (s) => await assert({ aud: `${s.issuer}/token` }, { kid: 'client-key' }, 'fapi2')(s) },
  { code: 'assertion_expired', seen: /\d+ s ago/, act: assert({ exp: now() - 100 }) },
  { code: 'assertion_not_yet_valid', seen: /in \d+ s/, act: assert({ nbf: now() + 500 }) },
  { code: 'assertion_claim_malformed', seen: /nbf soon/, act: assert({ nbf: 'soon' }) },
  { code: 'assertion_signature_invalid', expected: /kid client-key/, act: async (s) => await token(s, { ...credentials, client_assertion_type: ASSERTION_TYPE, client_assertion: await s.sign({ iss: 'key', sub: 'key', aud: s.issuer, exp: now() + 60, jti: 'x' }, { kid: 'client-key' }, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) }, {}) },
  { code: 'assertion_key_unknown', seen: /kid another/, expected: /kid client-key/, act: assert({}, { kid: 'another' }) },
  { code: 'assertion_replayed', seen: /jti once, a second time/, act: async (s) => { await assert({ jti: 'once' })(s); await assert({ jti: 'once' })(s) } },
  { code: 'client_keys_unreachable', seen: /http:\/\/localhost:1\/jwks/, act: assert({}, {}, 'far-key') },
]

const code = async (server: ExplainedProvider, more: Record<string, unknown> = {}, form: Record<string, string> = {}, client = 'basic', headers: Record<string, string> = {}): Promise<unknown> => await token(server, {
  grant_type: 'authorization_code', redirect_uri: REDIRECT, code_verifier: VERIFIER, code: await server.issue('AuthorizationCode', client, { codeChallenge: CHALLENGE, codeChallengeMethod: 'S256', ...more }), ...form,
}, { ...basic('basic'), ...headers })
const refresh = async (server: ExplainedProvider, more: Record<string, unknown> = {}, form: Record<string, string> = {}, client = 'basic', headers: Record<string, string> = {}): Promise<unknown> => await token(server, {
  grant_type: 'refresh_token', refresh_token: await server.issue('RefreshToken', client, more), ...form,
}, { ...basic('basic'), ...headers })
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const CIBA = 'urn:openid:params:grant-type:ciba'
const twice = async (act: () => Promise<unknown>): Promise<void> => { await act(); await act() }

export const GRANT_SCENARIOS: readonly Scenario[] = [
  { code: 'parameter_missing', act: async (s) => await token(s, {}) },
  { code: 'parameter_missing', act: async (s) => await token(s, { grant_type: 'authorization_code' }) },
  { code: 'parameter_twice', seen: /grant_type/, act: async (s) => await token(s, 'grant_type=a&grant_type=b') },
  { code: 'body_type_unsupported', seen: /application\/json/, expected: /x-www-form-urlencoded/, act: async (s) => await s.send('POST', '/token', {}) },
  { code: 'body_unreadable', act: async (s) => await token(s, `a=${'x'.repeat(60_000)}`) },
  { code: 'grant_type_unsupported', seen: /password/, act: async (s) => await token(s, { grant_type: 'password' }) },
  { code: 'grant_type_not_allowed', seen: /refresh_token/, expected: /client_credentials/, act: async (s) => await token(s, { grant_type: 'refresh_token' }, basic('narrow')) },
  { code: 'grant_type_not_allowed', seen: /device_code/, act: async (s) => await s.post('/device/auth', {}, basic('narrow')) },
  { code: 'scope_malformed', seen: /pay {2}other/, act: async (s) => await token(s, { ...credentials, scope: 'pay  other' }) },
  { code: 'scope_not_allowed', seen: /other/, expected: /openid, offline_access, pay/, act: async (s) => await token(s, { ...credentials, scope: 'other' }) },
  { code: 'pop_twice', act: async (s) => await token(s, credentials, { ...basic('bound'), 'x-certificate': '1', dpop: await s.proof() }) },
  { code: 'grant_artifact_unknown', act: async (s) => await code(s, {}, { code: 'made-up' }) },
  { code: 'grant_artifact_unknown', act: async (s) => await refresh(s, {}, { refresh_token: 'made-up' }) },
  { code: 'grant_artifact_unknown', act: async (s) => await token(s, { grant_type: DEVICE, device_code: 'made-up' }) },
  { code: 'grant_artifact_unknown', act: async (s) => await token(s, { grant_type: CIBA, auth_req_id: 'made-up' }) },
  { code: 'grant_of_other_client', act: async (s) => await code(s, {}, {}, 'other-basic') },
  { code: 'grant_artifact_expired', seen: /s ago/, act: async (s) => await code(s, { exp: now() - 5 }) },
  { code: 'grant_artifact_expired', act: async (s) => await code(s, { grant: { exp: now() - 5 } }) },
  { code: 'grant_artifact_expired', act: async (s) => await token(s, { grant_type: DEVICE, device_code: await s.issue('DeviceCode', 'basic', { exp: now() - 5 }) }) },
  { code: 'grant_artifact_replayed', seen: /first was at 20/, act: async (s) => { const value = await s.issue('AuthorizationCode', 'basic'); await twice(async () => await token(s, { grant_type: 'authorization_code', redirect_uri: REDIRECT, code: value })) } },
  { code: 'grant_revoked', act: async (s) => await code(s, { grantId: 'gone' }) },
  { code: 'grant_account_missing', act: async (s) => await refresh(s, { accountId: 'gone' }) },
  { code: 'code_redirect_uri_mismatch', seen: /other\.example\/\?a=…/, expected: /client\.example\/callback/, act: async (s) => await code(s, {}, { redirect_uri: 'https://other.example/?a=secret-value' }) },
  { code: 'pkce_verifier_missing', act: async (s) => await code(s, {}, { code_verifier: '' }) },
  { code: 'pkce_verifier_mismatch', act: async (s) => await code(s, {}, { code_verifier: 'x'.repeat(43) }) },
  { code: 'pkce_verifier_uncalled', act: async (s) => await code(s, { codeChallenge: undefined, codeChallengeMethod: undefined }) },
  { code: 'pkce_malformed', seen: /5 characters/, act: async (s) => await code(s, {}, { code_verifier: 'short' }) },
  { code: 'refresh_token_reused', act: async (s) => { const value = await s.issue('RefreshToken', 'basic'); await twice(async () => await token(s, { grant_type: 'refresh_token', refresh_token: value })) } },
  { code: 'refresh_certificate_missing', act: async (s) => await refresh(s, { 'x5t#S256': 'a' }) },
  { code: 'refresh_certificate_missing', act: async (s) => await token(s, credentials, basic('bound')) },
  { code: 'refresh_certificate_mismatch', expected: /x5t#S256 another/, act: async (s) => await refresh(s, { 'x5t#S256': 'another' }, {}, 'basic', { 'x-certificate': '1' }) },
  { code: 'refresh_scope_exceeded', seen: /other/, expected: /openid offline_access pay/, act: async (s) => await refresh(s, {}, { scope: 'openid other' }) },
  { code: 'resource_not_absolute', seen: /payments/, act: async (s) => await token(s, { ...credentials, resource: 'payments' }) },
  { code: 'resource_with_fragment', act: async (s) => await token(s, { ...credentials, resource: `${RESOURCE}#x` }) },
  { code: 'resource_unknown', seen: /https:\/\/unknown\.example/, expected: /https:\/\/api\.example/, act: async (s) => await token(s, { ...credentials, resource: 'https://unknown.example' }) },
  { code: 'resource_unknown', expected: /one of those granted: https:\/\/api\.example/, act: async (s) => await code(s, { resource: RESOURCE }, { resource: `${RESOURCE}/2` }) },
  { code: 'resource_not_single', act: async (s) => await token(s, `grant_type=client_credentials&resource=${RESOURCE}&resource=${RESOURCE}/2`) },
  { code: 'resource_needed_for_details', act: async (s) => await token(s, { ...credentials, authorization_details: '[{"type":"payment"}]' }, basic('details')) },
  { code: 'authorization_details_unreadable', act: async (s) => await token(s, { ...credentials, resource: RESOURCE, authorization_details: '{' }) },
  { code: 'authorization_details_malformed', act: async (s) => await token(s, { ...credentials, resource: RESOURCE, authorization_details: '"x"' }) },
  { code: 'authorization_details_type', seen: /unknown/, expected: /payment/, act: async (s) => await token(s, { ...credentials, resource: RESOURCE, authorization_details: '[{"type":"unknown"}]' }) },
  { code: 'authorization_details_type', seen: /other/, expected: /payment/, act: async (s) => await token(s, { ...credentials, resource: RESOURCE, authorization_details: '[{"type":"other"}]' }, basic('details')) },
  { code: 'authorization_pending', act: async (s) => await token(s, { grant_type: DEVICE, device_code: await s.issue('DeviceCode', 'basic', { accountId: undefined }) }) },
  { code: 'authorization_pending', act: async (s) => await token(s, { grant_type: CIBA, auth_req_id: await s.issue('BackchannelAuthenticationRequest', 'basic', { grantId: undefined }) }) },
  { code: 'access_denied', act: async (s) => await token(s, { grant_type: DEVICE, device_code: await s.issue('DeviceCode', 'basic', { error: 'access_denied', errorDescription: 'no' }) }) },
]

const dpop = (code: string, claims: Record<string, unknown>, header: Record<string, unknown> = {}, more: Partial<Scenario> & { headers?: Record<string, string> } = {}): Scenario => ({ ...more, code, act: async (s) => await token(s, credentials, { ...basic('basic'), dpop: await s.proof(claims, header), ...more.headers }) })

export const PROOF_SCENARIOS: readonly Scenario[] = [
  dpop('dpop_iat_missing', { iat: 0 }, {}, { seen: /iat 0/ }),
  dpop('dpop_jti_missing', { jti: '' }),
  dpop('dpop_iat_skewed', { iat: now() - 1000 }, {}, { seen: /10\d\d s ago/ }),
  dpop('dpop_nonce_malformed', { nonce: 5 }),
  dpop('dpop_nonce_missing', {}, {}, { headers: { 'x-require-nonce': '1' } }),
  dpop('dpop_nonce_stale', { nonce: 'stale' }),
  dpop('dpop_method_mismatch', { htm: 'GET' }, {}, { seen: /htm GET/, expected: /htm POST/ }),
  dpop('dpop_uri_mismatch', { htu: 'https://elsewhere.example/token' }, {}, { seen: /https:\/\/elsewhere\.example\/token/, expected: /htu http:\/\/localhost:\d+\/token/ }),
  dpop('dpop_type_wrong', {}, { typ: 'JWT' }, { seen: /typ JWT/ }),
  dpop('dpop_proof_invalid', { exp: now() - 100 }, {}, { seen: /exp \d+/ }),
  dpop('dpop_key_unusable', {}, { jwk: undefined }),
  { code: 'dpop_algorithm_refused', seen: /alg none/, act: async (s) => await token(s, credentials, { ...basic('basic'), dpop: `${Buffer.from('{"alg":"none","typ":"dpop+jwt"}').toString('base64url')}.e30.x` }) },
  { code: 'dpop_signature_invalid', act: async (s) => await token(s, credentials, { ...basic('basic'), dpop: await s.proof({}, {}, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) }) },
  { code: 'dpop_proof_unreadable', act: async (s) => await token(s, credentials, { ...basic('basic'), dpop: 'nonsense' }) },
  { code: 'dpop_proof_replayed', seen: /jti same, a second time/, act: async (s) => await twice(async () => await token(s, credentials, { ...basic('basic'), dpop: await s.proof({ jti: 'same' }) })) },
  { code: 'dpop_proof_missing', act: async (s) => await token(s, credentials, basic('dpop')) },
  { code: 'dpop_proof_missing', act: async (s) => await code(s, { dpopJkt: 'announced' }) },
  { code: 'dpop_key_not_announced', expected: /announced/, act: async (s) => await code(s, { dpopJkt: 'announced' }, {}, 'basic', { dpop: await s.proof() }) },
  { code: 'dpop_key_mismatch', expected: /another-key/, act: async (s) => await refresh(s, { jkt: 'another-key' }, {}, 'basic', { dpop: await s.proof() }) },
  { code: 'dpop_token_hash_mismatch', seen: /no ath/, act: async (s) => await s.get('/me', {}, { authorization: `DPoP ${await s.issue('AccessToken', 'basic')}`, dpop: await s.proof({ htm: 'GET', htu: `${s.issuer}/me` }) }) },
]

const requestObject = async (server: ExplainedProvider, claims: Record<string, unknown>, query: Record<string, string> = {}, header: Record<string, unknown> = { kid: 'client-key' }): Promise<unknown> => await authorize(server, {
  client_id: 'jar', request: await server.sign({ iss: 'jar', aud: server.issuer, client_id: 'jar', response_type: 'code', redirect_uri: REDIRECT, scope: 'openid', ...claims }, header), ...query,
})
const REQUEST_URI = 'urn:ietf:params:oauth:request_uri:'

export const AUTHORIZATION_SCENARIOS: readonly Scenario[] = [
  { code: 'client_unknown', act: async (s) => await authorize(s, { client_id: 'nobody' }) },
  { code: 'redirect_uri_mismatch', seen: /callback\/$/, expected: /https:\/\/client\.example\/callback/, act: async (s) => await authorize(s, { redirect_uri: `${REDIRECT}/` }) },
  { code: 'redirect_uri_mismatch', act: async (s) => await s.post('/request', { redirect_uri: 'http://client.example/callback', response_type: 'code', client_id: 'basic' }, basic('basic')) },
  { code: 'response_type_unsupported', seen: /token/, act: async (s) => await authorize(s, { response_type: 'token' }) },
  { code: 'response_type_not_allowed', seen: /none/, expected: /code/, act: async (s) => await authorize(s, { response_type: 'none' }) },
  { code: 'response_mode_unsupported', act: async (s) => await authorize(s, { response_mode: 'pigeon' }) },
  { code: 'response_mode_not_allowed', seen: /query with response_type id_token/, act: async (s) => await authorize(s, { client_id: 'hybrid', response_type: 'id_token', response_mode: 'query', nonce: 'n' }) },
  { code: 'pkce_required', act: async (s) => await authorize(s, { client_id: 'pkce', code_challenge: '', code_challenge_method: '' }) },
  { code: 'pkce_method_missing', act: async (s) => await authorize(s, { code_challenge_method: '' }) },
  { code: 'pkce_method_unsupported', seen: /plain/, act: async (s) => await authorize(s, { code_challenge_method: 'plain' }) },
  { code: 'pkce_challenge_missing', act: async (s) => await authorize(s, { code_challenge: '' }) },
  { code: 'pkce_malformed', seen: /outside/, act: async (s) => await authorize(s, { code_challenge: '='.repeat(43) }) },
  { code: 'prompt_unsupported', seen: /dance/, act: async (s) => await authorize(s, { prompt: 'dance' }) },
  { code: 'prompt_none_combined', act: async (s) => await authorize(s, { prompt: 'none login' }) },
  { code: 'max_age_malformed', seen: /-5/, act: async (s) => await authorize(s, { max_age: '-5' }) },
  { code: 'registration_parameter', act: async (s) => await authorize(s, { registration: '{}' }) },
  { code: 'openid_scope_missing', seen: /pay/, act: async (s) => await authorize(s, { scope: 'pay', nonce: 'n' }) },
  { code: 'openid_scope_missing', act: async (s) => await authorize(s, { client_id: 'max-age', scope: 'pay' }) },
  { code: 'id_token_hint_invalid', act: async (s) => await authorize(s, { id_token_hint: 'x.y.z' }) },
  { code: 'claims_unreadable', act: async (s) => await authorize(s, { claims: 'canary-in-claims' }) },
  { code: 'claims_malformed', act: async (s) => await authorize(s, { claims: '[]' }) },
  { code: 'claims_malformed', act: async (s) => await authorize(s, { claims: '{}' }) },
  { code: 'claims_malformed', act: async (s) => await authorize(s, { claims: '{"userinfo":1}' }) },
  { code: 'claims_malformed', act: async (s) => await authorize(s, { claims: '{"userinfo":{"name":1}}' }) },
  { code: 'claims_malformed', act: async (s) => await authorize(s, { claims: '{"id_token":{"acr":{"essential":true,"values":"x"}}}' }, await s.logIn()) },
  { code: 'claims_not_applicable', act: async (s) => await authorize(s, { client_id: 'hybrid', response_type: 'none', claims: '{"userinfo":{}}' }) },
  { code: 'authorization_details_not_applicable', act: async (s) => await authorize(s, { client_id: 'hybrid', response_type: 'id_token', nonce: 'n', authorization_details: '[]' }) },
  { code: 'pushed_request_required', act: async (s) => await authorize(s, { client_id: 'par-only' }) },
  { code: 'request_object_required', act: async (s) => await authorize(s, { client_id: 'jar-only' }) },
  { code: 'request_uri_invalid', seen: /not stored/, act: async (s) => await authorize(s, { request_uri: `${REQUEST_URI}made-up` }) },
  { code: 'request_uri_unsupported', act: async (s) => await authorize(s, { request_uri: 'https://client.example/request' }) },
  { code: 'request_twice', act: async (s) => await authorize(s, { request_uri: `${REQUEST_URI}x`, request: 'x' }) },
  { code: 'request_object_undecryptable', act: async (s) => await authorize(s, { request: `${Buffer.from('{"alg":"RSA-OAEP","enc":"A128GCM"}').toString('base64url')}.a.b.c.d` }) },
  { code: 'request_object_encrypted', act: async (s) => await s.post('/backchannel', { request: 'a.b.c.d.e' }, basic('basic')) },
  { code: 'request_object_unreadable', act: async (s) => await authorize(s, { request: 'nonsense' }) },
  { code: 'request_object_nested', act: async (s) => await requestObject(s, { request: 'x' }) },
  { code: 'request_object_response_type', seen: /none/, act: async (s) => await requestObject(s, { response_type: 'none' }) },
  { code: 'request_object_client', act: async (s) => await requestObject(s, { client_id: 'basic' }) },
  { code: 'request_object_algorithm', seen: /ES256/, expected: /PS256/, act: async (s) => await requestObject(s, { client_id: 'jar-ps', iss: 'jar-ps' }, { client_id: 'jar-ps' }) },
  { code: 'request_object_claims', seen: /s ago/, act: async (s) => await requestObject(s, { exp: now() - 50 }) },
  { code: 'request_object_claims', seen: /nbf/, act: async (s) => await requestObject(s, { nbf: now() + 500 }) },
  { code: 'request_object_claims', seen: /iat/, act: async (s) => await requestObject(s, { iat: now() + 500 }) },
  { code: 'request_object_claims', seen: /aud production/, expected: /aud http:\/\/localhost/, act: async (s) => await requestObject(s, { aud: 'production' }) },
  { code: 'request_object_signature', seen: /kid another/, act: async (s) => await requestObject(s, {}, {}, { kid: 'another' }) },
  { code: 'request_object_claim_missing', act: async (s) => await requestObject(s, { client_id: 'fapi1', iss: 'fapi1' }, { client_id: 'fapi1' }) },
  { code: 'request_object_life', act: async (s) => await requestObject(s, { client_id: 'fapi1', iss: 'fapi1', nbf: now(), exp: now() + 7200 }, { client_id: 'fapi1' }) },
  { code: 'login_required', act: async (s) => await authorize(s, { prompt: 'none' }) },
  { code: 'consent_required', act: async (s) => await authorize(s, { prompt: 'none' }, await s.logIn()) },
  { code: 'interaction_required', act: async (s) => await authorize(s, { client_id: 'native', redirect_uri: 'com.example.app:/callback', prompt: 'none' }, await s.logIn()) },
  { code: 'login_expired', act: async (s) => await s.get('/auth/made-up') },
]

const me = async (server: ExplainedProvider, headers: Record<string, string>, query: Record<string, string> = {}): Promise<unknown> => await server.get('/me', query, headers)
const withToken = async (server: ExplainedProvider, more: Record<string, unknown> = {}, headers: Record<string, string> = {}, query: Record<string, string> = {}): Promise<unknown> => await me(server, { authorization: `Bearer ${await server.issue('AccessToken', 'basic', more)}`, ...headers }, query)

export const TOKEN_SCENARIOS: readonly Scenario[] = [
  { code: 'bearer_missing', act: async (s) => await me(s, {}) },
  { code: 'bearer_twice', act: async (s) => await me(s, { authorization: 'Bearer canary' }, { access_token: 'canary' }) },
  { code: 'bearer_in_query', act: async (s) => await me(s, {}, { access_token: 'canary' }) },
  { code: 'bearer_header_malformed', seen: /Basic, without/, act: async (s) => await me(s, { authorization: 'Basic x' }) },
  { code: 'bearer_header_malformed', seen: /Bearer, with a DPoP/, act: async (s) => await me(s, { authorization: 'Bearer x', dpop: 'x' }) },
  { code: 'access_token_unknown', act: async (s) => await me(s, { authorization: 'Bearer made-up' }) },
  { code: 'access_token_certificate_mismatch', seen: /no client certificate/, expected: /another/, act: async (s) => await withToken(s, { 'x5t#S256': 'another' }) },
  { code: 'access_token_unbound', act: async (s) => { const value = await s.issue('AccessToken', 'basic'); const { createHash } = await import('node:crypto'); return await me(s, { authorization: `DPoP ${value}`, dpop: await s.proof({ htm: 'GET', htu: `${s.issuer}/me`, ath: createHash('sha256').update(value).digest('base64url') }) }) } },
  { code: 'access_token_audience', seen: /https:\/\/api\.example/, act: async (s) => await withToken(s, { aud: RESOURCE }) },
  { code: 'access_token_orphaned', act: async (s) => await withToken(s, { accountId: 'gone' }) },
  { code: 'access_token_orphaned', act: async (s) => await withToken(s, { grantId: 'gone' }) },
  { code: 'access_token_scope', seen: /pay/, expected: /openid/, act: async (s) => await withToken(s, { scope: 'pay' }) },
  { code: 'access_token_scope', expected: /other/, act: async (s) => await withToken(s, {}, {}, { scope: 'other' }) },
  { code: 'introspection_not_encrypted', act: async (s) => await s.post('/token/introspection', { token: 'x' }, { ...basic('encrypted'), accept: 'application/json' }) },
  { code: 'revocation_of_other_client', act: async (s) => await s.post('/token/revocation', { token: await s.issue('AccessToken', 'other-basic') }, basic('basic')) },
  { code: 'dpop_key_mismatch', act: async (s) => await withToken(s, { jkt: 'another' }) },
]

const ciba = async (server: ExplainedProvider, form: Record<string, string>, client = 'basic'): Promise<unknown> => await server.post('/backchannel', { scope: 'openid', ...form }, basic(client))

export const OTHER_SCENARIOS: readonly Scenario[] = [
  { code: 'ciba_user_unknown', seen: /login_hint \(not shown\)/, act: async (s) => await ciba(s, { login_hint: 'nobody' }) },
  { code: 'ciba_hint_missing', act: async (s) => await ciba(s, {}) },
  { code: 'ciba_hint_twice', act: async (s) => await ciba(s, { login_hint: 'a', id_token_hint: 'b' }) },
  { code: 'ciba_notification_token', act: async (s) => await ciba(s, { login_hint: 'a', client_notification_token: 'ä b' }, 'ping') },
  { code: 'ciba_expiry_malformed', seen: /soon/, act: async (s) => await ciba(s, { login_hint: 'a', requested_expiry: 'soon' }) },
  { code: 'ciba_binding_message', act: async (s) => await ciba(s, { login_hint: 'a', binding_message: 'far too long for every device' }) },
  { code: 'request_object_claim_missing', act: async (s) => await s.post('/backchannel', { request: await s.sign({ iss: 'jar', aud: s.issuer, client_id: 'jar', scope: 'openid' }, { kid: 'client-key' }) }, basic('jar')) },
  { code: 'form_token_invalid', act: async (s) => await s.post('/session/end/confirm', { logout: 'yes' }, await s.logIn()) },
  { code: 'logout_uri_mismatch', seen: /https:\/\/client\.example\/bye\//, expected: /https:\/\/client\.example\/bye/, act: async (s) => await s.get('/session/end', { client_id: 'basic', post_logout_redirect_uri: 'https://client.example/bye/' }) },
  { code: 'logout_client_mismatch', act: async (s) => await s.get('/session/end', { client_id: 'basic', id_token_hint: await s.sign({ aud: 'other-basic' }) }) },
  { code: 'id_token_hint_invalid', act: async (s) => await s.get('/session/end', { id_token_hint: await s.sign({ aud: 'basic' }) }) },
]

/** What only a server with less switched on says. */
export const SPARSE_SCENARIOS: readonly Scenario[] = [
  dpop('dpop_nonce_unsupported', { nonce: 'of-somebody' }),
  dpop('dpop_iat_skewed', { iat: now() + 1000 }, {}, { seen: /in \d+ s/ }),
  { code: 'request_unsupported', act: async (s) => await authorize(s, { request: 'x.y.z' }) },
  { code: 'request_uri_unsupported', act: async (s) => await authorize(s, { request_uri: `${REQUEST_URI}x` }) },
]

/** Entries of parts that are ours and not the library's. */
export const OWN_CODES: readonly string[] = [
  'fault_asked_for', 'grant_artifact_raced', 'exchange_type_unsupported', 'exchange_token_invalid', 'exchange_pair_incomplete', 'exchange_without_user', 'exchange_scope_exceeded',
  'bearer_assertion_refused', 'bearer_assertion_without_keys', 'bearer_assertion_subject', 'bearer_assertion_life', 'bearer_assertion_replayed', 'binding_required',
  'authorization_details_exceeded', 'authentication_unmet', 'headless_consent_malformed', 'polled_too_fast', 'ciba_hint_token_unsupported',
  'registration_token_missing', 'initial_access_token_unknown', 'initial_access_token_spent', 'registration_access_token_unknown', 'registration_body_unreadable',
  'registration_field_forbidden', 'registration_identity_mismatch', 'software_statement_refused', 'client_metadata_redirect_uri', 'client_metadata_invalid',
]
