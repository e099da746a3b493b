import t from 'tap'
import { connect, type TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { AuthorizationServer, TokenRequestPeek } from '../../authz/index.ts'
import { StoreUnavailable } from '../../stores/index.ts'
import { basic, createClient, createFetch, postForm } from '../support/authz-client.ts'
import { openTestServer } from '../support/authz-server.ts'

const peeks: TokenRequestPeek[] = []
const claims: Array<string | undefined> = []
const warnings: string[] = []
const onWarning = (warning: Error): void => { warnings.push(warning.message) }
process.on('warning', onWarning)

/** Reads ahead as the gateway does, before dispatch. */
function readAhead (app: FastifyInstance, authz: AuthorizationServer): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-from-a-hook', 'kept')
    claims.push(await authz.peekClaimedClient(request.raw))
    if (request.headers['x-skip'] === undefined) peeks.push(await authz.readTokenRequest(request.raw, 56 * 1024))
  })
}

const server = await openTestServer({ prepare: readAhead })
const web = createFetch(server)
t.teardown(async () => {
  process.off('warning', onWarning)
  await web.close()
  await server.close()
})
const token = `${server.issuer}/oauth/token`
const client = await createClient(server.authz)
const secret = client.clientSecret?.reveal() ?? ''

/** One request as bytes, to see what the server does with what no client library would send. */
async function sendRaw (text: string): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port: Number(new URL(server.issuer).port), servername: 'localhost', ca: server.ca })
  socket.end(text)
  const chunks: Buffer[] = []
  try {
    for await (const chunk of socket) chunks.push(chunk as Buffer)
  } catch {
    // The server may reset what it does not want to read.
  }
  return Buffer.concat(chunks).toString()
}

await t.test('a form that was read ahead reaches the token endpoint unchanged, and headers of hooks are kept', async (t) => {
  const reply = await postForm(web, token, { grant_type: 'client_credentials', scope: 'payments:read' }, basic(client.clientId, secret))
  t.equal(reply.status, 200)
  t.equal(reply.json['scope'], 'payments:read')
  t.equal(reply.headers.get('x-from-a-hook'), 'kept')
  t.equal(reply.headers.get('cache-control'), 'no-store')
  t.same(peeks.at(-1), { claimedClientId: client.clientId, grantType: 'client_credentials' })
  t.equal(claims.at(-1), client.clientId)
  t.equal((await postForm(web, token, { grant_type: 'client_credentials' }, { ...basic(client.clientId, secret), 'x-skip': '1' })).status, 200, 'also without reading ahead')
})

await t.test('the claimed client is found in the form, in an assertion and by certificate, and the user name in the form', async (t) => {
  await postForm(web, token, { grant_type: 'password', client_id: 'someone', username: 'amira' })
  t.same(peeks.at(-1), { claimedClientId: 'someone', username: 'amira', grantType: 'password' })
  await postForm(web, token, { client_assertion: `x.${Buffer.from('{"sub":"asserted"}').toString('base64url')}.y` })
  t.same(peeks.at(-1), { claimedClientId: 'asserted' })
  await postForm(web, token, { client_assertion: 'x.!!.y' })
  t.same(peeks.at(-1), {})
  const certificate = await server.issueCertificate('known by its subject')
  const mutual = createFetch(server, certificate)
  t.teardown(async () => { await mutual.close() })
  const tlsClient = await createClient(server.authz, { authMethod: 'tls_client_auth', tlsSubjectDn: certificate.subjectDn })
  await postForm(mutual, `${server.mtlsOrigin}/oauth/token`, {})
  t.equal(claims.at(-1), tlsClient.clientId)
})

await t.test('a body over the limit is invalid_request and known to be too large', async (t) => {
  const reply = await postForm(web, token, { grant_type: 'client_credentials', padding: 'x'.repeat(57 * 1024) }, basic(client.clientId, secret))
  t.equal(reply.status, 400)
  t.equal(reply.json['error'], 'invalid_request')
  t.same(peeks.at(-1), { claimedClientId: client.clientId, isTooLarge: true })
})

await t.test('another media type, a duplicate parameter and a broken Basic header are invalid_request', async (t) => {
  const send = async (body: string, headers: Record<string, string>) => {
    const reply = await web(token, { method: 'POST', body, headers })
    return [reply.status, (await reply.json() as { error: string }).error]
  }
  const form = 'application/x-www-form-urlencoded'
  t.same(await send('{"grant_type":"client_credentials"}', { 'content-type': 'application/json', ...basic(client.clientId, secret) }), [400, 'invalid_request'])
  t.same(await send('grant_type=client_credentials&grant_type=refresh_token', { 'content-type': form, ...basic(client.clientId, secret) }), [400, 'invalid_request'])
  for (const authorization of ['Basic', 'Basic !!!', `Basic ${Buffer.from('no colon').toString('base64')}`, `Basic ${Buffer.from('%zz:%zz').toString('base64')}`, 'Digest x', `Basic ${Buffer.from(`${client.clientId}:`).toString('base64')}`]) {
    t.same(await send('grant_type=client_credentials', { 'content-type': form, authorization }), [400, 'invalid_request'], authorization)
  }
  t.same(await send('', { 'content-type': form }), [400, 'invalid_request'])
})

