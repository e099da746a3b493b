import t from 'tap'
import { decodeJwt } from 'jose'
import * as openid from 'openid-client'
import { authorize, basic, Browser, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { openTestServer, PAYMENTS, REDIRECT_URI, SANDBOX_A, SANDBOX_B } from '../support/authz-server.ts'

const INVALID_GRANT = { error: 'invalid_grant' } as unknown as Error
const server = await openTestServer()
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })

const amira = await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira <b>Haddad</b>', email: 'amira@example.test' })
const bjorn = await server.authz.users.create(SANDBOX_A, { username: 'bjorn', name: 'Björn Þórsson', email: 'bjorn@example.test' })
const chiyo = await server.authz.users.create(SANDBOX_B, { username: 'chiyo', name: '田中 千代', email: 'chiyo@example.test' })
const client = await createClient(server.authz)
const secret = client.clientSecret?.reveal() ?? ''
const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(secret))
const token = `${server.issuer}/oauth/token`

async function signIn (options: { user?: string, scope?: string, browser?: Browser } = {}) {
  const { callback, verifier, state } = await authorize(options.browser ?? new Browser(web), configuration, { user: options.user ?? 'amira', ...(options.scope === undefined ? {} : { scope: options.scope }) })
  return await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
}

function authorizationUrl (parameters: Record<string, string>): URL {
  return openid.buildAuthorizationUrl(configuration, { redirect_uri: REDIRECT_URI, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', ...parameters })
}

await t.test('a redirect_uri that is not registered is shown as a page and never redirected to', async (t) => {
  const page = await new Browser(web).visit(authorizationUrl({ redirect_uri: 'https://evil.example/' }))
  t.equal(page.status, 400)
  t.equal(new URL(page.url).host, new URL(server.issuer).host)
  t.match(page.text, /invalid_redirect_uri/)
  t.equal(server.failures.at(-1)?.endpoint, 'authorization')
})

await t.test('an unknown client is shown a page', async (t) => {
  const page = await new Browser(web).visit(authorizationUrl({ client_id: '<script>alert(1)</script>' }))
  t.equal(page.status, 400)
  t.notMatch(page.text, /<script/)
})

await t.test('a request without PKCE, or with the plain method, is refused', async (t) => {
  const url = authorizationUrl({})
  url.searchParams.delete('code_challenge')
  url.searchParams.delete('code_challenge_method')
  const page = await new Browser(web).visit(url)
  t.match(new URL(page.url).searchParams.get('error_description'), /PKCE/)
  const plain = await new Browser(web).visit(authorizationUrl({ code_challenge_method: 'plain' }))
  t.equal(new URL(plain.url).searchParams.get('error'), 'invalid_request')
})

await t.test('a wrong code_verifier or redirect_uri, and a replayed code, are invalid_grant; the replay revokes what the code gave', async (t) => {
  const first = await authorize(new Browser(web), configuration, { user: 'amira' })
  const form = (changes: Record<string, string>) => ({ grant_type: 'authorization_code', code: first.callback.searchParams.get('code') ?? '', redirect_uri: REDIRECT_URI, code_verifier: first.verifier, ...changes })
  const ask = async (changes: Record<string, string> = {}) => await postForm(web, token, form(changes), basic(client.clientId, secret))
  t.equal((await ask({ code_verifier: 'y'.repeat(43) })).json['error'], 'invalid_grant')
  t.equal((await ask({ redirect_uri: 'https://client.example/other' })).json['error'], 'invalid_grant')
  const good = await ask()
  t.equal(good.status, 200)
  const access = String(good.json['access_token'])
  t.match(server.authz.verifyAccessToken(access, { audiences: [PAYMENTS], requireBound: false }), { kind: 'verified' })
  t.equal((await ask()).json['error'], 'invalid_grant')
  t.match(server.failures.at(-1)?.detail, /already consumed/)
  t.match(server.authz.verifyAccessToken(access, { audiences: [PAYMENTS], requireBound: false }), { kind: 'refused', code: 'token_revoked' })
  t.equal((await postForm(web, token, { grant_type: 'refresh_token', refresh_token: String(good.json['refresh_token']) }, basic(client.clientId, secret))).json['error'], 'invalid_grant')
})

await t.test('of parallel uses of one code no two win', async (t) => {
  const { callback, verifier } = await authorize(new Browser(web), configuration, { user: 'amira' })
  const ask = async () => await postForm(web, token, { grant_type: 'authorization_code', code: callback.searchParams.get('code') ?? '', redirect_uri: REDIRECT_URI, code_verifier: verifier }, basic(client.clientId, secret))
  const statuses = (await Promise.all([ask(), ask(), ask()])).map(({ status }) => status)
  t.ok(statuses.filter((status) => status === 400).length >= 2, String(statuses))
})

await t.test('a code of one client is worth nothing to another', async (t) => {
  const other = await createClient(server.authz)
  const { callback, verifier } = await authorize(new Browser(web), configuration, { user: 'amira' })
  const reply = await postForm(web, token, { grant_type: 'authorization_code', code: callback.searchParams.get('code') ?? '', redirect_uri: REDIRECT_URI, code_verifier: verifier }, basic(other.clientId, other.clientSecret?.reveal() ?? ''))
  t.equal(reply.json['error'], 'invalid_grant')
})

await t.test('denying and cancelling give access_denied', async (t) => {
  const browser = new Browser(web)
  const consent = await browser.press(await browser.visit(authorizationUrl({ scope: 'openid payments:read' })), 'amira')
  t.match(consent.text, /<code>payments:read<\/code>/)
  t.match(new URL((await browser.press(consent, 'Deny')).url).searchParams.get('error'), 'access_denied')
  const cancelled = await new Browser(web).visit(authorizationUrl({}))
  const other = new Browser(web)
  t.match((await other.press(await other.visit(authorizationUrl({})), 'Cancel')).url, /error=access_denied/)
  t.match((await new Browser(web).press(cancelled, 'amira')).text, /This sign-in is over/, 'and another browser cannot answer')
})

await t.test('login and consent give a JWT for the API and userinfo, a refresh token and an ID token', async (t) => {
  const tokens = await signIn()
  t.match(decodeJwt(tokens.access_token), { aud: PAYMENTS, sub: amira.sub, client_id: client.clientId })
  t.same(String(decodeJwt(tokens.access_token)['scope']).split(' ').sort(), ['email', 'offline_access', 'openid', 'payments:read', 'profile'])
  const idToken = tokens.claims()
  t.match(idToken, { iss: server.issuer, aud: client.clientId, sub: amira.sub })
  t.equal((idToken?.exp ?? 0) - (idToken?.iat ?? 0), 1800)
  t.match(await openid.fetchUserInfo(configuration, tokens.access_token, amira.sub), { sub: amira.sub, name: amira.name, preferred_username: 'amira', email: amira.email, email_verified: true })
  const verdict = await server.authz.verifyAccessToken(tokens.access_token, { audiences: [PAYMENTS], requireBound: false })
  t.match(verdict, { kind: 'verified', caller: { kind: 'client', sandboxId: SANDBOX_A, clientId: client.clientId, subject: amira.sub } })
})

await t.test('userinfo refuses a token without openid, a tampered one and none', async (t) => {
  const own = await openid.clientCredentialsGrant(configuration)
  const tokens = await signIn()
  const ask = async (value?: string) => (await web(`${server.issuer}/oauth/userinfo`, { headers: value === undefined ? {} : { authorization: `Bearer ${value}` } }))
  for (const value of [own.access_token, `${tokens.access_token.slice(0, -4)}AAAA`, undefined]) {
    const reply = await ask(value)
    t.not(reply.status, 200)
    t.match(reply.headers.get('www-authenticate'), /^Bearer /)
    await reply.text()
  }
  t.equal((await ask(tokens.access_token)).status, 200)
})

await t.test('a refresh token is used once: the rotated one works, the old one kills the family and its access tokens', async (t) => {
  const tokens = await signIn()
  const second = await openid.refreshTokenGrant(configuration, tokens.refresh_token ?? '')
  t.not(second.refresh_token, tokens.refresh_token)
  t.match(server.authz.verifyAccessToken(second.access_token, { audiences: [PAYMENTS], requireBound: false }), { kind: 'verified' })
  await t.rejects(openid.refreshTokenGrant(configuration, tokens.refresh_token ?? ''), INVALID_GRANT)
  t.match(server.failures.at(-1)?.detail, /refresh token already used/)
  await t.rejects(openid.refreshTokenGrant(configuration, second.refresh_token ?? ''), INVALID_GRANT)
  for (const access of [tokens.access_token, second.access_token]) {
    t.match(server.authz.verifyAccessToken(access, { audiences: [PAYMENTS], requireBound: false }), { kind: 'refused', code: 'token_revoked' })
  }
})

await t.test('of parallel refreshes with one token no two win', async (t) => {
  const tokens = await signIn()
  const outcomes = await Promise.allSettled([1, 2, 3].map(async () => await openid.refreshTokenGrant(configuration, tokens.refresh_token ?? '')))
  t.ok(outcomes.filter(({ status }) => status === 'rejected').length >= 2)
})

await t.test('refreshing over the mutual-TLS door binds the new token', async (t) => {
  const certificate = await server.issueCertificate('refresher')
  const tokens = await signIn()
  t.equal(decodeJwt(tokens.access_token)['cnf'], undefined)
  const bound = await openid.refreshTokenGrant(await discover(server, client.clientId, openid.ClientSecretBasic(secret), certificate), tokens.refresh_token ?? '')
  t.same(decodeJwt(bound.access_token)['cnf'], { 'x5t#S256': certificate.thumbprint })
})

await t.test('a refresh token ages with its sandbox\'s clock', async (t) => {
  const foreign = await createClient(server.authz, { sandboxId: SANDBOX_B })
  const theirs = await discover(server, foreign.clientId, openid.ClientSecretBasic(foreign.clientSecret?.reveal()))
  const { callback, verifier, state } = await authorize(new Browser(web), theirs, { user: 'chiyo' })
  const tokens = await openid.authorizationCodeGrant(theirs, callback, { pkceCodeVerifier: verifier, expectedState: state })
  server.advanceSandbox(SANDBOX_B, 15 * 86_400_000)
  await t.rejects(openid.refreshTokenGrant(theirs, tokens.refresh_token ?? ''), INVALID_GRANT)
  t.match(server.failures.at(-1)?.detail, /expired/)
})

await t.test('a browser session of one sandbox\'s user does not satisfy a client of another sandbox', async (t) => {
  const browser = new Browser(web)
  await signIn({ browser })
  const foreign = await createClient(server.authz, { sandboxId: SANDBOX_B, name: 'Other sandbox' })
  const theirs = await discover(server, foreign.clientId, openid.ClientSecretBasic(foreign.clientSecret?.reveal()))
  const url = openid.buildAuthorizationUrl(theirs, { redirect_uri: REDIRECT_URI, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })
  const silent = new URL(url)
  silent.searchParams.set('prompt', 'none')
  t.equal(new URL((await browser.visit(silent)).url).searchParams.get('error'), 'login_required')
  const page = await browser.visit(url)
  t.match(page.text, /Choose a test user/)
  t.match(page.text, /chiyo/)
  t.notMatch(page.text, /amira|bjorn/)
  const consent = await browser.press(page, 'chiyo')
  t.match(consent.text, />Allow</)
  const callback = new URL((await browser.press(consent, 'Allow')).url)
  t.ok(callback.searchParams.get('code'))
  t.notMatch(server.failures.at(-1)?.error, 'server_error')
})

await t.test('a user of another sandbox cannot be chosen by forging the form', async (t) => {
  const browser = new Browser(web)
  const page = await browser.visit(authorizationUrl({}))
  const forged = await browser.visit(`${page.url}/login`, { csrf: /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '', sub: chiyo.sub })
  t.equal(forged.status, 400)
  t.equal((await browser.visit(`${page.url}/login`, { csrf: 'guess', sub: bjorn.sub })).status, 403, 'nor without the form\'s token')
  t.equal((await browser.visit(`${page.url}/login`, { sub: bjorn.sub })).status, 403)
  t.match((await browser.press(page, 'bjorn')).text, />Allow</)
})

await t.test('the pages are closed to scripts and frames, escape what they show, and say that this is a sandbox', async (t) => {
  const browser = new Browser(web)
  const page = await browser.visit(authorizationUrl({ scope: 'openid payments:read' }))
  t.match(page.headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; frame-ancestors 'none'$/)
  t.equal(page.headers.get('cache-control'), 'no-store')
  for (const { text } of [page, await browser.press(page, 'amira')]) {
    t.match(text, /<html lang="en">/)
    t.match(text, /Example &lt;Payments&gt; &amp; Co|Test client/)
    t.match(text, /This is a sandbox/)
    t.match(text, /Amira &lt;b&gt;Haddad/)
    t.notMatch(text, /<b>Haddad|<script/)
  }
})

await t.test('logging out ends the session and the tokens that were to last no longer', async (t) => {
  const browser = new Browser(web)
  const tokens = await signIn({ browser, scope: 'openid payments:read' })
  t.equal(tokens.refresh_token, undefined)
  const page = await browser.visit(openid.buildEndSessionUrl(configuration, { id_token_hint: tokens.id_token ?? '' }))
  t.match(page.text, /Sign out of/)
  const xsrf = /name="xsrf" value="([^"]*)"/.exec(page.text)?.[1] ?? ''
  t.match((await browser.visit(`${server.issuer}/oauth/logout/confirm`, { xsrf, logout: 'yes' })).text, /signed out/)
  t.match(server.authz.verifyAccessToken(tokens.access_token, { audiences: [PAYMENTS], requireBound: false }), { kind: 'refused', code: 'token_revoked' })
  t.match((await browser.visit(authorizationUrl({}))).text, /Choose a test user/)
})
