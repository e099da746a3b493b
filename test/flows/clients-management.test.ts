import { decodeJwt } from 'jose'
import * as openid from 'openid-client'
import t from 'tap'
import type { JsonObject } from '../../kernel/index.ts'
import { authorize, Browser, createFetch, discover } from '../support/authz-client.ts'
import { startTestGateway } from '../support/gateway.ts'
import { oauthError } from '../support/oauth-error.ts'

/** A developer looks after clients through the control API, and lets clients register themselves. */
const sandgate = await startTestGateway({ 'abuse.mode': 'report' })
t.teardown(sandgate.stop)
const sandbox = await sandgate.newSandbox()
const key = sandbox.key.reveal()
const strangerKey = (await sandgate.newSandbox()).key.reveal()
const server = { issuer: sandgate.publicUrl, ca: sandgate.authorityPem }
const control = async (method: string, path: string, body?: JsonObject, token = key) => await sandgate.call(method, path, { token, ...(body === undefined ? {} : { body }) })
const UNAUTHORIZED = { status: 401 } as unknown as Error
const make = async (body: JsonObject = {}) => (await control('POST', '/sandbox/clients', { name: 'Made', token_endpoint_auth_method: 'client_secret_basic', ...body })).json as Record<string, string>
const ask = async (id: string, secret: string) => await openid.clientCredentialsGrant(await discover(server, id, openid.ClientSecretBasic(secret)), { scope: 'payments:read' })

await t.test('refused with the member named: what is unknown, mistyped, not offered or not the client\'s to say', async (t) => {
  for (const [body, pointer, detail] of [
    [{ colour: 'red' }, '/colour', /^colour is not known here/],
    [{ client_id: 'mine' }, '/client_id', /chosen by the authorization server/],
    [{ name: '' }, '/name', /./],
    [{ redirect_uris: 'https://a.example' }, '/redirect_uris', /./],
    [{ redirect_uris: ['nothing'], grant_types: ['authorization_code'] }, '/redirect_uris', /valid uris/],
    [{ lifetimes: { access_token: 'soon' } }, '/lifetimes/access_token', /is a duration/],
    [{ lifetimes: { access_token: '0s' } }, '/lifetimes/access_token', /is a duration/],
    [{ lifetimes: { refresh_token: '3650d' } }, '/lifetimes', /must not be longer/],
    [{ lifetimes: { code: '1m' } }, '/lifetimes/code', /no member that is known/],
    [{ csr: 'x' }, '/csr', /for tls_client_auth/],
    [{ headless_login: 'yes' }, '/headless_login', /./],
    [{ token_endpoint_auth_method: 'none', grant_types: ['client_credentials'] }, '/grant_types', /public client/],
  ] as ReadonlyArray<readonly [JsonObject, string, RegExp]>) {
    const refused = await control('POST', '/sandbox/clients', { name: 'x', token_endpoint_auth_method: 'client_secret_basic', ...body })
    t.equal(refused.status, 422, JSON.stringify(body))
    t.match(refused.json, { code: 'request_invalid', detail, errors: [{ pointer }] }, JSON.stringify(body))
  }
  t.match(await control('POST', '/sandbox/clients', { token_endpoint_auth_method: 'client_secret_basic' }), { status: 422, json: { detail: /name is needed/ } })
})

await t.test('another sandbox sees, changes, rotates and deletes nothing, and a token only looks', async (t) => {
  const { client_id: id = '', client_secret: secret = '' } = await make()
  for (const [method, path, body] of [['GET', '', undefined], ['PATCH', '', { name: 'Stolen' }], ['DELETE', '', undefined], ['POST', '/secret', {}]] as const) {
    t.match(await control(method, `/sandbox/clients/${id}${path}`, body, strangerKey), { status: 404, json: { code: 'resource_not_found' } }, `${method} ${path}`)
    t.equal((await control(method, `/sandbox/clients/cli_nobody${path}`, body)).status, 404)
  }
  t.notMatch((await control('GET', '/sandbox/clients', undefined, strangerKey)).text, id)
  const token = (await ask(id, secret)).access_token
  t.equal((await control('GET', `/sandbox/clients/${id}`, undefined, token)).status, 200)
  for (const [method, path] of [['PATCH', ''], ['POST', '/secret']] as const) t.match(await control(method, `/sandbox/clients/${id}${path}`, {}, token), { status: 403, json: { code: 'credential_not_accepted' } })
  t.equal((await control('POST', '/sandbox/registration-tokens', {}, token)).status, 403)
})

