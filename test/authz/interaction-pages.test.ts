import * as openid from 'openid-client'
import t from 'tap'
import { authorize, Browser, createClient, createFetch, discover, type Page } from '../support/authz-client.ts'
import { openTestServer, PAYMENTS, REDIRECT_URI, SANDBOX_A, SANDBOX_B } from '../support/authz-server.ts'

const server = await openTestServer({ profile: { authorizationDetailsTypes: ['payment_initiation'] } })
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
const { users } = server.authz
const person = async (username: string, rest: object = {}, sandboxId = SANDBOX_A) => await users.create(sandboxId, { username, name: `${username} of the tests`, email: `${username}@example.test`, ...rest })
const amira = await person('amira', { claims: { given_name: 'Amira', address: { locality: 'Testville', country: 'XX' }, phone_number: '+1 202 555 0143', locale: 'en-GB', 'https://production.example/roles': ['treasurer'] } })
await person('paula', { password: 'open-sesame' })
const mfa = await person('mfa', { conditions: { mfaRequired: true }, password: 'open-sesame' })
await person('locked', { conditions: { locked: true } })
await person('expired', { conditions: { passwordExpired: true } })
await person('denies', { conditions: { consentDenied: true } })
await person('slow', { conditions: { slowSeconds: 3 } })
const chiyo = await person('chiyo', {}, SANDBOX_B)
const client = await createClient(server.authz, { scopes: ['openid', 'offline_access', 'profile', 'email', 'address', 'phone', 'payments:read', 'payments:write'] })
const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(client.clientSecret?.reveal() ?? ''))

async function openLogin (parameters: Record<string, string> = {}) {
  const browser = new Browser(web)
  const verifier = openid.randomPKCECodeVerifier()
  const url = openid.buildAuthorizationUrl(configuration, { redirect_uri: REDIRECT_URI, scope: 'openid profile', code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters })
  return { browser, verifier, page: await browser.visit(url) }
}

const fieldsOf = (page: Page): Record<string, string> => Object.fromEntries([...page.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name = '', value = '']) => [name, value]))
const actionOf = (page: Page): string => /<form method="post" action="([^"]*)">/.exec(page.text)?.[1] ?? ''
const submit = async (browser: Browser, page: Page, form: Record<string, string>) => await browser.visit(new URL(actionOf(page), page.url), { ...fieldsOf(page), ...form })

await t.test('a wrong password and an unknown user look the same on the page, and differ in the record', async (t) => {
  const { browser, page } = await openLogin()
  const texts: string[] = []
  for (const [form, detail] of [[{ username: 'nobody', password: 'x' }, /no test user/], [{ username: 'chiyo', password: 'x' }, /no test user/]] as const) {
    const answer = await submit(browser, page, form)
    t.equal(answer.status, 403)
    texts.push(/role="alert">([^<]*)</.exec(answer.text)?.[1] ?? '')
    t.match(server.failures.at(-1), { endpoint: 'interaction', error: 'access_denied', detail, clientId: client.clientId })
  }
  const wrong = await submit(browser, page, { username: 'paula', password: 'wrong' })
  texts.push(/role="alert">([^<]*)</.exec(wrong.text)?.[1] ?? '')
  t.match(server.failures.at(-1), { detail: /password is not that of/ })
  t.same(new Set(texts), new Set(['The user name or the password is not right.']))
})

await t.test('a user of another sandbox cannot be chosen', async (t) => {
  const { browser, page } = await openLogin()
  t.notMatch(page.text, 'chiyo')
  t.equal((await submit(browser, page, { sub: chiyo.sub })).status, 400)
})

await t.test('a proof of the password is good for one user of one sign-in', async (t) => {
  const first = await openLogin()
  const code = await submit(first.browser, await first.browser.press(first.page, 'mfa of the tests'), { password: 'open-sesame' })
  const { password_proof: proof = '' } = fieldsOf(code)
  t.not(proof, '')
  const second = await openLogin()
  const answer = await submit(second.browser, second.page, { sub: mfa.sub, password_proof: proof, otp: '123456' })
  t.match(answer.text, 'Enter the password')
})

