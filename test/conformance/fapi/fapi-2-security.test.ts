import t from 'tap'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as openid from 'openid-client'
import type { JsonObject } from '../../../kernel/index.ts'
import { Browser, createClient, createFetch, discover, postForm } from '../../support/authz-client.ts'
import { openTestServer, PAYMENTS, REDIRECT_URI, SANDBOX_A } from '../../support/authz-server.ts'

// FAPI 2.0 Security Profile (Final, February 2025): every requirement on the authorization server that can be seen from outside,
// each test named by its clause. The profile is one word of the configuration; all else is what the defaults leave open.

const server = await openTestServer({ profile: { security: 'fapi-2-security' } })
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira Haddad', email: 'amira@example.test' })

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey']
interface Party { readonly clientId: string, readonly key: Key, readonly configuration: openid.Configuration }

async function openParty (): Promise<Party> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const client = await createClient(server.authz, { authMethod: 'private_key_jwt', jwks: { keys: [{ ...await exportJWK(publicKey), kid: 'sig', alg: 'ES256', use: 'sig' }] as JsonObject[] } })
  return { clientId: client.clientId, key: privateKey, configuration: await discover(server, client.clientId, openid.PrivateKeyJwt({ key: privateKey, kid: 'sig' }, { [openid.modifyAssertion]: (_header, payload) => { payload['aud'] = server.issuer } })) }
}

const party = await openParty()
const endpoint = (name: string): string => `${server.issuer}/oauth/${name}`
const metadata = await (await web(`${server.issuer}/.well-known/openid-configuration`)).json() as Record<string, unknown>

async function assert (claims: Record<string, unknown> = {}, { key = party.key, clientId = party.clientId, alg = 'ES256' } = {}): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1000)
  const assertion = await new SignJWT({ iss: clientId, sub: clientId, aud: server.issuer, iat: now, exp: now + 60, jti: openid.randomState(), ...claims }).setProtectedHeader({ alg, kid: 'sig' }).sign(key)
  return { client_id: clientId, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion }
}

