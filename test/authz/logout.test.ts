import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as openid from 'openid-client'
import t from 'tap'
import { authorize, Browser, createClient, createFetch, discover } from '../support/authz-client.ts'
import { openTestServer, SANDBOX_A } from '../support/authz-server.ts'

const AFTER = 'https://client.example/bye'
const received: Array<{ url: string, token: string }> = []
const outbound = {
  explainRefusal: () => undefined,
  fetch: async (url: string | URL, init?: RequestInit) => {
    const { hostname, href } = new URL(url)
    if (hostname === 'private.example') throw new Error('the destination is not allowed')
    received.push({ url: href, token: new URLSearchParams(String(init?.body)).get('logout_token') ?? '' })
    return new Response(null, { status: hostname === 'broken.example' ? 500 : 200 })
  },
}
const server = await openTestServer({ deps: { outbound } })
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
const amira = await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira Haddad', email: 'amira@example.test' })

async function open (host: string, metadata: object = {}) {
  const client = await createClient(server.authz, { name: host, postLogoutRedirectUris: [AFTER], metadata: { backchannel_logout_uri: `https://${host}/logout`, backchannel_logout_session_required: true, ...metadata } })
  return { client, configuration: await discover(server, client.clientId, openid.ClientSecretBasic(client.clientSecret?.reveal() ?? '')) }
}

const { client, configuration } = await open('client.example')

async function signIn (browser: Browser, as = configuration) {
  const { callback, verifier, state } = await authorize(browser, as, { user: 'Amira', scope: 'openid profile' })
  return await openid.authorizationCodeGrant(as, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
}

const leave = (parameters: Record<string, string>): URL => openid.buildEndSessionUrl(configuration, parameters)
const isSignedIn = async (browser: Browser): Promise<boolean> => !(await browser.visit(openid.buildAuthorizationUrl(configuration, { redirect_uri: 'https://client.example/callback', scope: 'openid profile', prompt: 'none', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' }))).url.includes('login_required')

await t.test('an address that is not registered is never gone to, with or without a session', async (t) => {
  const browser = new Browser(web)
  for (const address of ['https://evil.example/', 'javascript:alert(1)', `${AFTER}/more`]) {
    const page = await browser.visit(leave({ post_logout_redirect_uri: address }))
    t.equal(page.status, 400)
    t.equal(new URL(page.url).origin, server.issuer)
  }
})

await t.test('without a session the browser goes on at once, with the state and without a script', async (t) => {
  const page = await new Browser(web).visit(leave({ post_logout_redirect_uri: AFTER, state: 'a&b=c' }))
  t.equal(page.url, `${AFTER}?state=a%26b%3Dc`)
  const plain = await new Browser(web).visit(`${server.issuer}/oauth/logout`)
  t.match(plain.text, /You are signed out/)
  t.notMatch(plain.text, '<script')
  t.match(plain.headers.get('content-security-policy'), "default-src 'none'")
})

await t.test('a forged confirmation ends nothing', async (t) => {
  const browser = new Browser(web)
  await signIn(browser)
  await browser.visit(`${server.issuer}/oauth/logout/confirm`, { xsrf: 'forged', logout: 'yes' })
  t.ok(await isSignedIn(browser))
})

await t.test('a person may stay signed in', async (t) => {
  const browser = new Browser(web)
  const tokens = await signIn(browser)
  const page = await browser.visit(leave({ id_token_hint: tokens.id_token ?? '' }))
  t.match(page.text, /<b>client.example<\/b> asks you to sign out/)
  await browser.press(page, 'Stay signed in')
  t.ok(await (async () => (await browser.visit(openid.buildAuthorizationUrl(configuration, { redirect_uri: 'https://client.example/callback', scope: 'openid', prompt: 'none', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' }))).url.includes('consent_required'))(), 'signed in still; the client that asked has to be allowed again')
})

await t.test('signing out ends the session and the tokens, tells the client, and returns with the state', async (t) => {
  const browser = new Browser(web)
  const tokens = await signIn(browser)
  const before = received.length
  const page = await browser.press(await browser.visit(leave({ id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: AFTER, state: 's-1' })), 'Sign out')
  t.equal(page.url, `${AFTER}?state=s-1`)
  t.notOk(await isSignedIn(browser))
  await t.rejects(openid.fetchUserInfo(configuration, tokens.access_token, amira.sub), 'its tokens are over')
  const told = received[before]
  t.equal(told?.url, 'https://client.example/logout')
  t.match(decodeProtectedHeader(told?.token ?? ''), { typ: 'logout+jwt' })
  const logoutToken = decodeJwt(told?.token ?? '')
  t.match(logoutToken, { iss: server.issuer, aud: client.clientId, sub: amira.sub, sid: String, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } })
  t.equal(logoutToken['nonce'], undefined)
  t.match(server.notes.at(-1), { code: 'backchannel_logout_delivered', clientId: client.clientId })
})

await t.test('a client that fails, or may not be reached, holds up nobody and is noted', async (t) => {
  for (const host of ['broken.example', 'private.example']) {
    const other = await open(host)
    const browser = new Browser(web)
    await signIn(browser, other.configuration)
    const page = await browser.press(await browser.visit(`${server.issuer}/oauth/logout`), 'Sign out')
    t.match(page.text, /You are signed out/)
    t.match(server.notes.at(-1), { code: 'backchannel_logout_failed', clientId: other.client.clientId }, host)
    t.notOk(await isSignedIn(browser))
  }
})