await t.test('locked and expired accounts get nowhere', async (t) => {
  for (const [name, reason] of [['locked', 'This account is locked.'], ['expired', 'The password of this account has expired.']] as const) {
    const { browser, page } = await openLogin()
    const answer = await browser.press(page, `${name} of the tests`)
    t.equal(answer.status, 403)
    t.match(answer.text, reason)
    t.match(server.failures.at(-1), { isTriggered: true })
    t.match((await browser.press(answer, 'Cancel')).url, 'error=access_denied')
  }
})

await t.test('password, then one-time code; each wrong one asks again', async (t) => {
  const { browser, page, verifier } = await openLogin({ claims: '{"id_token":{"acr":null,"amr":null}}' })
  const password = await browser.press(page, 'mfa of the tests')
  t.match(password.text, 'Enter the password')
  const again = await submit(browser, password, { password: 'wrong' })
  t.equal(again.status, 403)
  const code = await submit(browser, again, { password: 'open-sesame' })
  t.match(code.text, 'Enter the one-time code')
  const wrong = await submit(browser, code, { otp: '654321' })
  t.match(wrong.text, 'The one-time code is not right')
  const consent = await submit(browser, wrong, { otp: ' 123456 ' })
  const done = await browser.press(consent, 'Allow')
  const tokens = await openid.authorizationCodeGrant(configuration, new URL(done.url), { pkceCodeVerifier: verifier })
  t.match(tokens.claims(), { sub: mfa.sub, acr: 'urn:test:acr:2', amr: ['pwd', 'otp', 'mfa'] })
})

await t.test('a client that asks for the second factor gets it from anybody; a voluntary wish for an unknown class changes nothing', async (t) => {
  const { browser, page } = await openLogin({ acr_values: 'urn:unknown urn:test:acr:2' })
  t.match((await browser.press(page, 'amira of the tests')).text, 'Enter the one-time code')
  const voluntary = await openLogin({ acr_values: 'urn:unknown' })
  t.match((await voluntary.browser.press(voluntary.page, 'amira of the tests')).text, '>Allow<')
})

await t.test('an essential class that this server does not have ends in unmet_authentication_requirements, not in a circle', async (t) => {
  const { page } = await openLogin({ claims: '{"id_token":{"acr":{"essential":true,"values":["urn:unknown"]}}}' })
  t.match(page.url, 'error=unmet_authentication_requirements')
})

await t.test('a user who denies does so without a page', async (t) => {
  const { browser, page } = await openLogin()
  t.match((await browser.press(page, 'denies of the tests')).url, 'error=access_denied')
  t.match(server.failures.findLast(({ endpoint }) => endpoint === 'interaction'), { detail: /consent_denied/, isTriggered: true })
})

await t.test('a slow user is waited for', async (t) => {
  const { browser, page } = await openLogin()
  await browser.press(page, 'slow of the tests')
  t.equal(server.waits.at(-1), 3000)
})

await t.test('the consent page says everything that is asked for', async (t) => {
  const { browser, page } = await openLogin({
    scope: 'openid offline_access payments:write',
    prompt: 'consent',
    resource: PAYMENTS,
    claims: '{"userinfo":{"phone_number":null}}',
    authorization_details: JSON.stringify([{ type: 'payment_initiation', amount: '<12.00>' }]),
  })
  const { text } = await browser.press(page, 'amira of the tests')
  for (const part of ['Create and change your payments', 'offline_access', 'phone number', 'payment_initiation', '&lt;12.00&gt;', PAYMENTS, 'client.example']) t.match(text, part)
})

