import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as openid from 'openid-client'
import t, { type Test } from 'tap'
import type { AuthorizationFailure } from '../../../authz/index.ts'
import { CATALOGUE } from '../../../authz/explanations/catalogue.ts'
import { clauseUrl, type JsonObject } from '../../../kernel/index.ts'
import { authorize, basic, Browser, createClient, createFetch, discover, postForm } from '../../support/authz-client.ts'
import { openTestServer, PROFILE, REDIRECT_URI, SANDBOX_A } from '../../support/authz-server.ts'
import { OWN_CODES } from './scenarios.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const CIBA = 'urn:openid:params:grant-type:ciba'
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

let fault: { readonly error: string, readonly detail: string } | undefined
const server = await openTestServer({
  profile: { grants: [...PROFILE.grants, EXCHANGE, BEARER], authorizationDetailsTypes: ['payment'] },
  deps: { takeAuthorizationFault: async () => fault, softwareStatementKeys: [] },
})
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira Haddad', email: 'amira@example.test' })
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
const jwks = { keys: [{ ...await exportJWK(publicKey), kid: 'sig', alg: 'ES256', use: 'sig' }] as JsonObject[] }
const scopes = ['openid', 'offline_access', 'payments:read']
const front = await createClient(server.authz, { scopes: [...scopes, 'payments:write'], isHeadless: true, grants: ['client_credentials', 'authorization_code', 'refresh_token', DEVICE, CIBA], metadata: { backchannel_token_delivery_mode: 'poll' } })
const back = await createClient(server.authz, { grants: ['client_credentials', EXCHANGE, BEARER], redirectUris: [], scopes, jwks })
const keyless = await createClient(server.authz, { grants: [BEARER], redirectUris: [], scopes })
const configuration = await discover(server, front.clientId, openid.ClientSecretBasic(front.clientSecret?.reveal() ?? ''))
const headersOf = (client: { clientId: string, clientSecret?: { reveal: () => string } | undefined }) => basic(client.clientId, client.clientSecret?.reveal() ?? '')
const ask = async (form: Record<string, string>, client = back) => await postForm(web, `${server.issuer}/oauth/token`, form, headersOf(client))
const signIn = async (): Promise<openid.TokenEndpointResponse> => {
  const { callback, verifier, state } = await authorize(new Browser(web), configuration, { user: 'amira', scope: 'openid offline_access payments:read payments:write' })
  return await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
}

const produced = new Set<string>()
function expectExplained (t: Test, code: string, failure: AuthorizationFailure | undefined = server.failures.at(-1)): void {
  const explanation = failure?.explanation
  produced.add(explanation?.code ?? '')
  t.equal(explanation?.code, code, `${code} (${failure?.error}: ${failure?.detail})`)
  t.equal(failure?.isUncatalogued, undefined)
  t.match(clauseUrl(explanation?.clause ?? ''), /^https:/, `${code}: ${explanation?.clause}`)
}

const assertion = async (claims: Record<string, unknown> = {}, more: { readonly key?: typeof privateKey } = {}): Promise<string> => {
  const now = Math.floor(Date.now() / 1000)
  return await new SignJWT({ iss: back.clientId, sub: 'amira', aud: server.issuer, iat: now, exp: now + 60, jti: String(Math.random()), ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'sig' }).sign(more.key ?? privateKey)
}

await t.test('token exchange', async (t) => {
  const { access_token: token } = await signIn()
  const exchange = { grant_type: EXCHANGE, subject_token: token, subject_token_type: ACCESS_TOKEN }
  const own = (await ask({ grant_type: 'client_credentials' })).json['access_token'] as string
  for (const [code, form] of [
    ['exchange_type_unsupported', { ...exchange, requested_token_type: 'urn:x' }],
    ['exchange_type_unsupported', { ...exchange, subject_token_type: 'urn:x' }],
    ['exchange_token_invalid', { ...exchange, subject_token: 'canary.canary.canary' }],
    ['exchange_pair_incomplete', { ...exchange, subject_token_type: '' }],
    ['exchange_without_user', { ...exchange, subject_token: own }],
    ['exchange_scope_exceeded', { ...exchange, scope: 'offline_access' }],
    ['parameter_missing', { grant_type: EXCHANGE }],
    ['resource_unknown', { ...exchange, audience: 'https://nobody.example' }],
    ['resource_not_single', { ...exchange, audience: 'payments', resource: 'https://ledger.example' }],
  ] as const) {
    t.equal((await ask(form)).status, 400)
    expectExplained(t, code)
  }
})

