import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, exportJWK, generateKeyPair } from 'jose'
import * as openid from 'openid-client'
import t from 'tap'
import { systemClock, type JsonObject } from '../../kernel/index.ts'
import { authorize, Browser, createFetch, discover } from '../support/authz-client.ts'
import { createForeignCertificate } from '../support/certs-foreign.ts'
import { startTestGateway } from '../support/gateway.ts'
import { oauthError } from '../support/oauth-error.ts'

/** Every way to authenticate at the token endpoint, by openid-client, through the doors of an installation. */
// So many wrong secrets from one address are an attack elsewhere.
const sandgate = await startTestGateway({ 'abuse.mode': 'report' })
t.teardown(sandgate.stop)
const sandbox = await sandgate.newSandbox()
const key = sandbox.key.reveal()
const server = { issuer: sandgate.publicUrl, ca: sandgate.authorityPem }

interface Pair { readonly certificatePem: string, readonly keyPem: string }

async function register (method: string, body: JsonObject = {}, token = key): Promise<Record<string, string>> {
  const made = await sandgate.call('POST', '/sandbox/clients', { token, body: { name: method, token_endpoint_auth_method: method, ...body } })
  if (made.status !== 201) throw new Error(`${method}: ${made.status} ${made.text}`)
  return made.json as Record<string, string>
}

async function ask (id: string, auth: openid.ClientAuth, pair?: Pair): Promise<openid.TokenEndpointResponse> {
  return await openid.clientCredentialsGrant(await discover(server, id, auth, pair as never), { scope: 'payments:read' })
}

/** A certificate that an authority of nobody's issued to itself. */
async function selfSign (name: string, days: readonly [number, number] = [-1, 1]): Promise<Pair & { readonly x5c: string[], readonly jwk: JsonObject }> {
  const nowMs = systemClock.nowMs()
  const made = await createForeignCertificate({ name: `CN=${name}`, fromMs: nowMs + days[0] * 86_400_000, untilMs: nowMs + days[1] * 86_400_000 })
  return { certificatePem: made.pem, keyPem: made.keyPem, x5c: [made.der.toString('base64')], jwk: await exportJWK(made.key) }
}

function publicJwk ({ d: _d, ...jwk }: JsonObject): JsonObject {
  return jwk
}

/** What openid-client throws differs with the WWW-Authenticate header; that it was 401 does not. */
const REFUSED = { status: 401 } as unknown as Error

await t.test('a secret works in the way that the client registered; a password is no assertion, and the other way round', async (t) => {
  const methods = { client_secret_basic: openid.ClientSecretBasic, client_secret_post: openid.ClientSecretPost, client_secret_jwt: openid.ClientSecretJwt }
  for (const [method, create] of Object.entries(methods)) {
    const { client_id: id = '', client_secret: secret = '' } = await register(method)
    t.type((await ask(id, create(secret))).access_token, 'string', method)
    for (const [other, wrong] of Object.entries(methods)) {
      await t.rejects(ask(id, wrong('wrong')), REFUSED, `${method} by ${other} with another secret`)
      if ((method === 'client_secret_jwt') !== (other === 'client_secret_jwt')) await t.rejects(ask(id, wrong(secret)), REFUSED, `${method} by ${other}`)
    }
  }
})

await t.test('private_key_jwt works with each algorithm; another key and a key of another algorithm do not', async (t) => {
  for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'Ed25519', 'EdDSA']) {
    const { publicKey, privateKey } = await generateKeyPair(alg)
    // The library signs with Ed25519 by the name of RFC 9864; RFC 8037 calls it EdDSA.
    const sign = (key: typeof privateKey) => openid.PrivateKeyJwt({ key, kid: 'k1' }, alg === 'EdDSA' ? { [openid.modifyAssertion]: (header) => { header['alg'] = alg } } : undefined)
    const { client_id: id = '' } = await register('private_key_jwt', { jwks: { keys: [{ ...await exportJWK(publicKey) as JsonObject, kid: 'k1', alg }] }, token_endpoint_auth_signing_alg: alg })
    t.type((await ask(id, sign(privateKey))).access_token, 'string', alg)
    await t.rejects(ask(id, sign((await generateKeyPair(alg)).privateKey)), REFUSED, 'another key')
    await t.rejects(ask(id, openid.PrivateKeyJwt({ key: (await generateKeyPair(alg === 'ES256' ? 'ES384' : 'ES256')).privateKey, kid: 'k1' })), REFUSED, 'another algorithm')
    await sandgate.call('DELETE', `/sandbox/clients/${id}`, { token: key })
  }
})