await t.test('standard and custom claims come with their scopes, or alone when they are asked for', async (t) => {
  const browser = new Browser(web)
  const { callback, verifier, state } = await authorize(browser, configuration, { user: 'amira', scope: 'openid profile address phone' })
  const tokens = await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state })
  t.match(await openid.fetchUserInfo(configuration, tokens.access_token, amira.sub), { given_name: 'Amira', address: { locality: 'Testville' }, phone_number: '+1 202 555 0143', locale: 'en-GB', 'https://production.example/roles': ['treasurer'] })
  const claims = { id_token: { 'https://production.example/roles': { essential: true } }, userinfo: { email: { essential: true }, given_name: { value: 'Somebody else' } } }
  const alone = await authorize(new Browser(web), configuration, { user: 'amira', scope: 'openid', parameters: { claims: JSON.stringify(claims) } })
  const second = await openid.authorizationCodeGrant(configuration, alone.callback, { pkceCodeVerifier: alone.verifier, expectedState: alone.state })
  t.same(second.claims()?.['https://production.example/roles'], ['treasurer'])
  t.same(await openid.fetchUserInfo(configuration, second.access_token, amira.sub), { sub: amira.sub, email: 'amira@example.test' }, 'a value that the user does not have is not stated')
})

await t.test('a consent that is revoked ends its tokens and is asked for again', async (t) => {
  const browser = new Browser(web)
  const { callback, verifier, state } = await authorize(browser, configuration, { user: 'amira' })
  const tokens = await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
  const [consent] = await server.authz.consents.list(SANDBOX_A, amira.sub)
  t.notOk(await server.authz.consents.revoke(SANDBOX_B, amira.sub, consent?.id ?? ''))
  t.ok(await server.authz.consents.revoke(SANDBOX_A, amira.sub, consent?.id ?? ''))
  await t.rejects(openid.refreshTokenGrant(configuration, tokens.refresh_token ?? ''))
  await t.rejects(openid.fetchUserInfo(configuration, tokens.access_token, amira.sub))
})

await t.test('a user who is deleted is signed out everywhere', async (t) => {
  const gone = await person('gone')
  const browser = new Browser(web)
  const { callback, verifier, state } = await authorize(browser, configuration, { user: 'gone of' })
  const tokens = await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
  t.notOk(await users.delete(SANDBOX_B, gone.sub))
  t.ok(await users.delete(SANDBOX_A, gone.sub))
  await t.rejects(openid.refreshTokenGrant(configuration, tokens.refresh_token ?? ''))
  const again = await browser.visit(openid.buildAuthorizationUrl(configuration, { redirect_uri: REDIRECT_URI, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' }))
  t.match(again.text, 'Choose a test user')
})

await t.test('an answer by form has a button, its own policy, and the client\'s values escaped', async (t) => {
  const { page } = await openLogin({ response_mode: 'form_post', prompt: 'none', state: '"><script>alert(1)</script>' })
  t.match(page.text, 'name="error" value="login_required"')
  t.match(page.text, '>Continue<')
  t.notMatch(page.text, '<script>alert')
  t.match(page.headers.get('content-security-policy'), /script-src 'sha256-/)
})

await t.test('names are unique in a sandbox, claims of the server cannot be chosen', async (t) => {
  await t.rejects(person('amira'), { name: 'UserRefused', pointer: '/username' })
  for (const claims of [{ sub: 'x' }, { iss: 'x' }, { acr: 'x' }, { email_verified: 'yes' }, { address: 'x' }, { address: { planet: 'x' } }, { given_name: 7 }, { x: 'y'.repeat(5000) }]) {
    await t.rejects(person('other', { claims }), { name: 'UserRefused', pointer: /^\/claims/ }, JSON.stringify(claims).slice(0, 40))
  }
  const renamed = await person('before')
  await users.update(SANDBOX_A, renamed.sub, { username: 'after', password: 'x' })
  t.equal((await users.findByUsername(SANDBOX_A, 'after'))?.sub, renamed.sub)
  t.equal(await users.findByUsername(SANDBOX_A, 'before'), undefined)
  t.equal((await users.update(SANDBOX_A, renamed.sub, { password: null }))?.passwordHash, undefined)
})
