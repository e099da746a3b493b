import t from 'tap'
import { runCli } from '../support/gateway-cli.ts'
import { startTestGateway } from '../support/gateway.ts'
import { answer, startReceiver } from '../support/webhooks-receiver.ts'

interface User { readonly sub: string, readonly username: string, readonly [member: string]: unknown }

t.setTimeout(120_000)
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const sandgate = await startTestGateway({ 'webhooks.allowed_networks': ['127.0.0.0/8'], 'profile.poll_interval': '0ms' })
t.teardown(sandgate.stop)
const mine = await sandgate.newSandbox({ name: 'Mine' })
const theirs = await sandgate.newSandbox({ name: 'Theirs' })
const token = mine.key.reveal()
const call = async (method: string, path: string, body?: object, key = token) => await sandgate.call(method, path, { token: key, ...(body === undefined ? {} : { body }) })

/** A client with grants that the first ones lack, and its Basic credentials. */
async function newClient (members: object) {
  const { status, json } = await call('POST', '/sandbox/clients', { name: 'CI', token_endpoint_auth_method: 'client_secret_basic', ...members })
  t.equal(status, 201, JSON.stringify(json))
  return { id: String(json.client_id), authorization: `Basic ${Buffer.from(`${json.client_id}:${json.client_secret}`).toString('base64')}` }
}

await t.test('what is not acceptable is refused by name', async (t) => {
  const refusals: ReadonlyArray<readonly [body: object, detail: RegExp]> = [
    [{}, /username/],
    [{ username: 'has space' }, /username/],
    [{ username: 'amira' }, /amira already/],
    [{ username: 'x', email: 'no address' }, /email/],
    [{ username: 'x', claims: { sub: 'usr_of_somebody' } }, /claim sub/],
    [{ username: 'x', claims: { address: 'a string' } }, /address/],
    [{ username: 'x', conditions: { cursed: true } }, /cursed/],
    [{ username: 'x', conditions: { slow: 31 } }, /slow/],
    [{ username: 'x', unknown: true }, /unknown/],
  ]
  for (const [body, detail] of refusals) {
    const { status, json } = await call('POST', '/sandbox/users', body)
    t.equal(status, 422, JSON.stringify(body))
    t.equal(json.code, 'request_invalid')
    t.match(json.detail, detail)
  }
})

await t.test('an access token may look and not change', async (t) => {
  const lent = await sandgate.tokenFor(mine, { door: 'public' })
  t.equal((await call('GET', '/sandbox/users', undefined, lent)).status, 200)
  t.equal((await call('POST', '/sandbox/users', { username: 'x' }, lent)).status, 403)
})

await t.test('personal data never gets in: an address of a real domain and a telephone number in use are replaced, a real card is refused', async (t) => {
  const { status, json } = await call('POST', '/sandbox/users', { username: 'real', email: 'real.person@gmail.com', claims: { phone_number: '+14155552671' } })
  t.equal(status, 201)
  t.notMatch(JSON.stringify(json), /gmail|4155552671/)
  t.match(json.email, /@example\.test$/)
  t.same(json.replaced, ['/email', '/claims/phone_number'])
  const card = await call('POST', '/sandbox/users', { username: 'card', claims: { favourite_card: '4556737586899855' } })
  t.match(card.json, { code: 'personal_data_refused' })
  t.notMatch(card.text, '4556737586899855')
})

await t.test('each default user has a condition, said in words', async (t) => {
  const { json } = await call('GET', '/sandbox/users')
  const effects = Object.fromEntries((json.data as User[]).map(({ username, effects, has_password: hasPassword }) => [username, { effects, hasPassword }]))
  t.match(effects, {
    amira: { effects: [], hasPassword: false },
    password: { hasPassword: true },
    locked: { effects: [/locked/] },
    expired: { effects: [/expired/] },
    mfa: { effects: [/123456/] },
    denies: { effects: [/denies/] },
    slow: { effects: [/5 seconds/] },
    'ciba-approves': { effects: [/Approves.*2 seconds/] },
    'ciba-denies': { effects: [/Denies/] },
    'ciba-ignores': { effects: [/Never/] },
  })
  t.notMatch(JSON.stringify(json), /open-sesame|passwordHash/)
  t.match((await call('GET', '/sandbox/triggers')).json.users.map(({ name }: { name: string }) => name), ['locked', 'password_expired', 'mfa_required', 'consent_denied', 'slow', 'backchannel'])
})

