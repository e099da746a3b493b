import t from 'tap'
import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, SignJWT, type JWK } from 'jose'
import * as openid from 'openid-client'
import { systemClock } from '../../kernel/index.ts'
import { basic, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { LEDGER, openTestServer, PAYMENTS } from '../support/authz-server.ts'

const server = await openTestServer()
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
const token = `${server.issuer}/oauth/token`

await t.test('a wrong secret is invalid_client, and the cause is told to us alone', async (t) => {
  const client = await createClient(server.authz)
  const reply = await postForm(web, token, { grant_type: 'client_credentials' }, basic(client.clientId, 'wrong'))
  t.equal(reply.status, 401)
  t.match(reply.headers.get('www-authenticate'), /^Basic realm="/)
  t.same(reply.json, { error: 'invalid_client', error_description: 'client authentication failed' })
  const failure = server.failures.at(-1)
  t.equal(failure?.endpoint, 'token')
  t.equal(failure?.clientId, client.clientId)
  t.match(failure?.detail, /invalid secret provided/)
})

await t.test('the stored hash of a secret does not authenticate', async (t) => {
  const client = await createClient(server.authz)
  const record = await server.stores.keyValue.get('oauth-client', client.clientId) as { secretHash: string }
  const reply = await postForm(web, token, { grant_type: 'client_credentials' }, basic(client.clientId, record.secretHash))
  t.equal(reply.status, 401)
  t.notMatch(JSON.stringify(record), client.clientSecret?.reveal() ?? 'none')
})

await t.test('a client that does not exist is invalid_client and owns no explanation', async (t) => {
  const reply = await postForm(web, token, { grant_type: 'client_credentials' }, basic('nobody', 'x'))
  t.equal(reply.status, 401)
  t.equal(server.failures.at(-1)?.clientId, undefined)
  t.match(server.failures.at(-1)?.detail, /client not found/)
})

await t.test('a scope that the client is not registered for is invalid_scope', async (t) => {
  const client = await createClient(server.authz, { scopes: ['payments:read'] })
  const reply = await postForm(web, token, { grant_type: 'client_credentials', scope: 'payments:write' }, basic(client.clientId, client.clientSecret?.reveal() ?? ''))
  t.equal(reply.status, 400)
  t.equal(reply.json['error'], 'invalid_scope')
})

await t.test('a grant that the client is not registered for is refused', async (t) => {
  const client = await createClient(server.authz, { grants: ['authorization_code'] })
  const reply = await postForm(web, token, { grant_type: 'client_credentials' }, basic(client.clientId, client.clientSecret?.reveal() ?? ''))
  t.equal(reply.status, 400)
  t.match(reply.json['error_description'], /grant type is not allowed for this client/)
})

await t.test('an audience that no API has is invalid_target', async (t) => {
  const client = await createClient(server.authz)
  const reply = await postForm(web, token, { grant_type: 'client_credentials', resource: 'https://elsewhere.example' }, basic(client.clientId, client.clientSecret?.reveal() ?? ''))
  t.equal(reply.json['error'], 'invalid_target')
})

await t.test('the secret in the form works for client_secret_post, and a token is by RFC 9068 and lives as long as the profile says', async (t) => {
  const client = await createClient(server.authz, { authMethod: 'client_secret_post' })
  const configuration = await discover(server, client.clientId, openid.ClientSecretPost(client.clientSecret?.reveal()))
  const reply = await openid.clientCredentialsGrant(configuration, { scope: 'payments:read payments:write' })
  const claims = decodeJwt(reply.access_token)
  t.match(decodeProtectedHeader(reply.access_token), { typ: 'at+jwt', alg: 'ES256', kid: 'test-key' })
  t.match(claims, { iss: server.issuer, aud: PAYMENTS, sub: client.clientId, client_id: client.clientId, scope: 'payments:read payments:write' })
  t.equal((claims.exp ?? 0) - (claims.iat ?? 0), 3600)
  t.equal(reply.expires_in, 3600)
  t.same(Object.keys(claims).sort(), ['aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'scope', 'sub'], 'and says nothing of the sandbox')
})

await t.test('a client that names no scope gets all that it may have at the API it asks for', async (t) => {
  const client = await createClient(server.authz)
  const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(client.clientSecret?.reveal()))
  const first = await openid.clientCredentialsGrant(configuration)
  t.equal(first.scope, 'payments:read payments:write')
  const other = await openid.clientCredentialsGrant(configuration, { resource: LEDGER })
  t.match(decodeJwt(other.access_token), { aud: LEDGER, scope: 'ledger:read' })
})

await t.test('private_key_jwt works with every audience of RFC 7523, at both doors, once', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const client = await createClient(server.authz, { authMethod: 'private_key_jwt', jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }) as JWK as Record<string, string>, kid: 'k1', alg: 'ES256' }] } })
  const assert = async (audience: string, jti: string) => await new SignJWT({ jti }).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).setIssuer(client.clientId).setSubject(client.clientId).setAudience(audience).setExpirationTime(Math.floor(systemClock.nowMs() / 1000) + 60).sign(privateKey)
  const ask = async (assertion: string, endpoint = token) => await postForm(web, endpoint, { grant_type: 'client_credentials', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion })
  t.equal((await ask(await assert('https://elsewhere.example/token', 'j0'))).status, 401, 'a foreign audience is refused')
  for (const [index, audience] of [server.issuer, token, `${server.mtlsOrigin}/oauth/token`].entries()) {
    t.equal((await ask(await assert(audience, `j1${index}`))).status, 200, audience)
    t.equal((await ask(await assert(audience, `j2${index}`), `${server.mtlsOrigin}/oauth/token`)).status, 200, `${audience} at the mutual-TLS door`)
  }
  const once = await assert(server.issuer, 'once')
  t.equal((await ask(once)).status, 200)
  t.equal((await ask(once)).status, 401, 'an assertion is good once')
  const configuration = await discover(server, client.clientId, openid.PrivateKeyJwt(await crypto.subtle.importKey('jwk', privateKey.export({ format: 'jwk' }) as never, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])))
  t.type((await openid.clientCredentialsGrant(configuration)).access_token, 'string')
})

