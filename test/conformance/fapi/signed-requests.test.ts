import t from 'tap'
import { createRemoteJWKSet, customFetch, decodeJwt, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import * as openid from 'openid-client'
import type { JsonObject } from '../../../kernel/index.ts'
import { Browser, createClient, createFetch, discover, postForm } from '../../support/authz-client.ts'
import { openTestServer, REDIRECT_URI, SANDBOX_A, type TestServer } from '../../support/authz-server.ts'

// FAPI 2.0 Message Signing (Final, September 2025) and FAPI 1.0 Part 2: Advanced: what they ask of an authorization server
// beyond the Security Profile, each test named by its clause.

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey']

async function open (security: 'fapi-2-message-signing' | 'fapi-1-advanced') {
  const server = await openTestServer({ profile: { security } })
  const web = createFetch(server)
  t.teardown(async () => { await web.close(); await server.close() })
  await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira Haddad', email: 'amira@example.test' })
  const { publicKey, privateKey } = await generateKeyPair('PS256', { extractable: true })
  const client = await createClient(server.authz, { authMethod: 'private_key_jwt', jwks: { keys: [{ ...await exportJWK(publicKey), kid: 'sig', alg: 'PS256', use: 'sig' }] as JsonObject[] } })
  return { server, web, key: privateKey, clientId: client.clientId }
}

type Site = Awaited<ReturnType<typeof open>>

async function sign ({ server, key, clientId }: Site, claims: Record<string, unknown> = {}, { by = key, alg = 'PS256' }: { by?: Key | Uint8Array, alg?: string } = {}) {
  const now = Math.floor(Date.now() / 1000)
  const verifier = openid.randomPKCECodeVerifier()
  const request = await new SignJWT({
    iss: clientId,
    aud: server.issuer,
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: openid.randomState(),
    client_id: clientId,
    response_type: 'code',
    response_mode: 'jwt',
    redirect_uri: REDIRECT_URI,
    scope: 'openid payments:read',
    state: 'abc',
    nonce: 'n-0S6',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...claims,
  }).setProtectedHeader({ alg, kid: 'sig', typ: 'oauth-authz-req+jwt' }).sign(by)
  return { request, verifier, now }
}

async function authenticate ({ server, key, clientId }: Site): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1000)
  const assertion = await new SignJWT({ iss: clientId, sub: clientId, aud: server.issuer, iat: now, exp: now + 60, jti: openid.randomState() }).setProtectedHeader({ alg: 'PS256', kid: 'sig' }).sign(key)
  return { client_id: clientId, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion }
}

async function push (site: Site, form: Record<string, string>) {
  return await postForm(site.web, `${site.server.issuer}/oauth/par`, { ...form, ...await authenticate(site) })
}

async function walk ({ server, web, clientId }: Site, parameters: Record<string, string>): Promise<URL> {
  const browser = new Browser(web)
  let page = await browser.visit(`${server.issuer}/oauth/authorize?${new URLSearchParams({ client_id: clientId, ...parameters }).toString()}`)
  if (page.text.includes('Choose a test user')) page = await browser.press(page, 'amira')
  if (page.text.includes('>Allow<')) page = await browser.press(page, 'Allow')
  return new URL(page.url)
}

function keysOf ({ issuer }: TestServer, web: Site['web']) {
  return createRemoteJWKSet(new URL(`${issuer}/oauth/jwks`), { [customFetch]: web })
}

const signing = await open('fapi-2-message-signing')
const advanced = await open('fapi-1-advanced')

await t.test('FAPI 2.0 Message Signing §5.3.1: a pushed request is a signed request object, or nothing', async (t) => {
  const metadata = await (await signing.web(`${signing.server.issuer}/.well-known/openid-configuration`)).json() as Record<string, unknown>
  t.equal(metadata['require_signed_request_object'], true)
  t.same((metadata['response_modes_supported'] as string[]).includes('jwt'), true)
  const plain = await push(signing, { response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })
  t.equal(plain.status, 400, 'an unsigned request')
  const now = Math.floor(Date.now() / 1000)
  for (const [name, claims, options] of [
    ['no aud', { aud: undefined }, {}],
    ['foreign aud', { aud: 'https://elsewhere.example' }, {}],
    ['no exp', { exp: undefined }, {}],
    ['no nbf', { nbf: undefined }, {}],
    ['nbf more than an hour ago', { nbf: now - 3700, exp: now + 60 }, {}],
    ['exp more than an hour after nbf', { exp: now + 3700 }, {}],
    ['expired', { nbf: now - 300, exp: now - 60 }, {}],
    ['RS256', {}, { alg: 'RS256', by: (await generateKeyPair('RS256')).privateKey }],
    ['HS256', {}, { alg: 'HS256', by: new TextEncoder().encode('x'.repeat(32)) }],
    ['a foreign key', {}, { by: (await generateKeyPair('PS256')).privateKey }],
  ] as const) {
    const { request } = await sign(signing, claims, options)
    const answer = await push(signing, { request })
    t.equal(answer.status, 400, name)
    t.match(String(answer.json['error']), /^invalid_request(_object)?$/, name)
  }
})

