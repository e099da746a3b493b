import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { JsonObject } from '../../kernel/index.ts'
import { startTestGateway, type Answer, type CallOptions } from '../support/gateway.ts'
import { answerJson, ledgerYaml, startUpstream } from '../support/gateway-upstream.ts'

/** A script in a browser calls from the origins that its client has registered, and from no other. */
const sandgate = await startTestGateway({ 'abuse.mode': 'report', 'limits.client.limit': 30, 'limits.client.burst': 30 })
t.teardown(sandgate.stop)
const sandbox = await sandgate.newSandbox()
const key = sandbox.key.reveal()
const register = async (body: JsonObject): Promise<{ readonly id: string, readonly secret: string }> => {
  const { json } = await sandgate.call('POST', '/sandbox/clients', { token: key, body: { name: 'App', token_endpoint_auth_method: 'client_secret_post', grant_types: ['client_credentials', 'authorization_code'], ...body } })
  return { id: json.client_id as string, secret: json.client_secret as string }
}
const APP = 'https://app.example'
const LOCAL = 'http://localhost:3000'
const OTHER = 'https://other.example'
const EVIL = 'https://evil.example'
const app = await register({ redirect_uris: [`${APP}/cb`], allowed_cors_origins: [LOCAL] })
await register({ redirect_uris: [`${OTHER}/cb`] })

const ENDPOINTS = ['/oauth/token', '/oauth/introspect', '/oauth/revoke', '/oauth/par', '/oauth/device_authorization', '/oauth/userinfo']
const OPEN = ['/oauth/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']
const API = ['/v1/customers', '/v1/customers/cus_1']

const preflight = async (path: string, origin: string, options: CallOptions = {}): Promise<Answer> =>
  await sandgate.call('OPTIONS', path, { ...options, headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,dpop,content-type' } })
const askToken = async (origin: string, secret = app.secret): Promise<Answer> => await sandgate.call('POST', '/oauth/token', {
  headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ grant_type: 'client_credentials', client_id: app.id, client_secret: secret, scope: 'payments:read' }).toString(),
})
const allowedOf = ({ headers }: Answer): unknown => headers['access-control-allow-origin']

await t.test('a preflight grants nothing to an origin that no client has registered', async (t) => {
  for (const path of [...ENDPOINTS, ...API]) {
    for (const origin of [EVIL, 'null', 'https://app.example.evil.example', 'https://APP.example', `${APP}:8443`]) {
      const answer = await preflight(path, origin)
      t.equal(answer.status, 204, `${path} ${origin}`)
      t.notOk(Object.keys(answer.headers).some((name) => name.startsWith('access-control-')), `${path} ${origin}`)
      t.match(answer.headers['vary'], /Origin/)
    }
  }
})

await t.test('a preflight needs no credential and names the methods of the path and the headers that were asked about', async (t) => {
  for (const origin of [APP, LOCAL]) {
    for (const path of [...ENDPOINTS, ...API]) {
      const answer = await preflight(path, origin)
      t.equal(answer.status, 204, path)
      t.match(answer.headers, { 'access-control-allow-origin': origin, 'access-control-allow-headers': /dpop/, 'access-control-max-age': '3600', vary: /Origin/ }, path)
    }
  }
  t.equal((await preflight('/v1/customers', APP)).headers['access-control-allow-methods'], 'GET, HEAD, POST')
  t.equal((await preflight('/oauth/token', APP)).headers['access-control-allow-methods'], 'POST')
  t.match(await preflight('/v1/customers', APP, { door: 'mtls', certificate: sandbox }), { status: 204 })
  t.match(await preflight('/v1/customers', APP, { door: 'mtls' }), { status: 204 }, 'browsers send a preflight without the certificate')
})

await t.test('OPTIONS that is no preflight is a method that is not served, and an unknown path stays one', async (t) => {
  t.match(await sandgate.call('OPTIONS', '/v1/customers', { headers: { origin: APP } }), { status: 405, headers: { allow: 'GET, HEAD, POST' } })
  t.equal((await preflight('/v1/nothing/here', APP)).status, 404)
})

await t.test('key set and discovery are open to every origin', async (t) => {
  for (const path of OPEN) {
    t.equal(allowedOf(await preflight(path, EVIL)), EVIL, path)
    t.equal(allowedOf(await sandgate.call('GET', path, { headers: { origin: EVIL } })), EVIL, path)
  }
})

await t.test('the token endpoint answers its client\'s own origins, and no other client\'s', async (t) => {
  const good = await askToken(APP)
  t.equal(good.status, 200)
  t.equal(allowedOf(good), APP)
  t.match(good.headers['access-control-expose-headers'], /WWW-Authenticate.*DPoP-Nonce.*RateLimit.*Retry-After/)
  t.equal(allowedOf(await askToken(LOCAL)), LOCAL)
  for (const origin of [OTHER, EVIL]) {
    const refused = await askToken(origin)
    t.match(refused, { status: 400, json: { error: 'invalid_request', error_description: /not allowed for client/ } }, origin)
    t.equal(allowedOf(refused), undefined)
  }
  const wrong = await askToken(APP, 'wrong')
  t.equal(wrong.status, 401)
  t.equal(allowedOf(wrong), APP, 'a script reads why it was refused')
})