await t.test('keys behind jwks_uri are fetched, also after they were replaced; from where nobody has business they are not', async (t) => {
  let keys: JsonObject[] = []
  const host = createServer((_request, response) => { response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys })) }).listen(0, '127.0.0.1')
  t.teardown(() => host.close())
  const [first, second] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')]
  keys = [{ ...await exportJWK(first.publicKey) as JsonObject, kid: 'k1' }]
  const { client_id: id = '' } = await register('private_key_jwt', { jwks_uri: `http://127.0.0.1:${(host.address() as AddressInfo).port}/jwks` })
  t.type((await ask(id, openid.PrivateKeyJwt({ key: first.privateKey, kid: 'k1' }))).access_token, 'string')
  await t.rejects(ask(id, openid.PrivateKeyJwt({ key: second.privateKey, kid: 'k2' })), REFUSED)
  for (const uri of ['http://169.254.169.254/latest', 'https://10.0.0.1/jwks', 'http://[fd00::1]/jwks', 'ftp://client.example/jwks', 'https://user:pass@client.example/jwks']) {
    const refused = await sandgate.call('POST', '/sandbox/clients', { token: key, body: { name: 'x', token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri } })
    t.match(refused, { status: 422, json: { code: 'request_invalid', detail: /^jwks_uri/ } }, uri)
  }
})

await t.test('tls_client_auth by subject and by each kind of alternative name; another certificate does not do', async (t) => {
  const certify = async (sans: JsonObject[] = [], token = key): Promise<Pair & { readonly subjectDn: string }> => {
    const { json } = await sandgate.call('POST', '/sandbox/certificates', { token, body: { sans } })
    return { certificatePem: json.certificate as string, keyPem: json.private_key as string, subjectDn: json.subject_dn as string }
  }
  const other = await certify()
  const plain = await certify()
  const cases: ReadonlyArray<readonly [JsonObject, Pair]> = [
    [{ tls_client_auth_subject_dn: plain.subjectDn }, plain],
    [{ tls_client_auth_san_dns: 'shop.example' }, await certify([{ type: 'dns', value: 'shop.example' }])],
    [{ tls_client_auth_san_uri: 'urn:example:shop' }, await certify([{ type: 'uri', value: 'urn:example:shop' }])],
    [{ tls_client_auth_san_ip: '192.0.2.7' }, await certify([{ type: 'ip', value: '192.0.2.7' }])],
    [{ tls_client_auth_san_email: 'ops@shop.example' }, await certify([{ type: 'email', value: 'ops@shop.example' }])],
  ]
  for (const [name, pair] of cases) {
    const { client_id: id = '' } = await register('tls_client_auth', name)
    const { access_token: token } = await ask(id, openid.TlsClientAuth(), pair)
    t.ok((decodeJwt(token)['cnf'] as JsonObject)['x5t#S256'], JSON.stringify(name))
    await t.rejects(ask(id, openid.TlsClientAuth(), other), REFUSED)
  }
  const stranger = (await sandgate.newSandbox()).key.reveal()
  t.match(await sandgate.call('POST', '/sandbox/certificates', { token: stranger, body: { sans: [{ type: 'dns', value: 'shop.example' }] } }), { status: 409 }, 'nobody else gets a certificate for the name')
  t.match(await sandgate.call('POST', '/sandbox/clients', { token: stranger, body: { name: 'x', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'shop.example' } }), { status: 422, json: { detail: /belongs to another sandbox/ } })
})

await t.test('self_signed_tls_client_auth: the registered certificate authenticates its client and binds its tokens, and nothing else', async (t) => {
  const [own, foreign, expired] = [await selfSign('own'), await selfSign('foreign'), await selfSign('old', [-3, -2])]
  t.match(await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: own }), { status: 401, json: { code: 'certificate_untrusted' } }, 'before it is registered')
  const { client_id: id = '' } = await register('self_signed_tls_client_auth', { jwks: { keys: [own, expired].map(({ jwk, x5c }) => ({ ...publicJwk(jwk), x5c })) } })
  const { access_token: token } = await ask(id, openid.TlsClientAuth(), own)
  t.equal((await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: own, token })).status, 200, 'with its bound token')
  t.match(await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: sandbox, token }), { status: 401, json: { code: 'token_binding_mismatch' } }, 'not with another certificate')
  t.match(await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: own }), { status: 401, json: { code: 'token_missing' } }, 'the certificate alone is no token')
  t.match(await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: foreign, token }), { status: 401, json: { code: 'certificate_untrusted' } })
  t.match(await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: expired, token }), { status: 401, json: { code: 'certificate_expired' } }, 'a registered one that is over')

  const asked = async (clientId: string): Promise<number> => (await sandgate.call('POST', '/oauth/token', { door: 'mtls', certificate: own, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `grant_type=client_credentials&client_id=${clientId}` })).status
  t.equal(await asked(sandbox.mtlsClient.id), 401, 'another client, of tls_client_auth')
  const copycat = await selfSign('copycat')
  const twin = await register('self_signed_tls_client_auth', { jwks: { keys: [{ ...publicJwk(copycat.jwk), x5c: copycat.x5c }] } })
  t.equal(await asked(twin['client_id'] ?? ''), 401, 'another client of the same method')

  t.equal((await sandgate.call('DELETE', `/sandbox/clients/${id}`, { token: key })).status, 204)
  t.equal(await asked(id), 401, 'a deleted client')
  t.match(await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: own, token }), { status: 401 })
})