await t.test('bytes that are no proper request never stop the server', async (t) => {
  const hosts = 'Host: localhost\r\n'
  for (const text of [
    `POST /oauth/token HTTP/1.1\r\n${hosts}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant`,
    `POST /oauth/token HTTP/1.1\r\n${hosts}Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `GET /oauth/authorize?client_id=%ff&scope[]=x&scope=a&scope=b&prompt=%00 HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`,
    `GET /oauth/authorize/%2e%2e HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`,
    `GET /interaction/%00 HTTP/1.1\r\n${hosts}Cookie: sandgate_interaction=%ff;;;=\r\nConnection: close\r\n\r\n`,
    `POST /interaction/x/login HTTP/1.1\r\n${hosts}Content-Length: 3\r\nConnection: close\r\n\r\nabc`,
    `GET /oauth/userinfo HTTP/1.1\r\n${hosts}Authorization: Bearer a b c\r\nConnection: close\r\n\r\n`,
    `GET /oauth/logout?id_token_hint=a.b.c HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`,
  ]) await sendRaw(text)
  t.equal(server.failures.some(({ error }) => error === 'server_error'), false, JSON.stringify(server.failures.filter(({ error }) => error === 'server_error').map(({ detail }) => detail)))
  t.equal((await postForm(web, token, { grant_type: 'client_credentials' }, basic(client.clientId, secret))).status, 200)
})

await t.test('discovery, redirects and links are built from the issuer, whatever the Host header and the door say', async (t) => {
  const expected = { issuer: server.issuer, token_endpoint: token, authorization_endpoint: `${server.issuer}/oauth/authorize`, jwks_uri: `${server.issuer}/oauth/jwks`, mtls_endpoint_aliases: { token_endpoint: `${server.mtlsOrigin}/oauth/token` }, tls_client_certificate_bound_access_tokens: true }
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
    const text = await sendRaw(`GET ${path} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n`)
    t.match(JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)), expected)
    t.notMatch(text, /evil\.example/)
    t.match(await (await web(`${server.mtlsOrigin}${path}`)).json(), expected)
  }
  const authorization = await sendRaw(`GET /oauth/authorize?client_id=${client.clientId}&response_type=code&scope=openid&code_challenge=${'x'.repeat(43)}&code_challenge_method=S256 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`)
  t.match(authorization, new RegExp(`location: ${server.issuer}/interaction/`, 'i'))
  t.match(authorization, /set-cookie: sandgate_interaction=[^;]+; path=\/interaction\/[^;]+; expires=[^;]+; samesite=lax; secure; httponly/i)
})

await t.test('what production has not is neither offered nor served', async (t) => {
  const plain = await openTestServer({ profile: { grants: ['client_credentials', 'authorization_code', 'refresh_token'], clientAuthenticationMethods: ['client_secret_basic'], dpop: 'off', pushedAuthorizationRequests: 'off', requestObjects: 'off', signedResponses: false, registration: 'off', introspectionJwt: false, userinfoJwt: false, encryption: false, claimsParameter: false, backchannelLogout: false, subjectTypes: ['public'], bindTokensToCertificates: false } })
  const other = createFetch(plain)
  t.teardown(async () => { await other.close(); await plain.close() })
  const metadata = await (await other(`${plain.issuer}/.well-known/openid-configuration`)).json() as Record<string, unknown>
  t.same(metadata['grant_types_supported'], ['authorization_code', 'refresh_token', 'client_credentials'])
  t.same(metadata['response_types_supported'], ['code'])
  t.same(metadata['response_modes_supported'], ['form_post', 'fragment', 'query'])
  t.same(metadata['token_endpoint_auth_methods_supported'], ['client_secret_basic'])
  t.same(metadata['subject_types_supported'], ['public'])
  for (const absent of ['registration_endpoint', 'device_authorization_endpoint', 'backchannel_authentication_endpoint', 'pushed_authorization_request_endpoint', 'dpop_signing_alg_values_supported', 'request_object_signing_alg_values_supported', 'authorization_signing_alg_values_supported', 'introspection_signing_alg_values_supported', 'userinfo_signing_alg_values_supported', 'id_token_encryption_alg_values_supported', 'backchannel_logout_supported']) t.notOk(absent in metadata, absent)
  t.equal(metadata['request_parameter_supported'] ?? false, false)
  t.equal(metadata['tls_client_certificate_bound_access_tokens'], false)
  for (const path of ['/oauth/par', '/oauth/device_authorization', '/oauth/bc-authorize', '/oauth/register']) t.equal((await other(`${plain.issuer}${path}`, { method: 'POST' })).status, 404, path)
  const reply = await postForm(web, token, { grant_type: 'password', username: 'a', password: 'b' }, basic(client.clientId, secret))
  t.equal(reply.json['error'], 'unsupported_grant_type')
})

await t.test('the published keys are public', async (t) => {
  const { keys } = await (await web(`${server.issuer}/oauth/jwks`)).json() as { keys: Array<Record<string, unknown>> }
  t.match(keys, [{ kid: 'test-key', alg: 'ES256', use: 'sig', kty: 'EC' }])
  t.notOk('d' in (keys[0] ?? {}))
})

await t.test('a lost store is a 503 that says to come back, and the cause is told to us', async (t) => {
  const lost = await openTestServer()
  const other = createFetch(lost)
  t.teardown(async () => { await other.close(); await lost.close() })
  const { keyValue } = lost.stores as { keyValue: { get: unknown } }
  keyValue.get = () => { throw new StoreUnavailable('gone') }
  const reply = await postForm(other, `${lost.issuer}/oauth/token`, { grant_type: 'client_credentials' }, basic('someone', 'x'))
  t.equal(reply.status, 503)
  t.equal(reply.json['error'], 'temporarily_unavailable')
  t.match(lost.failures.at(-1)?.detail, /gone/)
})

await t.test('reading ahead causes no warning of the library', (t) => {
  t.same(warnings.filter((message) => /parse|body/i.test(message)), [])
  t.end()
})