await t.test('a client reads as it was registered, without its secret', async (t) => {
  const made = await make({ default_max_age: 60, allowed_cors_origins: ['https://app.example'], lifetimes: { access_token: '5m' }, headless_login: true })
  const { client_secret: secret = '', ...rest } = made
  const read = await control('GET', `/sandbox/clients/${made['client_id'] ?? ''}`)
  t.same(read.json, rest)
  t.match(read.json, { name: 'Made', default_max_age: 60, allowed_cors_origins: ['https://app.example'], lifetimes: { access_token: '300s' }, headless_login: true, registered_itself: false })
  const list = await control('GET', '/sandbox/clients')
  t.ok((list.json.data as Array<{ client_id: string }>).some(({ client_id: id }) => id === made['client_id']))
  t.notMatch(list.text, secret)
})

await t.test('a change works at once, merges, and takes away what is null', async (t) => {
  const made = await make({ grant_types: ['client_credentials', 'authorization_code'], redirect_uris: ['https://old.example/cb'], default_max_age: 60, lifetimes: { access_token: '5m' } })
  const id = made['client_id'] ?? ''
  t.match(await control('PATCH', `/sandbox/clients/${id}`, { colour: 'red' }), { status: 422, json: { detail: /colour is not known/ } })
  t.match(await control('PATCH', `/sandbox/clients/${id}`, { redirect_uris: [] }), { status: 422 })
  const changed = await control('PATCH', `/sandbox/clients/${id}`, { name: 'Changed', redirect_uris: ['https://new.example/cb'], default_max_age: null, lifetimes: {}, scope: 'payments:read' })
  t.match(changed, { status: 200, json: { name: 'Changed', redirect_uris: ['https://new.example/cb'], scope: 'payments:read' } })
  for (const member of ['default_max_age', 'lifetimes', 'client_secret']) t.notOk(Object.hasOwn(changed.json as object, member), member)
  const configuration = await discover(server, id, openid.ClientSecretBasic(made['client_secret']))
  await t.rejects(openid.clientCredentialsGrant(configuration, { scope: 'payments:write' }), oauthError('invalid_scope'))
})

await t.test('lifetimes of its own hold for each kind of token; others keep the profile\'s', async (t) => {
  const made = await make({ grant_types: ['client_credentials', 'authorization_code', 'refresh_token'], redirect_uris: ['https://client.example/cb'], scope: 'openid offline_access payments:read', lifetimes: { access_token: '5m', id_token: '2m', refresh_token: '10m' } })
  const own = await ask(made['client_id'] ?? '', made['client_secret'] ?? '')
  t.equal(own.expires_in, 300)
  const claims = decodeJwt(own.access_token)
  t.equal((claims.exp ?? 0) - (claims.iat ?? 0), 300)
  t.equal((await ask(sandbox.client.id, sandbox.client.secret.reveal())).expires_in, 3600)

  const configuration = await discover(server, made['client_id'] ?? '', openid.ClientSecretBasic(made['client_secret']))
  const fetcher = createFetch(server)
  t.teardown(fetcher.close)
  const { callback, verifier, state } = await authorize(new Browser(fetcher), configuration, { user: 'amira', scope: 'openid offline_access payments:read', redirectUri: 'https://client.example/cb' })
  const tokens = await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state })
  const id = decodeJwt(tokens.id_token ?? '')
  t.equal((id.exp ?? 0) - (id.iat ?? 0), 120)
  t.equal(tokens.expires_in, 300)
  t.equal((await control('POST', '/sandbox/clock/advance', { by: '9m' })).status, 200)
  const refreshed = await openid.refreshTokenGrant(configuration, tokens.refresh_token ?? '')
  t.type(refreshed.access_token, 'string', 'within ten minutes')
  await control('POST', '/sandbox/clock/advance', { by: '10m' })
  await t.rejects(openid.refreshTokenGrant(configuration, refreshed.refresh_token ?? ''), oauthError('invalid_grant'), 'after ten minutes')
})