await t.test('FAPI 2.0 Message Signing §5.4.1: the authorization response is a signed JWT that lives ten minutes at most; a plain one cannot be had', async (t) => {
  const { request, now } = await sign(signing)
  const answer = await push(signing, { request })
  t.equal(answer.status, 201, answer.text)
  const callback = await walk(signing, { request_uri: String(answer.json['request_uri']) })
  const { payload, protectedHeader } = await jwtVerify(callback.searchParams.get('response') ?? '', keysOf(signing.server, signing.web), { issuer: signing.server.issuer, audience: signing.clientId })
  t.match(protectedHeader.alg, /^(PS256|ES256|EdDSA)$/)
  t.ok((payload.exp ?? Infinity) - now <= 660)
  t.match(payload, { state: 'abc' })
  t.notOk(callback.searchParams.get('code'))
  for (const mode of ['query', undefined]) {
    const plain = await push(signing, { request: (await sign(signing, { response_mode: mode })).request })
    const reached = plain.status === 201 ? await walk(signing, { request_uri: String(plain.json['request_uri']) }) : undefined
    t.notOk(reached?.searchParams.get('code'), `response_mode ${mode ?? 'left out'}`)
  }
})

await t.test('FAPI 2.0 Message Signing §5.5: introspection answers are signed for whoever asks', async (t) => {
  const certificate = await signing.server.issueCertificate('rs')
  const mtls = createFetch(signing.server, certificate)
  t.teardown(async () => { await mtls.close() })
  const token = await postForm(mtls, `${signing.server.mtlsOrigin}/oauth/token`, { grant_type: 'client_credentials', scope: 'payments:read', ...await authenticate(signing) })
  const answer = await postForm(signing.web, `${signing.server.issuer}/oauth/introspect`, { token: String(token.json['access_token']), ...await authenticate(signing) }, { accept: 'application/token-introspection+jwt' })
  t.match((await jwtVerify(answer.text, keysOf(signing.server, signing.web), { issuer: signing.server.issuer })).payload['token_introspection'], { active: true })
})

await t.test('FAPI 1.0 Advanced §5.2.2-1, 10, 13, 14, 15: a signed request object with exp, nbf and aud, or nothing; strong client authentication', async (t) => {
  const metadata = await (await advanced.web(`${advanced.server.issuer}/.well-known/openid-configuration`)).json() as Record<string, unknown>
  t.same([...(metadata['token_endpoint_auth_methods_supported'] as string[])].sort(), ['private_key_jwt', 'self_signed_tls_client_auth', 'tls_client_auth'])
  const plain = await walk(advanced, { response_type: 'code', response_mode: 'jwt', redirect_uri: REDIRECT_URI, scope: 'openid', nonce: 'n', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })
  t.notOk(plain.pathname.startsWith('/interaction'))
  const now = Math.floor(Date.now() / 1000)
  for (const claims of [{ exp: undefined }, { nbf: undefined }, { aud: undefined }, { exp: now + 7200 }]) {
    await walk(advanced, { request: (await sign(advanced, claims)).request, scope: 'openid', response_type: 'code' })
    t.equal(advanced.server.failures.at(-1)?.error, 'invalid_request_object', JSON.stringify(claims))
  }
  await t.rejects(createClient(advanced.server.authz, { authMethod: 'client_secret_basic' }), { name: 'ClientRefused' })
})

await t.test('FAPI 1.0 Advanced §5.2.2-2 and 3: code needs a signed response; §5.2.2-5 and 6: tokens are bound to the certificate', async (t) => {
  const plain = await walk(advanced, { request: (await sign(advanced, { response_mode: undefined })).request, scope: 'openid', response_type: 'code' })
  t.notOk(plain.searchParams.get('code'))
  const { request, verifier } = await sign(advanced)
  const callback = await walk(advanced, { request, scope: 'openid', response_type: 'code' })
  const { payload } = await jwtVerify(callback.searchParams.get('response') ?? '', keysOf(advanced.server, advanced.web), { issuer: advanced.server.issuer, audience: advanced.clientId })
  const form = { grant_type: 'authorization_code', code: String(payload['code']), code_verifier: verifier, redirect_uri: REDIRECT_URI }
  const certificate = await advanced.server.issueCertificate('tpp')
  const mtls = createFetch(advanced.server, certificate)
  t.teardown(async () => { await mtls.close() })
  const answer = await postForm(mtls, `${advanced.server.mtlsOrigin}/oauth/token`, { ...form, ...await authenticate(advanced) })
  t.equal(answer.status, 200, answer.text)
  t.equal((decodeJwt(String(answer.json['access_token']))['cnf'] as JsonObject)['x5t#S256'], certificate.thumbprint)
  t.notOk((await postForm(advanced.web, `${advanced.server.issuer}/oauth/token`, { grant_type: 'client_credentials', ...await authenticate(advanced) })).json['access_token'], 'unbound')
})

await t.test('FAPI 1.0 Advanced §8.6: PS256 and ES256 alone', async (t) => {
  const rsa = await generateKeyPair('RS256')
  await walk(advanced, { request: (await sign(advanced, {}, { alg: 'RS256', by: rsa.privateKey })).request, scope: 'openid', response_type: 'code' })
  t.equal(advanced.server.failures.at(-1)?.error, 'invalid_request_object')
})

await t.test('each profile is one word: a published client is configured by discovery alone', async (t) => {
  for (const site of [signing, advanced]) t.ok((await discover(site.server, site.clientId, openid.PrivateKeyJwt({ key: site.key, kid: 'sig' }))).serverMetadata().issuer)
})