await t.test('a user is made, changed and removed; another sandbox sees and reaches none of it', async (t) => {
  const made = await call('POST', '/sandbox/users', { username: 'dora', test_password: 'sesame', claims: { given_name: 'Dora', roles: ['admin'] }, conditions: { mfa_required: true, backchannel: { decision: 'approve' } } })
  t.equal(made.status, 201)
  t.match(made.json, { username: 'dora', name: 'dora', email: 'dora@example.test', has_password: true, conditions: { mfa_required: true, backchannel: { decision: 'approve', after_seconds: 0 } }, claims: { given_name: 'Dora', roles: ['admin'] } })
  const path = `/sandbox/users/${made.json.sub}`
  for (const [method, body] of [['GET', undefined], ['PATCH', { name: 'Stolen' }], ['DELETE', undefined]] as const) {
    t.equal((await call(method, path, body, theirs.key.reveal())).status, 404, method)
    t.equal((await call(method, '/sandbox/users/dora', body, theirs.key.reveal())).status, 404, method)
  }
  t.equal((await call('GET', `${path}/consents`, undefined, theirs.key.reveal())).status, 404)
  t.match((await call('PATCH', '/sandbox/users/dora', { conditions: { locked: true }, test_password: null })).json, { sub: made.json.sub, has_password: false, conditions: { locked: true } })
  t.match((await call('PATCH', path, { username: 'amira' })).json, { code: 'request_invalid' })
  t.equal((await call('PUT', path)).status, 405)
  t.equal((await call('DELETE', path)).status, 204)
  t.equal((await call('GET', path)).status, 404)
})

