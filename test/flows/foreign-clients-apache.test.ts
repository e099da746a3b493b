import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair } from 'jose'
import t from 'tap'
import type { Page } from '../support/authz-client.ts'
import { findApache, pathBeside, startApache, type ApacheSite } from '../support/foreign-apache.ts'
import { RoamingBrowser } from '../support/foreign-browser.ts'
import { openForeignWorld, type RegisteredClient } from '../support/foreign-world.ts'
import { freePorts } from '../support/gateway.ts'

const apache = findApache()
const options = apache === undefined ? { skip: 'Apache with mod_auth_openidc was not found; .ci/run installs it' } : {}

/** A page behind Apache with mod_auth_openidc as relying party: nobody of ours wrote what stands between the browser and the page. */
t.test('Apache with mod_auth_openidc', options, async (t) => {
  const { sandgate, register, explanationsOf } = await openForeignWorld(t)
  const ports = await freePorts(7)
  const [basicPort = 0, signerPort = 0, sealerPort = 0, postedPort = 0, forgetfulPort = 0, wrongPort = 0, apiPort = 0] = ports
  const homeOf = (port: number): string => `http://127.0.0.1:${port}`
  const registerAt = async (port: number, method: string, metadata: object = {}): Promise<RegisteredClient> => await register(method, {
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [`${homeOf(port)}/protected/callback`],
    post_logout_redirect_uris: [`${homeOf(port)}/open.shtml`],
    backchannel_logout_uri: `${homeOf(port)}/protected/callback?logout=backchannel`,
    backchannel_logout_session_required: true,
    scope: 'openid profile email',
    ...metadata,
  })
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const basic = await registerAt(basicPort, 'client_secret_basic')
  const signer = await registerAt(signerPort, 'private_key_jwt', { token_endpoint_auth_signing_alg: 'RS256', jwks: { keys: [{ ...await exportJWK(publicKey), kid: 'apache-key', alg: 'RS256', use: 'sig' }] } })
  const sealer = await registerAt(sealerPort, 'client_secret_jwt', { token_endpoint_auth_signing_alg: 'HS256' })
  const posted = await registerAt(postedPort, 'client_secret_post')
  const forgetful = await registerAt(forgetfulPort, 'client_secret_basic')
  const wrong = await registerAt(wrongPort, 'client_secret_basic')
  const guard = await register('client_secret_basic')
  const caller = await register('client_secret_basic')

  const relyingParty = (port: number, { id, method, secret }: RegisteredClient, more: readonly string[] = ['OIDCPKCEMethod S256']): ApacheSite => ({
    port,
    directives: [
      `OIDCProviderMetadataURL ${sandgate.publicUrl}/.well-known/openid-configuration`,
      `OIDCRedirectURI ${homeOf(port)}/protected/callback`,
      `OIDCClientID ${id}`,
      ...(secret === undefined ? [] : [`OIDCClientSecret "${secret}"`]),
      ...more,
      `OIDCProviderTokenEndpointAuth ${method}`,
    ],
  })
  const { errorLog } = await startApache(t, apache ?? { program: '', modules: '' }, {
    files: { 'ca.pem': sandgate.authorityPem, 'apache.key': await exportPKCS8(privateKey), 'apache.pub': await exportSPKI(publicKey) },
    sites: [
      relyingParty(basicPort, basic),
      relyingParty(signerPort, signer, ['OIDCPKCEMethod S256', `OIDCPrivateKeyFiles apache-key#${pathBeside('apache.key')}`, `OIDCPublicKeyFiles apache-key#${pathBeside('apache.pub')}`]),
      relyingParty(sealerPort, sealer),
      relyingParty(postedPort, posted, ['OIDCPKCEMethod S256', 'OIDCResponseMode form_post']),
      relyingParty(forgetfulPort, forgetful, []),
      relyingParty(wrongPort, { ...wrong, secret: 'wrong' }),
      {
        port: apiPort,
        authType: 'oauth20',
        directives: [
          `OIDCOAuthIntrospectionEndpoint ${sandgate.publicUrl}/oauth/introspect`,
          'OIDCOAuthIntrospectionEndpointAuth client_secret_basic',
          'OIDCOAuthTokenIntrospectionInterval -1',
          `OIDCOAuthClientID ${guard.id}`,
          `OIDCOAuthClientSecret "${guard.secret ?? ''}"`,
          'OIDCOAuthRemoteUserClaim client_id',
        ],
      },
    ],
  })
  const newBrowser = (): RoamingBrowser => new RoamingBrowser(t, { issuer: sandgate.publicUrl, ca: sandgate.authorityPem })
  const pageOf = (port: number): string => `${homeOf(port)}/protected/page.shtml`
  const signIn = async (browser: RoamingBrowser, port: number, user = 'Amira Haddad'): Promise<Page> => {
    const login = await browser.visit(pageOf(port))
    const consent = login.text.includes('Choose a test user') ? await browser.press(login, user) : login
    return consent.text.includes('>Allow<') ? await browser.press(consent, 'Allow') : consent
  }

  t.test('nobody sees the page who has not signed in: a wrong secret, no PKCE, a consent denied, an answer forged or brought by another browser', async (t) => {
    const isRefused = (page: Page, port: number): void => {
      t.equal(new URL(page.url).origin, homeOf(port))
      t.notMatch(page.text, 'user=')
    }
    isRefused(await signIn(newBrowser(), wrongPort), wrongPort)
    t.match(errorLog(), /invalid_client/)
    t.match(await explanationsOf(wrong.id), [/client_secret_mismatch/], 'the owner reads why')
    const unproven = await signIn(newBrowser(), forgetfulPort)
    isRefused(unproven, forgetfulPort)
    t.match(unproven.url, /error=invalid_request.*PKCE/)
    t.match(await explanationsOf(forgetful.id, 'code=invalid_request'), [/code_challenge/])
    const denying = newBrowser()
    const denied = await denying.press(await denying.press(await denying.visit(pageOf(basicPort)), 'Amira Haddad'), 'Deny')
    isRefused(denied, basicPort)
    t.match(denied.url, 'error=access_denied')
    t.match(await explanationsOf(basic.id, 'code=access_denied'), [/denied/])
    const browser = newBrowser()
    const consent = await browser.press(await browser.visit(pageOf(postedPort)), 'Amira Haddad')
    const answer = await browser.press(consent, 'Allow')
    const forged = { ...answer, text: answer.text.replace(/name="state" value="[^"]*"/, 'name="state" value="forged"') }
    isRefused(await browser.press(forged, 'Continue'), postedPort)
    t.match((await browser.press(answer, 'Continue')).text, 'user=amira')
    isRefused(await newBrowser().press(answer, 'Continue'), postedPort)
  })

  for (const [method, port] of [['client_secret_basic', basicPort], ['private_key_jwt', signerPort], ['client_secret_jwt', sealerPort]] as const) {
    t.test(`${method} with PKCE: the page knows who is there, by the ID token and userinfo`, async (t) => {
      const browser = newBrowser()
      const page = await signIn(browser, port, 'Björn Þórsson')
      t.equal(page.url, pageOf(port))
      t.match(page.text, `user=bjorn; name=Björn Þórsson; email=bjorn@example.test; iss=${sandgate.publicUrl};`)
      t.equal((await browser.visit(pageOf(port))).url, pageOf(port), 'and stays signed in')
    })
  }

  t.test('client_secret_post, the answer by form: a person without script presses one button', async (t) => {
    const browser = newBrowser()
    const answer = await signIn(browser, postedPort)
    t.match(answer.text, 'name="code"')
    t.match((await browser.press(answer, 'Continue')).text, 'user=amira; name=Amira Haddad;')
  })

  t.test('one login serves two sites, and signing out at one ends the session at the other by the back channel', async (t) => {
    const browser = newBrowser()
    await signIn(browser, basicPort)
    const consent = await browser.visit(pageOf(signerPort))
    t.match(consent.text, '>Allow<', 'no login, only consent')
    t.match((await browser.press(consent, 'Allow')).text, 'user=amira')
    const after = `${homeOf(basicPort)}/open.shtml`
    const asked = await browser.visit(`${homeOf(basicPort)}/protected/callback?logout=${encodeURIComponent(after)}`)
    t.equal(new URL(asked.url).origin, sandgate.publicUrl)
    const left = await browser.press(asked, 'Sign out')
    t.equal(new URL(left.url).href.split('?')[0], after)
    t.match(left.text, 'open to all')
    for (const port of [basicPort, signerPort]) t.match((await browser.visit(pageOf(port))).text, 'Choose a test user')
  })

  t.test('as a resource server it lets in who has a token that introspection knows, until it is revoked', async (t) => {
    const visit = async (token?: string): Promise<{ status: number, text: string }> => {
      const answer = await fetch(pageOf(apiPort), token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
      return { status: answer.status, text: await answer.text() }
    }
    const form = { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${Buffer.from(`${caller.id}:${caller.secret ?? ''}`).toString('base64')}` }
    const { json } = await sandgate.call('POST', '/oauth/token', { headers: form, body: 'grant_type=client_credentials&scope=payments:read' })
    const token = String(json.access_token)
    const stranger = await sandgate.tokenFor(await sandgate.newSandbox(), { door: 'public' })
    for (const refused of [undefined, 'made-up', stranger]) t.equal((await visit(refused)).status, 401)
    t.match(await visit(token), { status: 200, text: new RegExp(`user=${caller.id};.*client=${caller.id}; scope=payments:read`) })
    await sandgate.call('POST', '/oauth/revoke', { headers: form, body: `token=${token}` })
    t.equal((await visit(token)).status, 401)
  })
})
