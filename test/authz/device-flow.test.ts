import * as openid from 'openid-client'
import t from 'tap'
import { basic, Browser, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { openTestServer, SANDBOX_A, SANDBOX_B } from '../support/authz-server.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const server = await openTestServer()
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })

const { users, deviceApprovals } = server.authz
const person = async (username: string, rest: object = {}, sandboxId = SANDBOX_A) => await users.create(sandboxId, { username, name: `${username} of the tests`, email: `${username}@example.test`, ...rest })
const amira = await person('amira')
await person('locked', { conditions: { locked: true } })
await person('denies', { conditions: { consentDenied: true } })
await person('mfa', { conditions: { mfaRequired: true } })
await person('chiyo', {}, SANDBOX_B)

const client = await createClient(server.authz, { name: 'Television', grants: [GRANT, 'refresh_token'], redirectUris: [] })
const credentials = basic(client.clientId, client.clientSecret?.reveal() ?? '')
const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(client.clientSecret?.reveal() ?? ''))

interface Started { readonly device_code: string, readonly user_code: string, readonly verification_uri: string, readonly verification_uri_complete: string, readonly interval: number, readonly expires_in: number }

async function start (scope = 'openid profile offline_access payments:read', rest: Record<string, string> = {}): Promise<Started> {
  return (await postForm(web, `${server.issuer}/oauth/device_authorization`, { scope, ...rest }, credentials)).json as unknown as Started
}

const poll = async ({ device_code: code }: Started, headers = credentials) => await postForm(web, `${server.issuer}/oauth/token`, { grant_type: GRANT, device_code: code }, headers)
const errorOf = async (started: Started): Promise<unknown> => (await poll(started)).json['error']

/** Types the code, as a person with a browser does, up to the page where users are chosen. */
async function typeCode (started: Started, browser = new Browser(web)) {
  const form = await browser.visit(started.verification_uri)
  const [, xsrf = ''] = /name="xsrf" value="([^"]*)"/.exec(form.text) ?? []
  const compare = await browser.visit(started.verification_uri, { xsrf, user_code: started.user_code.toLowerCase().replace('-', ' ') })
  return { browser, compare }
}

await t.test('polling before the person has decided is pending, then slow_down with every poll that comes too early', async (t) => {
  const started = await start()
  t.equal(started.interval, 5)
  t.equal(await errorOf(started), 'authorization_pending')
  t.equal(await errorOf(started), 'slow_down')
  server.advanceClock(6000)
  t.equal(await errorOf(started), 'slow_down', 'the interval has grown by five seconds')
  server.advanceClock(16_000)
  t.equal(await errorOf(started), 'authorization_pending')
  t.match(server.failures.findLast(({ error }) => error === 'slow_down'), { clientId: client.clientId, detail: /5 seconds/ })
})

await t.test('a code that was never given out, one of another client and one used up are refused', async (t) => {
  t.equal((await postForm(web, `${server.issuer}/oauth/token`, { grant_type: GRANT, device_code: 'x' }, credentials)).json['error'], 'invalid_grant')
  const other = await createClient(server.authz, { grants: [GRANT], redirectUris: [] })
  const started = await start()
  t.equal((await poll(started, basic(other.clientId, other.clientSecret?.reveal() ?? ''))).json['error'], 'invalid_grant')
})

await t.test('a code ages with the sandbox\'s clock', async (t) => {
  const started = await start()
  server.advanceSandbox(SANDBOX_A, 600_001)
  t.equal(await errorOf(started), 'expired_token')
  t.match(await deviceApprovals.decide(SANDBOX_A, { userCode: started.user_code, username: 'amira', decision: 'approve' }), { kind: 'refused', detail: /expired/ })
  const { compare } = await typeCode(started)
  t.match(compare.text, /role="alert">This code has expired/)
})

await t.test('a wrong code is said to be unknown, on the form and in the address', async (t) => {
  const { compare } = await typeCode({ ...await start(), user_code: 'BBBB-BBBB' })
  t.equal(compare.status, 400)
  t.match(compare.text, /role="alert">There is no such code/)
  const complete = await new Browser(web).visit(`${server.issuer}/device?user_code=${encodeURIComponent('"><b>')}`)
  t.equal(complete.status, 400)
  t.notMatch(complete.text, '"><b>')
})

await t.test('a form without the session\'s token does nothing', async (t) => {
  const started = await start()
  const page = await new Browser(web).visit(started.verification_uri, { user_code: started.user_code, confirm: 'yes', xsrf: 'forged' })
  t.ok(page.status >= 400)
  server.advanceClock(6000)
  t.equal(await errorOf(started), 'authorization_pending')
})