await t.test('without pages: a CI signs in by one request, sees the consent, and revokes it', async (t) => {
  const client = await newClient({ grant_types: ['authorization_code', 'refresh_token'], redirect_uris: ['http://127.0.0.1:7777/callback'], scope: 'openid offline_access payments:read', headless_login: true })
  const query = new URLSearchParams({ client_id: client.id, response_type: 'code', redirect_uri: 'http://127.0.0.1:7777/callback', scope: 'openid offline_access payments:read', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256', sandgate_login: 'amira' })
  const redirect = await sandgate.call('GET', `/oauth/authorize?${query.toString()}`)
  t.equal(redirect.status, 303)
  const code = new URL(String(redirect.headers['location'])).searchParams.get('code') ?? ''
  const tokens = await sandgate.call('POST', '/oauth/token', { headers: { ...form, authorization: client.authorization }, body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: 'http://127.0.0.1:7777/callback', code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' }).toString() })
  t.equal(tokens.status, 200, tokens.text)
  t.equal((await sandgate.call('GET', '/v1/customers', { token: tokens.json.access_token })).status, 200)
  const { json } = await call('GET', '/sandbox/users/amira/consents')
  t.match(json.data, [{ client_id: client.id, scope: 'openid offline_access payments:read' }])
  t.equal((await call('DELETE', `/sandbox/users/amira/consents/${json.data[0].id}`, undefined, theirs.key.reveal())).status, 404)
  t.equal((await call('DELETE', `/sandbox/users/amira/consents/${json.data[0].id}`)).status, 204)
  t.equal((await sandgate.call('GET', '/v1/customers', { token: tokens.json.access_token })).status, 401)

  await t.test('the cause of a denial is in the record of the request', async (t) => {
    query.set('sandgate_login', 'locked')
    const denied = await sandgate.call('GET', `/oauth/authorize?${query.toString()}`)
    t.match(denied.headers['location'], /error=access_denied/)
    t.notMatch(denied.headers['location'], 'condition')
    const record = await call('GET', `/sandbox/requests/${denied.requestId}`)
    t.match(JSON.stringify(record.json), /locked/)
  })

  await t.test('a client that has not opted in is told in the record why the page came', async (t) => {
    query.set('client_id', mine.client.id)
    query.set('sandgate_login', 'amira')
    const page = await sandgate.call('GET', `/oauth/authorize?${query.toString()}`)
    t.match(page.headers['location'], /\/interaction\//)
    const record = await call('GET', `/sandbox/requests/${page.requestId}`)
    t.match(record.json.findings, [{ code: 'headless_login_ignored' }], record.text)
  })
})

await t.test('a device is signed in from the command line', async (t) => {
  const client = await newClient({ grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], scope: 'openid payments:read' })
  const run = async (args: readonly string[], key = token) => await runCli([...args, '--directory', `${sandgate.directory}/quickstart`], { cwd: sandgate.directory, environment: { SANDGATE_URL: sandgate.publicUrl, SANDGATE_KEY: key } })
  const started = await sandgate.call('POST', '/oauth/device_authorization', { headers: { ...form, authorization: client.authorization }, body: 'scope=openid+payments%3Aread' })
  const poll = async () => await sandgate.call('POST', '/oauth/token', { headers: { ...form, authorization: client.authorization }, body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: started.json.device_code }).toString() })
  t.match((await poll()).json, { error: 'authorization_pending' })
  t.match(await run(['device', 'approve', started.json.user_code, '--user', 'amira'], theirs.key.reveal()), { code: 5 })
  t.match(await run(['device', 'approve', started.json.user_code, '--user', 'locked']), { code: 1, err: /cannot sign in/ })
  t.match(await run(['device', 'approve', started.json.user_code, '--user', 'amira']), { code: 0, out: /"approved"/ })
  t.equal((await poll()).status, 200)
  t.match(await run(['device', 'approve', started.json.user_code]), { code: 2, err: /--user/ })

  await t.test('and users are listed, made, changed and removed there', async (t) => {
    t.match(await run(['users', 'list']), { code: 0, out: /"amira"/ })
    t.match(await run(['users', 'create', 'eve', '--claims', '{"given_name":"Eve"}', '--slow', '2', '--backchannel', 'deny:3']), { code: 0, out: /"after_seconds": 3/ })
    t.match(await run(['users', 'change', 'eve', '--locked']), { code: 0, out: /"locked": true/ })
    t.match(await run(['users', 'create', 'eve', '--claims', 'nonsense']), { code: 2, err: /JSON object/ })
    t.match(await run(['users', 'create', 'eve']), { code: 1, err: /eve already/ })
    t.match(await run(['users', 'delete', 'eve']), { code: 0 })
    t.match(await run(['users', 'delete', 'eve']), { code: 5 })
  })
})

await t.test('backchannel authentication', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  receiver.answers = [answer(204)]
  const grant = 'urn:openid:params:grant-type:ciba'
  const start = async (client: { authorization: string }, members: Record<string, string>) => await sandgate.call('POST', '/oauth/bc-authorize', { headers: { ...form, authorization: client.authorization }, body: new URLSearchParams({ scope: 'openid', ...members }).toString() })
  const poll = async (client: { authorization: string }, id: string) => await sandgate.call('POST', '/oauth/token', { headers: { ...form, authorization: client.authorization }, body: new URLSearchParams({ grant_type: grant, auth_req_id: id }).toString() })
  const client = await newClient({ grant_types: [grant], scope: 'openid', backchannel_token_delivery_mode: 'poll' })

  await t.test('is listed and decided by its sandbox alone', async (t) => {
    const { json } = await start(client, { login_hint: 'amira', binding_message: 'Order 7' })
    t.match((await call('GET', '/sandbox/backchannel-requests')).json.data[0], { id: json.auth_req_id, status: 'waiting', username: 'amira', binding_message: 'Order 7' })
    t.same((await call('GET', '/sandbox/backchannel-requests', undefined, theirs.key.reveal())).json.data, [])
    const path = `/sandbox/backchannel-requests/${json.auth_req_id}`
    t.equal((await call('POST', path, { decision: 'approve' }, theirs.key.reveal())).status, 404)
    t.match((await call('POST', path, { decision: 'approve' })).json, { status: 'approved' })
    t.match((await call('POST', path, { decision: 'deny' })).json, { code: 'request_invalid', detail: /decided already/ })
    t.equal((await poll(client, json.auth_req_id)).status, 200)
  })

  await t.test('is decided by the user\'s condition', async (t) => {
    await call('POST', '/sandbox/users', { username: 'at-once', conditions: { backchannel: { decision: 'deny' } } })
    const { json } = await start(client, { login_hint: 'at-once' })
    t.match((await poll(client, json.auth_req_id)).json, { error: 'access_denied' })
  })

  await t.test('is told to the client where webhooks may go, and nowhere else', async (t) => {
    const ping = async (endpoint: string) => {
      const pinged = await newClient({ grant_types: [grant], scope: 'openid', backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: endpoint })
      const { json } = await start(pinged, { login_hint: 'amira', client_notification_token: 'tell-me' })
      return (await call('POST', `/sandbox/backchannel-requests/${json.auth_req_id}`, { decision: 'approve' })).json
    }
    t.match(await ping(`https://127.0.0.1:${receiver.port}/ping`), { status: 'approved', notification: /^failed: / }, 'the receiver has no TLS')
    t.match(await call('POST', '/sandbox/clients', { name: 'x', token_endpoint_auth_method: 'client_secret_basic', grant_types: [grant], scope: 'openid', backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: 'https://169.254.169.254/latest' }), { status: 422 })
  })
})