await t.test('tls_client_auth: the registered subject is let in, another subject and no certificate are not, and the token is bound', async (t) => {
  const [own, other] = await Promise.all([server.issueCertificate('client one'), server.issueCertificate('client two')])
  const client = await createClient(server.authz, { authMethod: 'tls_client_auth', tlsSubjectDn: own.subjectDn })
  const asOther = createFetch(server, other)
  t.teardown(async () => { await asOther.close() })
  const form = { grant_type: 'client_credentials', client_id: client.clientId }
  t.equal((await postForm(asOther, `${server.mtlsOrigin}/oauth/token`, form)).status, 401)
  t.match(server.failures.at(-1)?.detail, /certificate subject value does not match/)
  t.equal((await postForm(web, token, form)).status, 401)
  const configuration = await discover(server, client.clientId, openid.TlsClientAuth(), own)
  const reply = await openid.clientCredentialsGrant(configuration)
  t.same(decodeJwt(reply.access_token)['cnf'], { 'x5t#S256': own.thumbprint })
})

await t.test('a client with a secret is bound too when it comes with a certificate, and is not when the profile does not bind', async (t) => {
  const certificate = await server.issueCertificate('any')
  const client = await createClient(server.authz)
  const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(client.clientSecret?.reveal()), certificate)
  t.same(decodeJwt((await openid.clientCredentialsGrant(configuration)).access_token)['cnf'], { 'x5t#S256': certificate.thumbprint })
  const lax = await openTestServer({ profile: { bindTokensToCertificates: false } })
  t.teardown(async () => { await lax.close() })
  const issued = await lax.issueCertificate('any')
  const unbound = await createClient(lax.authz)
  const reply = await openid.clientCredentialsGrant(await discover(lax, unbound.clientId, openid.ClientSecretBasic(unbound.clientSecret?.reveal()), issued))
  t.equal(decodeJwt(reply.access_token)['cnf'], undefined)
})

await t.test('metadata that cannot work is refused when the client is made', async (t) => {
  await t.rejects(createClient(server.authz, { scopes: [] }), { name: 'ClientRefused' })
  await t.rejects(createClient(server.authz, { scopes: ['no:such'] }), { name: 'ClientRefused' })
  await t.rejects(createClient(server.authz, { redirectUris: ['not a uri'] }), { name: 'ClientRefused' })
  await t.rejects(createClient(server.authz, { authMethod: 'tls_client_auth' }), { name: 'ClientRefused' })
  await t.rejects(createClient(server.authz, { authMethod: 'tls_client_auth', tlsSubjectDn: 'no name' }), { name: 'ClientRefused' })
  await t.rejects(createClient(server.authz, { authMethod: 'private_key_jwt' }), { name: 'ClientRefused' })
})

await t.test('a deleted client is let in no more, on any instance', async (t) => {
  const another = await server.openAnother()
  const client = await createClient(server.authz)
  t.match(await another.clients.get(client.clientId), { name: 'Test client' })
  t.equal(await server.authz.clients.delete(client.clientId), true)
  t.equal(await server.authz.clients.delete(client.clientId), false)
  t.equal(await another.clients.get(client.clientId), undefined)
  t.equal((await postForm(web, token, { grant_type: 'client_credentials' }, basic(client.clientId, client.clientSecret?.reveal() ?? ''))).status, 401)
})
