import { decodeJwt } from 'jose'
import * as openid from 'openid-client'
import t from 'tap'
import { authorize, Browser, createFetch, discover, type TestServerAddress } from '../support/authz-client.ts'
import { oauthError } from '../support/oauth-error.ts'
import { startTestGateway } from '../support/gateway.ts'

const REDIRECT_URI = 'http://127.0.0.1:7777/callback'

/** A developer's web application signs a test user in, calls the API, refreshes, introspects and revokes. */
t.test('authorization code with PKCE', async (t) => {
  const sandgate = await startTestGateway({ 'sandboxes.redirect_uris': [REDIRECT_URI] })
  t.teardown(sandgate.stop)
  const server: TestServerAddress = { issuer: sandgate.publicUrl, ca: sandgate.authorityPem }
  const sandbox = await sandgate.newSandbox({ name: 'Shop' })
  const configuration = await discover(server, sandbox.client.id, openid.ClientSecretBasic(sandbox.client.secret.reveal()))
  const fetcher = createFetch(server)
  t.teardown(fetcher.close)

  const signIn = async (browser = new Browser(fetcher)): Promise<openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers> => {
    const { callback, verifier, state } = await authorize(browser, configuration, { user: 'Amira Haddad', redirectUri: REDIRECT_URI })
    return await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
  }

  t.test('without PKCE the request is refused', async (t) => {
    const url = openid.buildAuthorizationUrl(configuration, { redirect_uri: REDIRECT_URI, scope: 'openid' })
    const page = await new Browser(fetcher).visit(url)
    t.match(new URL(page.url).searchParams.get('error'), 'invalid_request')
  })

  t.test('an unregistered redirect_uri shows a page and redirects nowhere', async (t) => {
    const url = openid.buildAuthorizationUrl(configuration, { redirect_uri: 'https://evil.example/callback', scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })
    const page = await new Browser(fetcher).visit(url)
    t.equal(page.status, 400)
    t.equal(new URL(page.url).origin, sandgate.publicUrl)
  })

  t.test('Deny on the consent page comes back as access_denied', async (t) => {
    const browser = new Browser(fetcher)
    const url = openid.buildAuthorizationUrl(configuration, { redirect_uri: REDIRECT_URI, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })
    const consent = await browser.press(await browser.visit(url), 'Amira Haddad')
    const denied = await browser.press(consent, 'Deny')
    t.equal(new URL(denied.url).searchParams.get('error'), 'access_denied')
  })

  t.test('the login page lists the sandbox\'s test users and says that this is a sandbox', async (t) => {
    const url = openid.buildAuthorizationUrl(configuration, { redirect_uri: REDIRECT_URI, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })
    const page = await new Browser(fetcher).visit(url)
    for (const name of ['Amira Haddad', 'Björn Þórsson', '田中 千代', 'Sandbox']) t.match(page.text, name)
    t.match(page.headers.get('content-security-policy'), 'default-src \'none\'')
  })

  t.test('signing in gives an id_token, userinfo, and a token that opens the API in the user\'s name', async (t) => {
    const tokens = await signIn()
    const claims = tokens.claims()
    t.ok(claims)
    const userinfo = await openid.fetchUserInfo(configuration, tokens.access_token, claims?.sub ?? '')
    t.match(userinfo, { name: 'Amira Haddad', email: 'amira@example.test' })
    t.equal(decodeJwt(tokens.access_token).sub, claims?.sub)
    const called = await sandgate.call('GET', '/v1/customers', { token: tokens.access_token })
    t.equal(called.status, 200)
  })

  t.test('a refresh token rotates, and using it again ends the whole family at once', async (t) => {
    const first = await signIn()
    const second = await openid.refreshTokenGrant(configuration, first.refresh_token ?? '')
    t.not(second.refresh_token, first.refresh_token)
    t.equal((await sandgate.call('GET', '/v1/customers', { token: second.access_token })).status, 200)
    await t.rejects(openid.refreshTokenGrant(configuration, first.refresh_token ?? ''), oauthError('invalid_grant'))
    await t.rejects(openid.refreshTokenGrant(configuration, second.refresh_token ?? ''), oauthError('invalid_grant'), 'the family')
    const after = await sandgate.call('GET', '/v1/customers', { token: second.access_token })
    t.equal(after.status, 401)
    t.equal(after.json.code, 'token_revoked')
  })

  t.test('a code is good for one exchange', async (t) => {
    const { callback, verifier, state } = await authorize(new Browser(fetcher), configuration, { user: 'Amira Haddad', redirectUri: REDIRECT_URI })
    const exchange = async (): Promise<unknown> => await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state })
    await exchange()
    await t.rejects(exchange(), oauthError('invalid_grant'))
  })

  t.test('a revoked access token stops at once, although it is a JWT', async (t) => {
    const tokens = await signIn()
    t.match(await openid.tokenIntrospection(configuration, tokens.access_token), { active: true, client_id: sandbox.client.id })
    t.equal((await sandgate.call('GET', '/v1/customers', { token: tokens.access_token })).status, 200, 'and is in the verified-token cache')
    await openid.tokenRevocation(configuration, tokens.access_token)
    t.equal((await sandgate.call('GET', '/v1/customers', { token: tokens.access_token })).status, 401)
    t.same(await openid.tokenIntrospection(configuration, tokens.access_token), { active: false })
  })

  t.test('the client of another sandbox can neither introspect nor see the user', async (t) => {
    const tokens = await signIn()
    const other = await sandgate.newSandbox({ name: 'Other' })
    const theirs = await discover(server, other.client.id, openid.ClientSecretBasic(other.client.secret.reveal()))
    t.same(await openid.tokenIntrospection(theirs, tokens.access_token), { active: false })
  })
})