await t.test('a certificate that names another client\'s subject, or our authority\'s, proves no name by being registered', async (t) => {
  const nowMs = systemClock.nowMs()
  const forged = await createForeignCertificate({ name: sandbox.mtlsClient.subjectDn, fromMs: nowMs - 60_000, untilMs: nowMs + 3_600_000, alternativeNames: [{ type: 'dns', value: 'forged.example' }] })
  const pair = { certificatePem: forged.pem, keyPem: forged.keyPem }
  const { client_id: named = '' } = await register('tls_client_auth', { tls_client_auth_san_dns: 'forged.example' })
  await register('self_signed_tls_client_auth', { jwks: { keys: [{ ...publicJwk(await exportJWK(forged.key)), x5c: [forged.der.toString('base64')] }] } })
  await t.rejects(ask(sandbox.mtlsClient.id, openid.TlsClientAuth(), pair), REFUSED)
  await t.rejects(ask(named, openid.TlsClientAuth(), pair), REFUSED)
})

await t.test('none: a public client signs users in with PKCE, not without, and gets no token of its own', async (t) => {
  const { client_id: id = '' } = await register('none', { redirect_uris: ['https://client.example/cb'], scope: 'openid payments:read' })
  await t.rejects(ask(id, openid.None()), oauthError('unauthorized_client'))
  const configuration = await discover(server, id, openid.None())
  const fetcher = createFetch(server)
  t.teardown(fetcher.close)
  const browser = new Browser(fetcher)
  const { callback, verifier, state } = await authorize(browser, configuration, { user: 'amira', scope: 'openid payments:read', redirectUri: 'https://client.example/cb' })
  await t.rejects(openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: openid.randomPKCECodeVerifier(), expectedState: state }), oauthError('invalid_grant'))
  const again = await authorize(browser, configuration, { user: 'amira', scope: 'openid payments:read', redirectUri: 'https://client.example/cb' })
  t.type((await openid.authorizationCodeGrant(configuration, again.callback, { pkceCodeVerifier: again.verifier, expectedState: again.state })).access_token, 'string')
  t.ok(verifier)
  const plain = await browser.visit(openid.buildAuthorizationUrl(configuration, { redirect_uri: 'https://client.example/cb', scope: 'openid' }))
  t.equal(new URL(plain.url).searchParams.get('error'), 'invalid_request')
})

await t.test('a grant that the client lacks is unauthorized_client (RFC 6749 §5.2)', async (t) => {
  const { client_id: id = '', client_secret: secret = '' } = await register('client_secret_post', { grant_types: ['authorization_code'], redirect_uris: ['https://client.example/cb'] })
  const form = async (path: string, fields: Record<string, string>) => await sandgate.call('POST', path, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ client_id: id, client_secret: secret, ...fields }).toString() })
  for (const grant of ['client_credentials', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']) {
    t.match(await form('/oauth/token', { grant_type: grant }), { status: 400, json: { error: 'unauthorized_client' } }, grant)
  }
  t.match(await form('/oauth/device_authorization', { scope: 'openid' }), { status: 400, json: { error: 'unauthorized_client' } })
  t.match(await form('/oauth/token', { grant_type: 'password' }), { status: 400, json: { error: 'unsupported_grant_type' } })
})

await t.test('the answer says what scope was granted whenever it is not what was asked for (RFC 6749 §3.3)', async (t) => {
  const { client_id: id = '', client_secret: secret = '' } = await register('client_secret_basic')
  const scopeFor = async (scope: string): Promise<string | undefined> => (await openid.clientCredentialsGrant(await discover(server, id, openid.ClientSecretBasic(secret)), { scope })).scope
  t.equal(await scopeFor('payments:read unknown:scope'), 'payments:read')
  t.equal(await scopeFor('unknown:scope'), '', 'nothing of it')
  t.equal(await scopeFor('payments:read'), 'payments:read')
})
