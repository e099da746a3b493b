import { decodeJwt, exportJWK, generateKeyPair } from 'jose'
import * as openid from 'openid-client'
import t from 'tap'
import type { JsonObject } from '../../kernel/index.ts'
import { createClient, createFetch, discover } from '../support/authz-client.ts'
import { openTestServer, PAYMENTS, REDIRECT_URI, SANDBOX_A, SANDBOX_B } from '../support/authz-server.ts'

const ACCOUNT_TYPE = 'account_information'
const server = await openTestServer({ profile: { authorizationDetailsTypes: [ACCOUNT_TYPE] } })
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })

const { users } = server.authz
const person = async (username: string, rest: object = {}, sandboxId = SANDBOX_A) => await users.create(sandboxId, { username, name: `${username} of the tests`, email: `${username}@example.test`, ...rest })
const amira = await person('amira')
await person('locked', { conditions: { locked: true } })
await person('expired', { conditions: { passwordExpired: true } })
await person('denies', { conditions: { consentDenied: true } })
await person('slow', { conditions: { slowSeconds: 7 } })
await person('with-password', { password: 'open-sesame' })
const mfa = await person('mfa', { conditions: { mfaRequired: true } })
await person('chiyo', {}, SANDBOX_B)

const client = await createClient(server.authz, { isHeadless: true })
const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(client.clientSecret?.reveal() ?? ''))

interface Login { readonly verifier: string, readonly callback: URL, readonly cookies: string }

/** One request, as a CI makes it: plain fetch, one redirect. */
async function login (parameters: Record<string, string>, options: { configuration?: openid.Configuration, isPushed?: boolean, cookies?: string } = {}): Promise<Login> {
  const as = options.configuration ?? configuration
  const verifier = openid.randomPKCECodeVerifier()
  const request = { redirect_uri: REDIRECT_URI, scope: 'openid profile payments:read', code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters }
  const url = options.isPushed === true ? await openid.buildAuthorizationUrlWithPAR(as, request) : openid.buildAuthorizationUrl(as, request)
  const response = await web(url, { headers: { accept: 'text/html', ...(options.cookies === undefined ? {} : { cookie: options.cookies }) } })
  await response.text()
  const cookies = response.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ')
  return { verifier, callback: new URL(response.headers.get('location') ?? 'about:blank', server.issuer), cookies }
}

async function redeem ({ callback, verifier }: Login, nonce?: string) {
  return await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, idTokenExpected: true, ...(nonce === undefined ? {} : { expectedNonce: nonce }) })
}

const errorOf = ({ callback }: Login): string | null => callback.searchParams.get('error')
const lastFailure = () => server.failures.at(-1)

