import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as openid from 'openid-client'
import t from 'tap'
import { basic, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { openTestServer, SANDBOX_A, SANDBOX_B } from '../support/authz-server.ts'

const GRANT = 'urn:openid:params:grant-type:ciba'

/** Takes the pings of a client, on loopback. */
const pings: Array<{ headers: IncomingHttpHeaders, body: string }> = []
let pingStatus = 204
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
    pings.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
    response.writeHead(pingStatus).end()
  })
})
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
const notificationPort = (receiver.address() as AddressInfo).port

/** The address that the client registered is public; what it resolves to here is the receiver. */
const outbound = {
  explainRefusal: () => undefined,
  fetch: async (url: string | URL, init?: RequestInit) => {
    if (new URL(url).hostname === 'private.example') throw new Error('the destination is not allowed')
    return await fetch(`http://127.0.0.1:${notificationPort}/`, { method: init?.method ?? 'GET', headers: init?.headers ?? {}, body: init?.body ?? null })
  },
}

const server = await openTestServer({ deps: { outbound } })
const web = createFetch(server)
t.teardown(async () => { receiver.close(); await web.close(); await server.close() })

const { users, backchannel } = server.authz
const person = async (username: string, conditions: object = {}, sandboxId = SANDBOX_A) => await users.create(sandboxId, { username, name: `${username} of the tests`, email: `${username}@example.test`, conditions })
const amira = await person('amira')
await person('locked', { locked: true })
const mfa = await person('mfa', { mfaRequired: true })
await person('approves', { backchannel: { decision: 'approve', afterSeconds: 2 } })
await person('at-once', { backchannel: { decision: 'approve', afterSeconds: 0 } })
await person('refuses', { backchannel: { decision: 'deny', afterSeconds: 2 } })
await person('ignores', { backchannel: { decision: 'ignore', afterSeconds: 0 } })
await person('chiyo', {}, SANDBOX_B)

const client = await createClient(server.authz, { grants: [GRANT, 'refresh_token'], redirectUris: [], metadata: { backchannel_token_delivery_mode: 'poll' } })
const credentials = basic(client.clientId, client.clientSecret?.reveal() ?? '')
const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(client.clientSecret?.reveal() ?? ''))

const ask = async (form: Record<string, string>, headers = credentials) => await postForm(web, `${server.issuer}/oauth/bc-authorize`, { scope: 'openid profile offline_access payments:read', ...form }, headers)
const start = async (username: string, form: Record<string, string> = {}) => String((await ask({ login_hint: username, ...form })).json['auth_req_id'])
const poll = async (id: string, headers = credentials) => await postForm(web, `${server.issuer}/oauth/token`, { grant_type: GRANT, auth_req_id: id }, headers)
const errorOf = async (id: string): Promise<unknown> => (await poll(id)).json['error']

await t.test('nobody, somebody of another sandbox and two hints at once are refused', async (t) => {
  t.match((await ask({ login_hint: 'nobody' })).json, { error: 'unknown_user_id' })
  t.match((await ask({ login_hint: 'chiyo' })).json, { error: 'unknown_user_id' })
  t.match((await ask({})).json, { error: 'invalid_request' })
  t.match((await ask({ login_hint: 'amira', id_token_hint: 'x' })).json, { error: 'invalid_request' })
  t.match((await ask({ login_hint_token: 'x' })).json, { error: 'invalid_request' })
  t.match((await ask({ login_hint: 'amira', binding_message: 'x'.repeat(21) })).json, { error: 'invalid_binding_message' })
  t.match((await ask({ login_hint: 'amira', binding_message: 'line\nbreak' })).json, { error: 'invalid_binding_message' })
  t.equal((await ask({ login_hint: 'amira' }, basic(client.clientId, 'wrong'))).status, 401)
})

await t.test('a request of another client or sandbox can be neither polled nor decided', async (t) => {
  const id = await start('amira')
  const other = await createClient(server.authz, { grants: [GRANT], redirectUris: [], metadata: { backchannel_token_delivery_mode: 'poll' } })
  t.equal((await poll(id, basic(other.clientId, other.clientSecret?.reveal() ?? ''))).json['error'], 'invalid_grant')
  t.match(await backchannel.decide(SANDBOX_B, id, 'approve'), { kind: 'unknown' })
  t.match(await backchannel.list(SANDBOX_B), [])
  t.equal(await errorOf(id), 'authorization_pending')
})

await t.test('an unanswered request is pending, too many polls are slow_down, and it expires on the sandbox\'s clock', async (t) => {
  const { json } = await ask({ login_hint: 'amira' })
  t.match(json, { interval: 5, expires_in: 600 })
  const id = String(json['auth_req_id'])
  t.equal(await errorOf(id), 'authorization_pending')
  t.equal(await errorOf(id), 'slow_down')
  server.advanceSandbox(SANDBOX_A, 600_001)
  t.equal(await errorOf(id), 'expired_token')
  t.match(await backchannel.decide(SANDBOX_A, id, 'approve'), { kind: 'refused', detail: /expired/ })
})