await t.test('a person compares the code, signs in, consents, and the device has its tokens', async (t) => {
  const started = await start()
  const { browser, compare } = await typeCode(started)
  t.match(compare.text, /Television/)
  t.match(compare.text, started.user_code)
  const login = await browser.press(compare, 'It is the same')
  t.match(login.text, 'Choose a test user')
  t.notMatch(login.text, 'chiyo', 'nobody of another sandbox')
  const consent = await browser.press(login, 'amira of the tests')
  t.match(consent.text, 'offline_access')
  t.notMatch(consent.text, 'undefined')
  const done = await browser.press(consent, 'Allow')
  t.match(done.text, /role="status">You have signed <b>Television<\/b> in/)
  const { status, json } = await poll(started)
  t.equal(status, 200)
  t.type(json['refresh_token'], 'string')
  t.match(await openid.fetchUserInfo(configuration, String(json['access_token']), amira.sub), { name: 'amira of the tests' })
  t.equal(await errorOf(started), 'invalid_grant', 'a code is good once')
})

await t.test('the code in the address is compared without typing, and no page has a script', async (t) => {
  const started = await start()
  const browser = new Browser(web)
  const compare = await browser.visit(started.verification_uri_complete)
  t.match(compare.text, started.user_code)
  t.notMatch(compare.text, '<script')
  t.match(compare.headers.get('content-security-policy'), "default-src 'none'")
  t.match((await browser.press(compare, 'Cancel')).text, 'The device was not signed in')
  t.equal(await errorOf(started), 'access_denied')
})

await t.test('denying on the consent page ends the device\'s wait', async (t) => {
  const started = await start()
  const { browser, compare } = await typeCode(started)
  const page = await browser.press(await browser.press(await browser.press(compare, 'It is the same'), 'amira of'), 'Deny')
  t.match(page.text, 'The device was not signed in')
  t.equal(await errorOf(started), 'access_denied')
})

await t.test('a program approves in a user\'s place', async (t) => {
  const started = await start('openid profile offline_access payments:read', { claims: '{"userinfo":{"email":{"essential":true}}}', max_age: '600' })
  t.match(await deviceApprovals.decide(SANDBOX_A, { userCode: started.user_code, username: 'amira', decision: 'approve' }), { kind: 'approved', sub: amira.sub, clientId: client.clientId })
  const tokens = await openid.pollDeviceAuthorizationGrant(configuration, { ...started, interval: 0.1 }, {})
  t.match(tokens.claims(), { sub: amira.sub, auth_time: Number })
  t.type(tokens.refresh_token, 'string')
  t.match(await openid.fetchUserInfo(configuration, tokens.access_token, amira.sub), { email: 'amira@example.test' })
  t.match((await server.authz.consents.list(SANDBOX_A, amira.sub))[0], { clientId: client.clientId })
  t.match(await deviceApprovals.decide(SANDBOX_A, { userCode: started.user_code, username: 'amira', decision: 'deny' }), { kind: 'refused' })
})

await t.test('another sandbox\'s codes and users do not exist for it', async (t) => {
  const started = await start()
  t.match(await deviceApprovals.decide(SANDBOX_B, { userCode: started.user_code, username: 'chiyo', decision: 'approve' }), { kind: 'unknown' })
  t.match(await deviceApprovals.decide(SANDBOX_A, { userCode: started.user_code, username: 'chiyo', decision: 'approve' }), { kind: 'refused', detail: /no test user/ })
  t.equal(await errorOf(started), 'authorization_pending')
})

await t.test('conditions hold for a program as for a person', async (t) => {
  const started = await start()
  const decide = async (username: string, oneTimeCode?: string) => await deviceApprovals.decide(SANDBOX_A, { userCode: started.user_code, username, decision: 'approve', ...(oneTimeCode === undefined ? {} : { oneTimeCode }) })
  t.match(await decide('locked'), { kind: 'refused', detail: /locked/ })
  t.match(await decide('mfa'), { kind: 'refused', detail: /otp/ })
  t.match(await decide('mfa', '999999'), { kind: 'refused', detail: /one-time code/ })
  t.equal(await errorOf(started), 'authorization_pending', 'who cannot sign in changes nothing')
  t.match(await decide('denies'), { kind: 'denied' })
  t.equal(await errorOf(started), 'access_denied')
})
