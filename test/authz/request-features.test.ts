import t from 'tap'
import { CompactEncrypt, compactDecrypt, createRemoteJWKSet, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT, customFetch, type JWK } from 'jose'
import * as openid from 'openid-client'
import type { JsonObject } from '../../kernel/index.ts'
import { authorize, basic, Browser, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { openTestServer, PAYMENTS, PROFILE, REDIRECT_URI, SANDBOX_A } from '../support/authz-server.ts'

const CONSENT_TYPE = 'https://schemes.example/account-access'
const server = await openTestServer({ profile: { authorizationDetailsTypes: [CONSENT_TYPE], lifetimes: { ...PROFILE.lifetimes, pushedRequestMs: 300_000 } } })
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
const amira = await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira Haddad', email: 'amira@example.test' })

type SigningKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey']

interface Party { readonly configuration: openid.Configuration, readonly clientId: string, readonly secret: string, readonly privateKey: SigningKey, readonly privateJwk: JWK }

/** A client with a key pair, configured as the metadata says. */
async function openParty (metadata: JsonObject = {}): Promise<Party> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const encryption = await generateKeyPair('ECDH-ES+A256KW', { extractable: true })
  const privateJwk = { ...await exportJWK(encryption.privateKey), kid: 'enc', alg: 'ECDH-ES+A256KW' }
  const keys = [{ ...await exportJWK(publicKey), kid: 'sig', alg: 'ES256', use: 'sig' }, { ...await exportJWK(encryption.publicKey), kid: 'enc', alg: 'ECDH-ES+A256KW', use: 'enc' }]
  const client = await createClient(server.authz, { metadata, jwks: { keys } })
  const secret = client.clientSecret?.reveal() ?? ''
  return { configuration: await discover(server, client.clientId, openid.ClientSecretBasic(secret)), clientId: client.clientId, secret, privateKey, privateJwk }
}

const plain = await openParty()
const jwks = createRemoteJWKSet(new URL(`${server.issuer}/oauth/jwks`), { [customFetch]: web })

async function pkce (): Promise<{ verifier: string, parameters: Record<string, string> }> {
  const verifier = openid.randomPKCECodeVerifier()
  return { verifier, parameters: { redirect_uri: REDIRECT_URI, scope: 'openid payments:read', code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state: 'abc' } }
}

/** Signs in and consents on whatever pages come up. */
async function walk (url: URL): Promise<URL> {
  const browser = new Browser(web)
  let page = await browser.visit(url)
  if (page.text.includes('Choose a test user')) page = await browser.press(page, 'amira')
  if (page.text.includes('>Allow<')) page = await browser.press(page, 'Allow')
  return new URL(page.url)
}

await t.test('pushed requests (RFC 9126)', async (t) => {
  const { verifier, parameters } = await pkce()
  const unauthenticated = await postForm(web, `${server.issuer}/oauth/par`, { ...parameters, response_type: 'code', client_id: plain.clientId })
  t.equal(unauthenticated.status, 401, 'the client must authenticate')
  const pushed = await postForm(web, `${server.issuer}/oauth/par`, { ...parameters, client_id: plain.clientId, response_type: 'code' }, basic(plain.clientId, plain.secret))
  t.equal(pushed.status, 201, pushed.text)
  t.equal(pushed.json['expires_in'], 300, 'the profile\'s lifetime')
  const refused = await postForm(web, `${server.issuer}/oauth/par`, { ...parameters, client_id: plain.clientId, response_type: 'code', redirect_uri: 'https://evil.example/' }, basic(plain.clientId, plain.secret))
  t.equal(refused.status, 400)

  const url = new URL(`${server.issuer}/oauth/authorize`)
  url.search = new URLSearchParams({ client_id: plain.clientId, request_uri: String(pushed.json['request_uri']) }).toString()
  const callback = await walk(url)
  const tokens = await openid.authorizationCodeGrant(plain.configuration, callback, { pkceCodeVerifier: verifier, expectedState: 'abc', idTokenExpected: true })
  t.equal(tokens.claims()?.sub, amira.sub)
  t.match((await walk(url)).searchParams.get('error') ?? 'a page', /invalid_request_uri|a page/)
  t.match(server.failures.at(-1), { error: 'invalid_request_uri' }, 'a request URI is used once')
})

