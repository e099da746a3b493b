import * as openid from 'openid-client'
import t from 'tap'
import { discover } from '../support/authz-client.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { startTestGateway } from '../support/gateway.ts'

const executable = findChromium()
t.setTimeout(400_000)
const REDIRECT_URI = 'http://127.0.0.1:7777/callback'
const options = executable === undefined ? { skip: 'Chromium was not found (set CHROMIUM_PATH); .ci/run installs it' } : { timeout: 200_000 }

/** A person signs in and consents in a real browser; the pages need no script, obey their own policy and load nothing foreign. */
t.test('login and consent in Chromium', options, async (t) => {
  const sandgate = await startTestGateway({ 'sandboxes.redirect_uris': [REDIRECT_URI] })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox({ name: 'Shop' })
  const configuration = await discover({ issuer: sandgate.publicUrl, ca: sandgate.authorityPem }, sandbox.client.id, openid.ClientSecretBasic(sandbox.client.secret.reveal()))
  const browser = await launchChromium(t, executable ?? '')
  const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()) })
  page.on('request', (request) => { if (new URL(request.url()).origin !== sandgate.publicUrl && !request.url().startsWith(REDIRECT_URI)) problems.push(`foreign: ${request.url()}`) })
  let callback = ''
  await page.route(`${REDIRECT_URI}**`, async (route) => {
    callback = route.request().url()
    await route.fulfill({ body: 'back at the client' })
  })
  const verifier = openid.randomPKCECodeVerifier()
  const state = openid.randomState()
  await page.goto(openid.buildAuthorizationUrl(configuration, { redirect_uri: REDIRECT_URI, scope: 'openid profile payments:read', state, code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' }).href)
  t.match(await page.title(), /Sign in.*sandbox/i)
  t.equal(await page.locator('html').getAttribute('lang'), 'en')
  await page.getByRole('button', { name: /田中 千代/ }).click()
  t.match(await page.getByRole('heading', { level: 1 }).textContent(), /Allow/)
  t.equal(await page.locator('.sandbox').first().isVisible(), true, 'it says that this is a sandbox')
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.waitForURL(`${REDIRECT_URI}**`)
  const tokens = await openid.authorizationCodeGrant(configuration, new URL(callback), { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
  t.match(await openid.fetchUserInfo(configuration, tokens.access_token, tokens.claims()?.sub ?? ''), { name: '田中 千代' })
  t.same(problems, [], 'no violation of the policy, nothing foreign')
})

/** A developer and an operator use the console in a real browser. */
t.test('the console in Chromium', options, async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  await sandgate.call('POST', '/v1/customers', { token, body: { name: 'Shown' } })
  const refused = await sandgate.call('GET', '/v1/customers', { token: await sandgate.tokenFor(sandbox) })
  t.equal(refused.status, 401)
  const browser = await launchChromium(t, executable ?? '')
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
  const problems: string[] = []
  page.on('console', (message) => { if (message.type() === 'error' && !/40[134]/.test(message.text())) problems.push(message.text()) })
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('request', (request) => { if (new URL(request.url()).origin !== sandgate.publicUrl) problems.push(`foreign: ${request.url()}`) })
  page.on('dialog', (dialog) => { void dialog.accept() })

  await page.goto(`${sandgate.publicUrl}/console/`)
  await page.locator('input').first().fill(sandbox.key.reveal())
  await page.locator('form button').first().click()
  await page.getByText(sandbox.sandbox.id).first().waitFor()
  const open = async (section: string): Promise<void> => await page.getByRole('navigation').getByText(section).click()
  await open('Requests')
  await page.getByText('token_binding_mismatch').first().waitFor()
  await page.getByRole('row', { name: /token_binding_mismatch/ }).getByRole('link').click()
  await page.getByText('RFC 8705').first().waitFor()
  await open('Triggers')
  await page.getByText('amount_declined').first().waitFor()
  t.notOk(page.url().includes(sandbox.key.reveal()), 'the key is in no address')
  t.same(problems, [])
})