await t.test('the JWT bearer grant', async (t) => {
  const bearer = { grant_type: BEARER }
  const other = (await generateKeyPair('ES256')).privateKey
  await ask({ ...bearer, assertion: await assertion({ aud: 'production' }) })
  expectExplained(t, 'bearer_assertion_refused')
  t.match(server.failures.at(-1)?.explanation, { seen: /aud production/, expected: new RegExp(`aud ${server.issuer}`) })
  await ask({ ...bearer, assertion: await assertion({}, { key: other }) })
  expectExplained(t, 'bearer_assertion_refused')
  await ask({ ...bearer, assertion: await assertion() }, keyless)
  expectExplained(t, 'bearer_assertion_without_keys')
  await ask({ ...bearer, assertion: await assertion({ sub: 'nobody' }) })
  expectExplained(t, 'bearer_assertion_subject')
  await ask({ ...bearer, assertion: await assertion({ exp: Math.floor(Date.now() / 1000) + 86_400 }) })
  expectExplained(t, 'bearer_assertion_life')
  const twice = await assertion()
  await ask({ ...bearer, assertion: twice })
  await ask({ ...bearer, assertion: twice })
  expectExplained(t, 'bearer_assertion_replayed')
})

await t.test('a refresh token that is used twice, one after the other and at once', async (t) => {
  const first = await signIn()
  const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' }
  await ask(form, front)
  await ask(form, front)
  expectExplained(t, 'refresh_token_reused')
  t.match(server.failures.at(-1)?.explanation, { cause: /used at 20\d\d-.*the whole family was revoked now/, token: /^[\w-]{43}$/ })
  const second = await signIn()
  const again = { grant_type: 'refresh_token', refresh_token: second.refresh_token ?? '' }
  await ask(again, front)
  await server.stores.keyValue.put('oauth:RefreshToken:in-flight', again.refresh_token, true)
  await ask(again, front)
  expectExplained(t, 'grant_artifact_raced')
})

await t.test('devices and the backchannel', async (t) => {
  const { json } = await postForm(web, `${server.issuer}/oauth/device_authorization`, { scope: 'openid' }, headersOf(front))
  const poll = { grant_type: DEVICE, device_code: String(json['device_code']) }
  await ask(poll, front)
  await ask(poll, front)
  expectExplained(t, 'polled_too_fast')
  await postForm(web, `${server.issuer}/oauth/bc-authorize`, { scope: 'openid', login_hint_token: 'canary' }, headersOf(front))
  expectExplained(t, 'ciba_hint_token_unsupported')
})