await t.test('signed request objects (RFC 9101) carry the request; a foreign key, none and changed parameters do not', async (t) => {
  const { verifier, parameters } = await pkce()
  const sign = async (key: SigningKey, claims: Record<string, unknown> = {}) => await new SignJWT({ ...parameters, response_type: 'code', client_id: plain.clientId, ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'sig' }).setIssuer(plain.clientId).setAudience(server.issuer).setIssuedAt().setNotBefore('0s').setExpirationTime('5m').setJti(openid.randomState()).sign(key)
  const at = (request: string): URL => new URL(`${server.issuer}/oauth/authorize?${new URLSearchParams({ client_id: plain.clientId, request, scope: 'openid', response_type: 'code' }).toString()}`)
  const other = (await generateKeyPair('ES256')).privateKey
  const unsecured = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ ...parameters, client_id: plain.clientId, response_type: 'code' })).toString('base64url')}.`
  for (const [name, request] of [['foreign key', await sign(other)], ['alg none', unsecured], ['garbage', 'x.y.z'], ['foreign issuer', await sign(plain.privateKey, { client_id: 'someone-else' })]] as const) {
    await walk(at(request))
    t.equal(server.failures.at(-1)?.error, 'invalid_request_object', name)
  }
  const callback = await walk(at(await sign(plain.privateKey)))
  const tokens = await openid.authorizationCodeGrant(plain.configuration, callback, { pkceCodeVerifier: verifier, expectedState: 'abc', idTokenExpected: true })
  t.equal(tokens.claims()?.sub, amira.sub)
})

await t.test('signed authorization responses (JARM) verify under the published keys', async (t) => {
  const { parameters } = await pkce()
  for (const mode of ['jwt', 'query.jwt']) {
    const callback = await walk(openid.buildAuthorizationUrl(plain.configuration, { ...parameters, response_mode: mode }))
    const { payload } = await jwtVerify(callback.searchParams.get('response') ?? '', jwks, { issuer: server.issuer, audience: plain.clientId })
    t.type(payload['code'], 'string')
    t.equal(payload['state'], 'abc')
    t.notOk(callback.searchParams.get('code'))
  }
})

await t.test('every authorization response names its issuer (RFC 9207)', async (t) => {
  const { parameters } = await pkce()
  t.equal((await walk(openid.buildAuthorizationUrl(plain.configuration, parameters))).searchParams.get('iss'), server.issuer)
  t.equal((await walk(openid.buildAuthorizationUrl(plain.configuration, { ...parameters, scope: 'nonsense' }))).searchParams.get('iss'), server.issuer, 'errors too')
})

await t.test('rich authorization requests (RFC 9396): asked, consented, in the token, in introspection; other types are refused', async (t) => {
  const details = [{ type: CONSENT_TYPE, actions: ['read'], identifier: 'acc-1' }]
  const { verifier, parameters } = await pkce()
  const wrong = await walk(openid.buildAuthorizationUrl(plain.configuration, { ...parameters, authorization_details: JSON.stringify([{ type: 'unknown' }]) }))
  t.equal(wrong.searchParams.get('error'), 'invalid_authorization_details')
  for (const broken of ['{', '{}', '[1]', '[{}]', JSON.stringify([{ type: CONSENT_TYPE, note: 'x'.repeat(5000) }])]) {
    t.equal((await walk(openid.buildAuthorizationUrl(plain.configuration, { ...parameters, authorization_details: broken }))).searchParams.get('error'), 'invalid_authorization_details', broken.slice(0, 20))
  }
  const callback = await walk(openid.buildAuthorizationUrl(plain.configuration, { ...parameters, scope: 'openid offline_access payments:read', authorization_details: JSON.stringify(details) }))
  const tokens = await openid.authorizationCodeGrant(plain.configuration, callback, { pkceCodeVerifier: verifier, expectedState: 'abc', idTokenExpected: true })
  t.same(tokens['authorization_details'], details)
  t.same(decodeJwt(tokens.access_token)['authorization_details'], details)
  t.same((await openid.tokenIntrospection(plain.configuration, tokens.access_token))['authorization_details'], details)
  const wider = await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '', authorization_details: JSON.stringify([{ type: CONSENT_TYPE, actions: ['write'] }]) }, basic(plain.clientId, plain.secret))
  t.equal(wider.json['error'], 'invalid_authorization_details', 'a refresh cannot widen them')
  const own = await openid.clientCredentialsGrant(plain.configuration, { scope: 'payments:read', authorization_details: JSON.stringify(details) })
  t.same(decodeJwt(own.access_token)['authorization_details'], details)
})

await t.test('the claims parameter (OpenID Connect Core §5.5) puts a claim into the ID token', async (t) => {
  const { callback, verifier, state } = await authorize(new Browser(web), plain.configuration, { user: 'amira', scope: 'openid payments:read', parameters: { claims: JSON.stringify({ id_token: { email: { essential: true } } }) } })
  const tokens = await openid.authorizationCodeGrant(plain.configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
  t.equal(tokens.claims()?.['email'], 'amira@example.test')
})

await t.test('pairwise subjects differ by sector and are stable within one (OpenID Connect Core §8.1)', async (t) => {
  const subjects = await Promise.all([openParty({ subject_type: 'pairwise' }), openParty({ subject_type: 'pairwise' })].map(async (opening) => {
    const { configuration } = await opening
    const { callback, verifier, state } = await authorize(new Browser(web), configuration, { user: 'amira' })
    const tokens = await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
    const sub = tokens.claims()?.sub ?? ''
    t.equal((await openid.fetchUserInfo(configuration, tokens.access_token, sub)).sub, sub, 'userinfo says the same')
    t.equal((await openid.tokenIntrospection(configuration, tokens.access_token)).sub, sub, 'introspection says the same')
    t.equal(decodeJwt(tokens.access_token).sub, sub, 'the access token says the same')
    return sub
  }))
  t.not(subjects[0], amira.sub)
  t.equal(subjects[0], subjects[1], 'both clients are at client.example')
})

await t.test('ID tokens are encrypted to clients that register a key for it (OpenID Connect Core §2)', async (t) => {
  const party = await openParty({ id_token_encrypted_response_alg: 'ECDH-ES+A256KW', id_token_encrypted_response_enc: 'A256GCM' })
  const { callback, verifier } = await authorize(new Browser(web), party.configuration, { user: 'amira' })
  const answer = await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'authorization_code', code: callback.searchParams.get('code') ?? '', redirect_uri: REDIRECT_URI, code_verifier: verifier }, basic(party.clientId, party.secret))
  const { plaintext, protectedHeader } = await compactDecrypt(String(answer.json['id_token']), await importJWK(party.privateJwk, 'ECDH-ES+A256KW'))
  t.match(protectedHeader, { alg: 'ECDH-ES+A256KW', enc: 'A256GCM', cty: 'JWT' })
  const { payload } = await jwtVerify(new TextDecoder().decode(plaintext), jwks, { issuer: server.issuer, audience: party.clientId })
  t.equal(payload.sub, amira.sub)
})

await t.test('introspection and userinfo come as signed JWT where registered or asked for (RFC 9701, OpenID Connect Core §5.3.2)', async (t) => {
  const party = await openParty({ userinfo_signed_response_alg: 'ES256' })
  const { callback, verifier, state } = await authorize(new Browser(web), party.configuration, { user: 'amira' })
  const tokens = await openid.authorizationCodeGrant(party.configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
  const form = { 'content-type': 'application/x-www-form-urlencoded', ...basic(party.clientId, party.secret) }
  const introspected = await web(`${server.issuer}/oauth/introspect`, { method: 'POST', headers: { ...form, accept: 'application/token-introspection+jwt' }, body: new URLSearchParams({ token: tokens.access_token }).toString() })
  t.match(introspected.headers.get('content-type'), /application\/token-introspection\+jwt/)
  const told = await introspected.text()
  t.equal(decodeProtectedHeader(told).typ, 'token-introspection+jwt')
  t.match((await jwtVerify(told, jwks, { issuer: server.issuer, audience: party.clientId })).payload['token_introspection'], { active: true, aud: PAYMENTS })
  const userinfo = await web(`${server.issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
  t.match(userinfo.headers.get('content-type'), /application\/jwt/)
  t.equal((await jwtVerify(await userinfo.text(), jwks, { issuer: server.issuer, audience: party.clientId })).payload.sub, amira.sub)
})

await t.test('a request object encrypted with a key of nobody is refused', async (t) => {
  const { publicKey } = await generateKeyPair('RSA-OAEP-256')
  const request = await new CompactEncrypt(new TextEncoder().encode('{}')).setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' }).encrypt(publicKey)
  await walk(new URL(`${server.issuer}/oauth/authorize?${new URLSearchParams({ client_id: plain.clientId, request, scope: 'openid', response_type: 'code' }).toString()}`))
  t.equal(server.failures.at(-1)?.error, 'invalid_request_object')
})