await t.test('an error before the client is known may be read by registered origins alone', async (t) => {
  const ask = async (origin: string) => await sandgate.call('POST', '/oauth/token', { headers: { origin, 'content-type': 'application/x-www-form-urlencoded' }, body: 'grant_type=client_credentials&client_id=nobody&client_secret=x' })
  t.equal(allowedOf(await ask(APP)), APP)
  t.equal(allowedOf(await ask(EVIL)), undefined)
})

await t.test('the API\'s answers may be read from the origins of the token\'s client', async (t) => {
  const { access_token: token } = (await askToken(APP)).json as { access_token: string }
  const call = async (origin: string, options: CallOptions = { token }) => await sandgate.call('GET', '/v1/customers', { ...options, headers: { origin } })
  const good = await call(APP)
  t.equal(good.status, 200)
  t.match(good.headers, { 'access-control-allow-origin': APP, vary: /Origin/, 'access-control-expose-headers': /WWW-Authenticate.*Location, ETag, X-Request-Id/ })
  for (const origin of [OTHER, EVIL]) {
    const answer = await call(origin)
    t.equal(answer.status, 200, 'it is the browser that refuses')
    t.equal(allowedOf(answer), undefined, origin)
  }
  const anonymous = await call(APP, {})
  t.equal(anonymous.status, 401)
  t.equal(allowedOf(anonymous), APP, 'a refusal too, from an origin that some client has')
  t.equal(allowedOf(await call(EVIL, {})), undefined)
  const plain = await sandgate.call('GET', '/v1/customers', { token })
  t.notOk(Object.keys(plain.headers).some((name) => name.startsWith('access-control-')), 'who states no origin sees nothing of it')
})

await t.test('a script may read that it is too fast, and when to come back', async (t) => {
  const { access_token: token } = (await askToken(APP)).json as { access_token: string }
  let answer: Answer | undefined
  for (let count = 0; count < 40 && answer?.status !== 429; count++) answer = await sandgate.call('GET', '/v1/customers', { token, headers: { origin: APP } })
  t.match(answer, { status: 429, headers: { 'retry-after': String, 'access-control-allow-origin': APP, 'access-control-expose-headers': /Retry-After/ } })
})

await t.test('a client that changes its origins, or goes, takes them along', async (t) => {
  const brief = await register({ redirect_uris: ['https://brief.example/cb'] })
  t.equal(allowedOf(await preflight('/v1/customers', 'https://brief.example')), 'https://brief.example')
  await sandgate.call('PATCH', `/sandbox/clients/${brief.id}`, { token: key, body: { redirect_uris: ['https://moved.example/cb'] } })
  t.equal(allowedOf(await preflight('/v1/customers', 'https://brief.example')), undefined)
  t.equal(allowedOf(await preflight('/oauth/token', 'https://moved.example')), 'https://moved.example')
  await sandgate.call('DELETE', `/sandbox/clients/${brief.id}`, { token: key })
  for (const path of ['/v1/customers', '/oauth/token']) t.equal(allowedOf(await preflight(path, 'https://moved.example')), undefined)
})

await t.test('an upstream\'s preflights are answered here, and what it says of origins is not passed on', async (t) => {
  const upstream = await startUpstream()
  t.teardown(upstream.stop)
  upstream.answer = answerJson({ ok: true }, { headers: { 'access-control-allow-origin': '*', vary: 'Accept' } })
  const file = join(t.testdir(), 'sandgate.yaml')
  writeFileSync(file, ledgerYaml(upstream.url))
  const behind = await startTestGateway({ 'abuse.mode': 'report' }, { file })
  t.teardown(behind.stop)
  const owner = await behind.newSandbox()
  await behind.call('PATCH', `/sandbox/clients/${owner.client.id}`, { token: owner.key.reveal(), body: { allowed_cors_origins: [APP] } })
  const ask = { origin: APP, 'access-control-request-method': 'POST' }
  t.match(await behind.call('OPTIONS', '/ledger/accounts', { headers: ask }), { status: 204, headers: { 'access-control-allow-origin': APP, 'access-control-allow-methods': 'DELETE, GET, HEAD, PATCH, POST, PUT' } })
  t.notOk(allowedOf(await behind.call('OPTIONS', '/ledger/accounts', { headers: { ...ask, origin: EVIL } })))
  t.same(upstream.received, [], 'the upstream is not asked')
  const token = await behind.tokenFor(owner, { door: 'public', scope: 'ledger:read', resource: 'https://api.ledger.example' })
  t.match(await behind.call('GET', '/ledger/accounts', { token, headers: { origin: APP } }), { status: 200, headers: { 'access-control-allow-origin': APP, vary: 'Accept, Origin' } })
  t.equal(allowedOf(await behind.call('GET', '/ledger/accounts', { token, headers: { origin: EVIL } })), undefined)
})