async function pushed (changes: Record<string, string> = {}, left: readonly string[] = []) {
  const verifier = openid.randomPKCECodeVerifier()
  const form: Record<string, string> = { response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid payments:read', state: 'abc', code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...await assert(), ...changes }
  return { verifier, answer: await postForm(web, endpoint('par'), Object.fromEntries(Object.entries(form).filter(([name]) => !left.includes(name)))) }
}

async function walk (requestUri: string): Promise<URL> {
  const browser = new Browser(web)
  let page = await browser.visit(`${endpoint('authorize')}?${new URLSearchParams({ client_id: party.clientId, request_uri: requestUri }).toString()}`)
  if (page.text.includes('Choose a test user')) page = await browser.press(page, 'amira')
  if (page.text.includes('>Allow<')) page = await browser.press(page, 'Allow')
  return new URL(page.url)
}

async function codeOf (changes: Record<string, string> = {}): Promise<{ code: string, verifier: string, callback: URL }> {
  const { verifier, answer } = await pushed(changes)
  const callback = await walk(String(answer.json['request_uri']))
  return { code: callback.searchParams.get('code') ?? '', verifier, callback }
}

/** A DPoP proof by a key of its own. */
async function prove (pair: Awaited<ReturnType<typeof generateKeyPair>>, htu: string, htm = 'POST', claims: Record<string, unknown> = {}): Promise<{ DPoP: string }> {
  const jwk = await exportJWK(pair.publicKey)
  return { DPoP: await new SignJWT({ htu, htm, jti: openid.randomState(), iat: Math.floor(Date.now() / 1000), ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).sign(pair.privateKey) }
}

await t.test('§5.3.2.1-1: metadata is published, and promises no more than the profile allows', async (t) => {
  t.equal(metadata['issuer'], server.issuer)
  t.same(metadata['response_types_supported'], ['code'])
  t.equal(metadata['require_pushed_authorization_requests'], true)
  t.same(metadata['code_challenge_methods_supported'], ['S256'])
  t.equal(metadata['authorization_response_iss_parameter_supported'], true)
  t.equal((await web(`${server.issuer}/.well-known/oauth-authorization-server`)).status, 200)
})

await t.test('§5.3.2.1-2: the password grant is rejected', async (t) => {
  t.match((await postForm(web, endpoint('token'), { grant_type: 'password', username: 'amira', password: 'x', ...await assert() })).json, { error: 'unsupported_grant_type' })
  t.notOk((metadata['grant_types_supported'] as string[]).includes('password'))
})

await t.test('§5.3.2.1-3: public clients cannot be made', async (t) => {
  await t.rejects(createClient(server.authz, { authMethod: 'none', grants: ['authorization_code'] }), { name: 'ClientRefused' })
})

await t.test('§5.3.2.1-4 and 5: without a certificate or a DPoP key there is no token; with either it is bound', async (t) => {
  const unbound = await postForm(web, endpoint('token'), { grant_type: 'client_credentials', scope: 'payments:read', ...await assert() })
  t.equal(unbound.status, 400)
  t.notOk(unbound.json['access_token'])
  const pair = await generateKeyPair('ES256', { extractable: true })
  const bound = await postForm(web, endpoint('token'), { grant_type: 'client_credentials', scope: 'payments:read', ...await assert() }, await prove(pair, endpoint('token')))
  t.equal(bound.json['token_type'], 'DPoP', bound.text)
  t.type((decodeJwt(String(bound.json['access_token']))['cnf'] as JsonObject)['jkt'], 'string')
  const certificate = await server.issueCertificate('fapi')
  const mtls = createFetch(server, certificate)
  t.teardown(async () => { await mtls.close() })
  const overMtls = await postForm(mtls, `${server.mtlsOrigin}/oauth/token`, { grant_type: 'client_credentials', scope: 'payments:read', ...await assert() })
  t.equal((decodeJwt(String(overMtls.json['access_token']))['cnf'] as JsonObject)['x5t#S256'], certificate.thumbprint)
  const { code, verifier } = await codeOf()
  const user = await postForm(web, endpoint('token'), { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: REDIRECT_URI, ...await assert() })
  t.notOk(user.json['access_token'], 'the code flow neither')
})

await t.test('§5.3.2.1-6: clients authenticate by private_key_jwt or mutual TLS alone', async (t) => {
  t.same([...(metadata['token_endpoint_auth_methods_supported'] as string[])].sort(), ['private_key_jwt', 'self_signed_tls_client_auth', 'tls_client_auth'])
  for (const authMethod of ['client_secret_basic', 'client_secret_post', 'client_secret_jwt']) await t.rejects(createClient(server.authz, { authMethod }), { name: 'ClientRefused' }, authMethod)
})

await t.test('§5.3.2.1-7: nothing redirects to where nobody registered', async (t) => {
  for (const path of ['authorize', 'logout']) {
    const answer = await web(`${endpoint(path)}?${new URLSearchParams({ client_id: party.clientId, redirect_uri: 'https://evil.example/', post_logout_redirect_uri: 'https://evil.example/', response_type: 'code' }).toString()}`)
    t.notMatch(answer.headers.get('location') ?? '', /evil\.example/, path)
  }
})

await t.test('§5.3.2.1-8: the audience of a client assertion is the issuer identifier, as a string', async (t) => {
  for (const aud of [endpoint('token'), [server.issuer], [server.issuer, endpoint('token')], 'https://elsewhere.example']) {
    t.match((await postForm(web, endpoint('token'), { grant_type: 'client_credentials', ...await assert({ aud }) })).json, { error: 'invalid_client' }, JSON.stringify(aud))
  }
})

await t.test('§5.3.2.1-9: refresh tokens are not rotated', async (t) => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const { code, verifier } = await codeOf({ scope: 'openid offline_access payments:read', prompt: 'consent' })
  const first = await postForm(web, endpoint('token'), { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: REDIRECT_URI, ...await assert() }, await prove(pair, endpoint('token')))
  t.type(first.json['refresh_token'], 'string', first.text)
  for (let count = 0; count < 2; count++) {
    const again = await postForm(web, endpoint('token'), { grant_type: 'refresh_token', refresh_token: String(first.json['refresh_token']), ...await assert() }, await prove(pair, endpoint('token')))
    t.equal(again.status, 200, again.text)
    t.ok([undefined, first.json['refresh_token']].includes(again.json['refresh_token']), 'the same one, or none')
  }
})

await t.test('§5.3.2.1-13: a JWT that begins 10 s from now is taken, one that begins more than 60 s from now is not', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  const ask = async (claims: Record<string, unknown>) => await postForm(web, endpoint('par'), { response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', ...await assert(claims) })
  t.equal((await ask({ iat: now + 9, nbf: now + 9, exp: now + 100 })).status, 201)
  t.match((await ask({ iat: now + 75, nbf: now + 75, exp: now + 150 })).json, { error: 'invalid_client' })
})

await t.test('§5.3.2.2-3: a request that was not pushed is rejected', async (t) => {
  const { answer } = await pushed()
  t.equal(answer.status, 201)
  const direct = await new Browser(web).visit(`${endpoint('authorize')}?${new URLSearchParams({ client_id: party.clientId, response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' }).toString()}`)
  t.equal(new URL(direct.url).searchParams.get('error') ?? server.failures.at(-1)?.error, 'invalid_request')
  t.notMatch(direct.text, /Choose a test user/)
})

await t.test('§5.3.2.2-4: pushed requests need client authentication', async (t) => {
  t.equal((await pushed({}, ['client_assertion', 'client_assertion_type'])).answer.status, 401)
  const other = (await generateKeyPair('ES256')).privateKey
  t.equal((await pushed(await assert({}, { key: other }))).answer.status, 401, 'by the client\'s own key')
})

await t.test('§5.3.2.2-5 and 6: PKCE with S256, or nothing', async (t) => {
  t.match((await pushed({}, ['code_challenge', 'code_challenge_method'])).answer.json, { error: 'invalid_request' })
  t.match((await pushed({ code_challenge_method: 'plain' })).answer.json, { error: 'invalid_request' })
  t.match((await pushed({}, ['code_challenge_method'])).answer.json, { error: 'invalid_request' })
})

await t.test('§5.3.2.2-7: redirect_uri is in the pushed request, and https', async (t) => {
  t.equal((await pushed({}, ['redirect_uri'])).answer.status, 400)
  t.equal((await pushed({ redirect_uri: 'https://client.example/other' })).answer.status, 400)
  t.equal((await pushed({ redirect_uri: 'http://client.example/callback' })).answer.status, 400)
})

await t.test('§5.3.2.2-8 to 11: the response names its issuer, and redirects are 303', async (t) => {
  const { callback } = await codeOf()
  t.equal(callback.searchParams.get('iss'), server.issuer)
  const { answer } = await pushed()
  const first = await web(`${endpoint('authorize')}?${new URLSearchParams({ client_id: party.clientId, request_uri: String(answer.json['request_uri']) }).toString()}`)
  t.equal(first.status, 303)
})

await t.test('§5.3.2.2-12: a request URI lives less than 600 s, is bound to its client, and is used once', async (t) => {
  const { answer } = await pushed()
  t.ok(Number(answer.json['expires_in']) < 600)
  const other = await openParty()
  const stolen = await new Browser(web).visit(`${endpoint('authorize')}?${new URLSearchParams({ client_id: other.clientId, request_uri: String(answer.json['request_uri']) }).toString()}`)
  t.notMatch(stolen.text, /Choose a test user/)
  t.ok((await walk(String(answer.json['request_uri']))).searchParams.get('code'))
  t.notOk((await walk(String(answer.json['request_uri']))).searchParams.get('code'))
})

await t.test('§5.3.2.2-13: codes live at most 60 s and are used once, the second use revokes', async (t) => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const { code, verifier } = await codeOf()
  const redeem = async () => await postForm(web, endpoint('token'), { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: REDIRECT_URI, ...await assert() }, await prove(pair, endpoint('token')))
  const good = await redeem()
  t.equal(good.status, 200, good.text)
  t.match((await redeem()).json, { error: 'invalid_grant' })
  t.match(await server.authz.verifyAccessToken(String(good.json['access_token']), { audiences: [PAYMENTS], requireBound: false }), { kind: 'refused' })
})

await t.test('§5.3.2.2-14: a code asked for with dpop_jkt is worth nothing to another key', async (t) => {
  const [pair, thief] = await Promise.all([generateKeyPair('ES256', { extractable: true }), generateKeyPair('ES256', { extractable: true })])
  const { calculateJwkThumbprint } = await import('jose')
  const { code, verifier } = await codeOf({ dpop_jkt: await calculateJwkThumbprint(await exportJWK(pair.publicKey)) })
  const answer = await postForm(web, endpoint('token'), { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: REDIRECT_URI, ...await assert() }, await prove(thief, endpoint('token')))
  t.match(answer.json, { error: 'invalid_grant' })
})

await t.test('§5.3.2.2-15: no CORS at the authorization endpoint', async (t) => {
  const answer = await web(endpoint('authorize'), { headers: { origin: 'https://client.example' } })
  t.equal(answer.headers.get('access-control-allow-origin'), null)
})

await t.test('§5.4.1: PS256, ES256 and EdDSA, nothing else', async (t) => {
  for (const member of ['token_endpoint_auth_signing_alg_values_supported', 'dpop_signing_alg_values_supported', 'id_token_signing_alg_values_supported', 'request_object_signing_alg_values_supported']) {
    for (const alg of (metadata[member] ?? []) as string[]) t.match(alg, /^(PS256|ES256|EdDSA|Ed25519)$/, member)
  }
  const rsa = await generateKeyPair('RS256', { extractable: true })
  const client = await createClient(server.authz, { authMethod: 'private_key_jwt', jwks: { keys: [{ ...await exportJWK(rsa.publicKey), kid: 'sig', use: 'sig' }] as JsonObject[] } })
  const answer = await postForm(web, endpoint('token'), { grant_type: 'client_credentials', ...await assert({}, { key: rsa.privateKey, clientId: client.clientId, alg: 'RS256' }) })
  t.match(answer.json, { error: 'invalid_client' }, 'RS256')
})

await t.test('a published client walks the whole flow: PAR, PKCE, DPoP, private_key_jwt', async (t) => {
  const pair = await openid.randomDPoPKeyPair('ES256')
  const handle = openid.getDPoPHandle(party.configuration, pair)
  const verifier = openid.randomPKCECodeVerifier()
  const url = await openid.buildAuthorizationUrlWithPAR(party.configuration, { redirect_uri: REDIRECT_URI, scope: 'openid payments:read', state: 'abc', code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' })
  const callback = await walk(url.searchParams.get('request_uri') ?? '')
  const tokens = await openid.authorizationCodeGrant(party.configuration, callback, { pkceCodeVerifier: verifier, expectedState: 'abc', idTokenExpected: true }, undefined, { DPoP: handle })
  t.equal(tokens.token_type, 'dpop')
  t.ok((await openid.fetchUserInfo(party.configuration, tokens.access_token, tokens.claims()?.sub ?? '', { DPoP: handle })).sub)
})