await t.test('a client that has not opted in is shown the page, and the record says why', async (t) => {
  const other = await createClient(server.authz)
  const before = server.notes.length
  const answer = await login({ sandgate_login: 'amira' }, { configuration: await discover(server, other.clientId, openid.ClientSecretBasic(other.clientSecret?.reveal() ?? '')) })
  t.match(answer.callback.pathname, /^\/interaction\//)
  t.match(server.notes[before], { code: 'headless_login_ignored', clientId: other.clientId, detail: /has not opted/ })
})

await t.test('with the profile\'s headless_login off, no client can opt in', async (t) => {
  const strict = await openTestServer({ profile: { headlessLogin: false } })
  t.teardown(strict.close)
  await t.rejects(createClient(strict.authz, { isHeadless: true }), /headless_login/)
})

await t.test('a user of another sandbox, or of none, is access_denied', async (t) => {
  for (const username of ['chiyo', 'nobody', '', '__proto__', 'a'.repeat(500)].filter((name) => name !== '')) {
    t.equal(errorOf(await login({ sandgate_login: username })), 'access_denied', username)
    t.match(lastFailure()?.detail, /no test user/, username)
  }
})

await t.test('conditions hold as on the page: access_denied on the wire, the cause in the record', async (t) => {
  for (const [username, cause] of [['locked', /condition locked/], ['expired', /password_expired/], ['denies', /consent_denied/], ['mfa', /sandgate_otp/]] as const) {
    t.equal(errorOf(await login({ sandgate_login: username })), 'access_denied', username)
    t.match(lastFailure(), { detail: cause, clientId: client.clientId, isTriggered: true }, username)
    t.notMatch(lastFailure()?.error, /locked/)
  }
  t.equal(errorOf(await login({ sandgate_login: 'mfa', sandgate_otp: '000000' })), 'access_denied')
})

await t.test('prompt=none without a session is login_required, whoever is named', async (t) => {
  t.equal(errorOf(await login({ sandgate_login: 'amira', prompt: 'none' })), 'login_required')
})

await t.test('a request that is refused with pages is refused without them', async (t) => {
  t.equal(errorOf(await login({ sandgate_login: 'amira', scope: 'openid nonsense:scope' })) ?? 'none', 'none', 'an unknown scope is ignored as ever')
  t.equal(errorOf(await login({ sandgate_login: 'amira', code_challenge_method: 'plain' })), 'invalid_request')
  t.equal(errorOf(await login({ sandgate_login: 'amira', sandgate_consent: 'perhaps' })), 'invalid_request')
  const wrong = await login({ sandgate_login: 'amira', redirect_uri: 'https://evil.example/' })
  t.equal(wrong.callback.href, 'about:blank', 'no redirect')
  t.equal(errorOf(await login({ sandgate_login: 'amira', acr_values: 'x', claims: '{"id_token":{"acr":{"essential":true,"value":"urn:unknown"}}}' })), 'unmet_authentication_requirements')
})

await t.test('one request and one redirect give a code that is worth what was asked for', async (t) => {
  const tokens = await redeem(await login({ sandgate_login: 'amira', scope: 'openid profile offline_access payments:read', nonce: 'n-1' }), 'n-1')
  t.match(tokens.claims(), { sub: amira.sub, aud: client.clientId, acr: undefined })
  t.match(decodeJwt(tokens.access_token), { aud: PAYMENTS, scope: /payments:read/ })
  t.type(tokens.refresh_token, 'string')
  t.match(await openid.fetchUserInfo(configuration, tokens.access_token, amira.sub), { name: 'amira of the tests' })
  t.match((await server.authz.consents.list(SANDBOX_A, amira.sub))[0], { clientId: client.clientId, scopes: ['openid', 'profile', 'offline_access', 'payments:read'] })
})

await t.test('a pushed request works as well', async (t) => {
  const answer = await login({ sandgate_login: 'amira' }, { isPushed: true })
  t.match((await redeem(answer)).claims(), { sub: amira.sub })
  const denied = await login({ sandgate_login: 'amira', sandgate_consent: 'deny' }, { isPushed: true })
  t.equal(errorOf(denied), 'access_denied')
})

await t.test('a signed request object works as well', async (t) => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const signing = await createClient(server.authz, { isHeadless: true, authMethod: 'private_key_jwt', jwks: { keys: [{ ...await exportJWK(publicKey) as JsonObject, kid: 'k', alg: 'ES256' }] } })
  const as = await discover(server, signing.clientId, openid.PrivateKeyJwt({ key: privateKey, kid: 'k' }))
  const verifier = openid.randomPKCECodeVerifier()
  const url = await openid.buildAuthorizationUrlWithJAR(as, { redirect_uri: REDIRECT_URI, scope: 'openid', code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', sandgate_login: 'amira' }, { key: privateKey, kid: 'k' })
  const response = await web(url)
  const tokens = await openid.authorizationCodeGrant(as, new URL(response.headers.get('location') ?? ''), { pkceCodeVerifier: verifier, idTokenExpected: true })
  t.equal(tokens.claims()?.sub, amira.sub)
})

await t.test('the right one-time code shows in acr and amr', async (t) => {
  const tokens = await redeem(await login({ sandgate_login: 'mfa', sandgate_otp: '123456', acr_values: 'urn:test:acr:2', claims: '{"id_token":{"amr":null}}' }))
  t.match(tokens.claims(), { sub: mfa.sub, acr: 'urn:test:acr:2', amr: ['pwd', 'otp', 'mfa'] })
})

await t.test('a client can demand the second factor of any user', async (t) => {
  const acr = { claims: JSON.stringify({ id_token: { acr: { essential: true, values: ['urn:test:acr:2'] } } }) }
  t.equal(errorOf(await login({ sandgate_login: 'amira', ...acr })), 'access_denied')
  t.match((await redeem(await login({ sandgate_login: 'amira', sandgate_otp: '123456', ...acr }))).claims(), { acr: 'urn:test:acr:2' })
})

await t.test('with a session, auth_time stays until max_age or prompt=login asks for a new sign-in', async (t) => {
  const claims = { claims: '{"id_token":{"auth_time":{"essential":true}}}' }
  const first = await login({ sandgate_login: 'amira', ...claims })
  const signedInAt = (await redeem(first)).claims()?.['auth_time'] as number
  await new Promise((resolve) => setTimeout(resolve, 1100))
  const second = await login({ sandgate_login: 'amira', ...claims, max_age: '3600' }, { cookies: first.cookies })
  t.equal((await redeem(second)).claims()?.['auth_time'], signedInAt)
  const third = await login({ sandgate_login: 'amira', ...claims, prompt: 'login' }, { cookies: second.cookies })
  t.ok(Number((await redeem(third)).claims()?.['auth_time']) > signedInAt)
  const other = await login({ sandgate_login: 'with-password', ...claims }, { cookies: third.cookies })
  t.not((await redeem(other)).claims()?.sub, amira.sub, 'another user signs in over the first one')
})

await t.test('a slow user is waited for', async (t) => {
  t.equal(errorOf(await login({ sandgate_login: 'slow' })), null)
  t.equal(server.waits.at(-1), 7000)
})

await t.test('authorization details are consented to and reach the token', async (t) => {
  const details = [{ type: ACCOUNT_TYPE, actions: ['read_balances'] }]
  const tokens = await redeem(await login({ sandgate_login: 'amira', authorization_details: JSON.stringify(details), resource: PAYMENTS }))
  t.same(tokens['authorization_details'], details)
  t.same((await server.authz.consents.list(SANDBOX_A, amira.sub))[0]?.authorizationDetails, details)
})