await t.test('of many decisions at once one counts', async (t) => {
  const id = await start('amira')
  const outcomes = await Promise.all(Array.from({ length: 20 }, async (_, index) => await backchannel.decide(SANDBOX_A, id, index % 2 === 0 ? 'approve' : 'deny')))
  t.equal(outcomes.filter(({ kind }) => kind === 'decided').length, 1)
})

await t.test('a denial by the API, by a condition and by a locked account is access_denied', async (t) => {
  const denied = await start('amira')
  t.match(await backchannel.decide(SANDBOX_A, denied, 'deny'), { kind: 'decided', request: { status: 'denied' } })
  t.equal(await errorOf(denied), 'access_denied')
  const locked = await start('locked')
  t.match(await backchannel.decide(SANDBOX_A, locked, 'approve'), { kind: 'decided', request: { status: 'denied', detail: /locked/ } })
  t.equal(await errorOf(locked), 'access_denied')
  const refused = await start('refuses')
  t.equal(await errorOf(refused), 'authorization_pending')
  server.advanceClock(2000)
  t.equal(await errorOf(refused), 'access_denied')
})

await t.test('a user who never answers leaves it pending', async (t) => {
  const id = await start('ignores')
  server.advanceClock(60_000)
  t.equal(await errorOf(id), 'authorization_pending')
  t.match((await backchannel.list(SANDBOX_A)).find((request) => request.id === id), { status: 'waiting', detail: /never/ })
})

await t.test('what the API approves becomes tokens, once', async (t) => {
  const id = await start('amira', { binding_message: 'Überweisung 4711' })
  t.match((await backchannel.list(SANDBOX_A))[0], { id, status: 'waiting', username: 'amira', bindingMessage: 'Überweisung 4711', clientId: client.clientId })
  t.match(await backchannel.decide(SANDBOX_A, id, 'approve'), { kind: 'decided', request: { status: 'approved' } })
  const { status, json } = await poll(id)
  t.equal(status, 200)
  t.type(json['refresh_token'], 'string')
  t.match(await openid.fetchUserInfo(configuration, String(json['access_token']), amira.sub), { name: 'amira of the tests' })
  t.equal(await errorOf(id), 'invalid_grant')
  t.match((await server.authz.consents.list(SANDBOX_A, amira.sub))[0], { clientId: client.clientId })
})

await t.test('openid-client needs no second actor when the user\'s condition approves', async (t) => {
  const answer = await openid.initiateBackchannelAuthentication(configuration, { scope: 'openid profile', login_hint: 'at-once' })
  const tokens = await openid.pollBackchannelAuthenticationGrant(configuration, { ...answer, interval: 0.1 })
  t.match(tokens.claims(), { aud: client.clientId })
  const later = await start('approves')
  t.equal(await errorOf(later), 'authorization_pending')
  server.advanceClock(2000)
  t.equal((await poll(later)).status, 200)
})

await t.test('an ID token names the user as well, and the second factor shows', async (t) => {
  const first = await start('mfa')
  await backchannel.decide(SANDBOX_A, first, 'approve')
  const idToken = String((await poll(first)).json['id_token'])
  const { json } = await ask({ id_token_hint: idToken, acr_values: 'urn:test:acr:2' })
  const id = String(json['auth_req_id'])
  await backchannel.decide(SANDBOX_A, id, 'approve')
  const claims = JSON.parse(Buffer.from(String((await poll(id)).json['id_token']).split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  t.match(claims, { sub: mfa.sub, acr: 'urn:test:acr:2' })
})

await t.test('ping', async (t) => {
  const pinged = async (host: string) => await createClient(server.authz, { grants: [GRANT], redirectUris: [], metadata: { backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: `https://${host}/cb` } })
  const headersOf = (created: Awaited<ReturnType<typeof pinged>>) => basic(created.clientId, created.clientSecret?.reveal() ?? '')

  await t.test('a client that wants to be told must send a token for it', async (t) => {
    t.match((await ask({ scope: 'openid', login_hint: 'amira' }, headersOf(await pinged('client.example')))).json, { error: 'invalid_request' })
  })

  await t.test('the decision is told to the registered address, with the client\'s token', async (t) => {
    const headers = headersOf(await pinged('client.example'))
    const id = String((await ask({ scope: 'openid', login_hint: 'amira', client_notification_token: 'tell-me' }, headers)).json['auth_req_id'])
    const outcome = await backchannel.decide(SANDBOX_A, id, 'approve')
    t.match(outcome, { kind: 'decided', request: { notification: 'delivered' } })
    t.match(pings.at(-1)?.headers, { authorization: 'Bearer tell-me' })
    t.same(JSON.parse(pings.at(-1)?.body ?? ''), { auth_req_id: id })
    t.equal((await poll(id, headers)).status, 200)
  })

  await t.test('a client that does not answer, or may not be reached, can still poll', async (t) => {
    for (const [host, status] of [['client.example', 500], ['private.example', 204]] as const) {
      pingStatus = status
      const headers = headersOf(await pinged(host))
      const id = String((await ask({ scope: 'openid', login_hint: 'amira', client_notification_token: 'tell-me' }, headers)).json['auth_req_id'])
      t.match(await backchannel.decide(SANDBOX_A, id, 'approve'), { kind: 'decided', request: { status: 'approved', notification: /^failed: / } }, host)
      t.equal((await poll(id, headers)).status, 200)
    }
  })
})