await t.test('the login without pages, and a fault that was asked for', async (t) => {
  const challenge = await openid.calculatePKCECodeChallenge(openid.randomPKCECodeVerifier())
  const visit = async (parameters: Record<string, string>) => await (await web(openid.buildAuthorizationUrl(configuration, { redirect_uri: REDIRECT_URI, scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256', sandgate_login: 'amira', ...parameters }))).text()
  await visit({ sandgate_consent: 'perhaps' })
  expectExplained(t, 'headless_consent_malformed')
  await visit({ claims: JSON.stringify({ id_token: { acr: { essential: true, value: 'urn:nowhere' } } }) })
  expectExplained(t, 'authentication_unmet')
  await visit({ sandgate_consent: 'deny' })
  expectExplained(t, 'access_denied')
  t.match(server.failures.at(-1), { isTriggered: true, explanation: { cause: /sandgate_consent is deny/ } })
  fault = { error: 'temporarily_unavailable', detail: 'the fault flt_1 was asked for with POST /sandbox/faults' }
  await visit({})
  fault = undefined
  expectExplained(t, 'fault_asked_for')
  t.match(server.failures.at(-1)?.explanation?.cause, /Nothing is wrong.*flt_1/)
})

await t.test('rich requests beyond what was granted', async (t) => {
  await ask({ grant_type: 'client_credentials', authorization_details: JSON.stringify([{ type: 'payment', text: 'x'.repeat(5000) }]) })
  expectExplained(t, 'authorization_details_exceeded')
})

await t.test('registration and its management', async (t) => {
  const endpoint = `${server.issuer}/oauth/register`
  const call = async (method: string, url: string, token: string | undefined, body?: unknown, type = 'application/json'): Promise<Record<string, string>> => {
    const response = await web(url, { method, headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': type }) }, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) })
    return await response.json() as Record<string, string>
  }
  const newToken = async (usesMax?: number): Promise<string> => (await server.authz.registrationTokens?.create({ sandboxId: SANDBOX_A, lifetimeMs: 3_600_000, ...(usesMax === undefined ? {} : { usesMax }) }))?.token.reveal() ?? ''
  const metadata = { redirect_uris: ['https://registered.example/callback'] }
  const refused = async (code: string, ...input: Parameters<typeof call>): Promise<void> => { await call(...input); expectExplained(t, code) }
  await refused('registration_token_missing', 'POST', endpoint, undefined, metadata)
  await refused('initial_access_token_unknown', 'POST', endpoint, 'canary-token', metadata)
  const once = await newToken(1)
  const made = await call('POST', endpoint, once, metadata)
  await refused('initial_access_token_spent', 'POST', endpoint, once, metadata)
  const [uri = '', token = ''] = [made['registration_client_uri'], made['registration_access_token']]
  await refused('registration_access_token_unknown', 'GET', uri, 'canary-token')
  await refused('registration_body_unreadable', 'POST', endpoint, await newToken(), '[]')
  await refused('registration_body_unreadable', 'POST', endpoint, await newToken(), 'a=b', 'application/x-www-form-urlencoded')
  await refused('registration_field_forbidden', 'PUT', uri, token, { ...metadata, client_id: made['client_id'], client_id_issued_at: 1 })
  await refused('registration_identity_mismatch', 'PUT', uri, token, { ...metadata, client_id: 'another' })
  await refused('registration_identity_mismatch', 'PUT', uri, token, { ...metadata, client_id: made['client_id'], client_secret: 'canary-secret' })
  await refused('software_statement_refused', 'POST', endpoint, await newToken(), { ...metadata, software_statement: 'canary' })
  await refused('client_metadata_redirect_uri', 'POST', endpoint, await newToken(), { redirect_uris: ['https://registered.example/#fragment'] })
  await refused('client_metadata_invalid', 'POST', endpoint, await newToken(), { ...metadata, token_endpoint_auth_method: 'magic' })
})

await t.test('a token that nothing binds, where tokens must be bound', async (t) => {
  const strict = await openTestServer({ profile: { security: 'fapi-2-security', clientAuthenticationMethods: ['private_key_jwt'] } })
  const strictWeb = createFetch(strict)
  t.teardown(async () => { await strictWeb.close(); await strict.close() })
  const client = await createClient(strict.authz, { authMethod: 'private_key_jwt', jwks, grants: ['client_credentials'], redirectUris: [], scopes: ['payments:read'] })
  const now = Math.floor(Date.now() / 1000)
  const proof = await new SignJWT({ iss: client.clientId, sub: client.clientId, aud: strict.issuer, iat: now, exp: now + 60, jti: 'a' }).setProtectedHeader({ alg: 'ES256', kid: 'sig' }).sign(privateKey)
  await postForm(strictWeb, `${strict.issuer}/oauth/token`, { grant_type: 'client_credentials', client_assertion: proof, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' })
  expectExplained(t, 'binding_required', strict.failures.at(-1))
})

await t.test('every entry of our own can occur, and nothing of the request is repeated that must not be', async (t) => {
  t.same(OWN_CODES.filter((code) => !produced.has(code)), [])
  const known = new Set(CATALOGUE.map(({ code }) => code))
  t.same(OWN_CODES.filter((code) => !known.has(code)), [])
  t.equal(known.size, CATALOGUE.length, 'codes are unique')
  t.notMatch(JSON.stringify(server.failures.map(({ explanation, detail }) => ({ explanation, detail }))), /canary/)
})