await t.test('a secret is rotated with an overlap that ends on the sandbox\'s clock, or at once', async (t) => {
  const { client_id: id = '', client_secret: old = '' } = await make()
  const rotate = async (body: JsonObject) => await control('POST', `/sandbox/clients/${id}/secret`, body)
  for (const overlap of ['soon', '31d', '-1h', '']) t.match(await rotate({ overlap }), { status: 422 }, overlap)
  t.match(await control('POST', `/sandbox/clients/${sandbox.mtlsClient.id}/secret`, {}), { status: 422, json: { detail: /authenticates by tls_client_auth and has no secret/ } })
  const rotated = await rotate({ overlap: '1h' })
  t.match(rotated, { status: 200, json: { client_id: id, client_secret: String, former_client_secret_expires_at: String } })
  const fresh = rotated.json.client_secret as string
  for (const secret of [old, fresh]) t.type((await ask(id, secret)).access_token, 'string')
  await control('POST', '/sandbox/clock/advance', { by: '1h' })
  await t.rejects(ask(id, old), UNAUTHORIZED)
  t.type((await ask(id, fresh)).access_token, 'string')
  const last = await rotate({ overlap: '0s' })
  t.notOk(Object.hasOwn(last.json as object, 'former_client_secret_expires_at'))
  await t.rejects(ask(id, fresh), UNAUTHORIZED)
  t.match(await rotate({}), { json: { former_client_secret_expires_at: String } }, 'a day unless told otherwise')
})

await t.test('a registration token lets a client register itself in this sandbox, until it is revoked', async (t) => {
  for (const body of [{ uses: 0 }, { uses: 1.5 }, { uses: 101 }, { expires_in: 'never' }, { expires_in: '366d' }, { colour: 'red' }]) t.equal((await control('POST', '/sandbox/registration-tokens', body)).status, 422, JSON.stringify(body))
  const made = await control('POST', '/sandbox/registration-tokens', { uses: 2, expires_in: '1h' })
  t.match(made, { status: 201, json: { id: String, uses: 2, expires_at: String, initial_access_token: String, registration_endpoint: `${sandgate.publicUrl}/oauth/register` } })
  const { id, initial_access_token: token } = made.json as { id: string, initial_access_token: string }
  const register = async () => await sandgate.call('POST', '/oauth/register', { token, body: { client_name: 'Registered', grant_types: ['client_credentials'], response_types: [], scope: 'payments:read' } })
  const registered = await register()
  t.equal(registered.status, 201)
  t.match(registered.headers, { 'cache-control': 'no-store', 'x-request-id': String })
  t.match(await control('GET', `/sandbox/clients/${registered.json.client_id as string}`), { status: 200, json: { name: 'Registered', registered_itself: true } })
  const { access_token: access } = await ask(registered.json.client_id as string, registered.json.client_secret as string)
  t.equal((await sandgate.call('GET', '/v1/customers', { token: access })).status, 200)

  const wrong = await sandgate.call('POST', '/oauth/register', { token, body: { redirect_uris: ['nothing'] } })
  t.match(wrong, { status: 400, json: { error: 'invalid_redirect_uri' } })
  const records = await control('GET', '/sandbox/requests')
  t.match(records.json, { data: [{ path: '/oauth/register', status: 400 }] }, 'the sandbox of the token sees what was refused')
  t.match(await control('GET', `/sandbox/requests/${wrong.requestId}`), { status: 200, json: { explanation: Object } })
  t.equal((await control('GET', `/sandbox/requests/${wrong.requestId}`, undefined, strangerKey)).status, 404)
  t.equal((await control('GET', `/sandbox/requests/${registered.requestId}`)).status, 200, 'and what was not')

  const list = await control('GET', '/sandbox/registration-tokens')
  t.match(list.json, { data: [{ id, uses: 2 }] })
  t.notMatch(list.text, token)
  t.equal((await control('DELETE', `/sandbox/registration-tokens/${id}`, undefined, strangerKey)).status, 404)
  t.equal((await control('DELETE', `/sandbox/registration-tokens/${id}`)).status, 204)
  t.equal((await control('DELETE', `/sandbox/registration-tokens/${id}`)).status, 404)
  t.equal((await register()).status, 401)
  t.notMatch(sandgate.logLines.join('\n'), token, 'no token reaches the log')
})
