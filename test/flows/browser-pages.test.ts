import axe from 'axe-core'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { startTestGateway } from '../support/gateway.ts'

const REDIRECT_URI = 'http://127.0.0.1:7777/callback'
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const executable = findChromium()
const options = executable === undefined ? { skip: 'Chromium was not found (set CHROMIUM_PATH); .ci/run installs it' } : { timeout: 400_000 }
/** Names a directory to look at the pages in. */
const pictures = process.env['PICTURES']

t.setTimeout(900_000)

/** Every state of every page: no violation of WCAG that axe finds, no script, nothing foreign, readable on a telephone. */
for (const colorScheme of ['light', 'dark'] as const) {
  t.test(`all pages are accessible, ${colorScheme}`, options, async (t) => {
    const sandgate = await startTestGateway({ 'sandboxes.redirect_uris': [REDIRECT_URI], 'profile.authorization_details_types': ['payment_initiation'] })
    t.teardown(sandgate.stop)
    const sandbox = await sandgate.newSandbox({ name: 'Shop' })
    const key = { token: sandbox.key.reveal() }
    const client = (await sandgate.call('POST', '/sandbox/clients', { ...key, body: { name: 'Corner Shop', token_endpoint_auth_method: 'client_secret_basic', grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT], redirect_uris: [REDIRECT_URI], scope: 'openid offline_access profile email payments:read payments:write' } })).json
    const browser = await launchChromium(t, executable ?? '')
    const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: true, colorScheme, viewport: { width: 900, height: 1000 } })
    const page = await context.newPage()
    const problems: string[] = []
    page.on('console', (message) => { if (message.type() === 'error' && !/40\d|Failed to load/.test(message.text())) problems.push(message.text()) })
    page.on('request', (request) => { if (new URL(request.url()).origin !== sandgate.publicUrl && !request.url().startsWith(REDIRECT_URI)) problems.push(`foreign: ${request.url()}`) })
    await page.route(`${REDIRECT_URI}**`, async (route) => { await route.fulfill({ body: 'back at the client' }) })
    const check = async (name: string): Promise<void> => { await inspect(t, page, `${name}-${colorScheme}`) }
    const url = (parameters: Record<string, string> = {}): string => `${sandgate.publicUrl}/oauth/authorize?${new URLSearchParams({ client_id: client.client_id, response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid profile', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', ...parameters }).toString()}`

    await page.goto(url())
    await check('login')
    await page.getByText('Sign in with a user name and password').click()
    await check('login-open')
    await page.getByRole('button', { name: /Lars Locked/ }).click()
    await check('login-locked')
    await page.getByRole('button', { name: /Paula Password/ }).click()
    await check('password')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await check('password-wrong')

    await page.goto(url({ scope: 'openid profile email offline_access payments:read payments:write', prompt: 'consent', claims: '{"userinfo":{"locale":null}}', resource: 'https://api.payments.example', authorization_details: JSON.stringify([{ type: 'payment_initiation', instructedAmount: { currency: 'EUR', amount: '12.30' }, creditorName: 'Corner Shop' }]) }))
    await page.getByRole('button', { name: /Mia Multifactor/ }).click()
    await check('one-time-code')
    await page.getByLabel('One-time code').fill('000000')
    await page.getByRole('button', { name: 'Continue' }).click()
    await check('one-time-code-wrong')
    await page.getByLabel('One-time code').fill('123456')
    await page.getByRole('button', { name: 'Continue' }).click()
    await check('consent')
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.waitForURL(`${REDIRECT_URI}**`)

    const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')
    const started = (await sandgate.call('POST', '/oauth/device_authorization', { headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${basic}` }, body: 'scope=openid+profile' })).json
    await page.goto(`${sandgate.publicUrl}/device`)
    await check('device-input')
    await page.getByLabel('Code').fill('BBBB-BBBB')
    await page.getByRole('button', { name: 'Continue' }).click()
    await check('device-unknown')
    await page.getByLabel('Code').fill(started.user_code)
    await page.getByRole('button', { name: 'Continue' }).click()
    await check('device-confirm')
    await page.getByRole('button', { name: 'It is the same' }).click()
    await check('device-done')
    const second = (await sandgate.call('POST', '/oauth/device_authorization', { headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${basic}` }, body: 'scope=openid+profile' })).json
    await page.goto(second.verification_uri_complete)
    await check('device-complete')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await check('device-aborted')

    await page.goto(`${sandgate.publicUrl}/oauth/logout?client_id=${client.client_id}`)
    await check('logout')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await check('logged-out')
    await page.goto(url({ redirect_uri: 'https://evil.example/' }))
    await check('error')
    await page.goto(`${sandgate.publicUrl}/interaction/nothing`)
    await check('interaction-over')
    t.same(problems, [], 'no violation of the policy, nothing foreign')
  })
}

async function inspect (t: Test, page: Page, name: string): Promise<void> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(async () => await (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }))
  t.same(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join(' | ')}`), [], `${name} has no violation`)
  t.equal(await page.locator('.sandbox-banner').isVisible(), true, `${name} says that this is a sandbox`)
  t.equal(await page.locator('script').count(), 0, `${name} has no script`)
  await page.setViewportSize({ width: 320, height: 640 })
  t.ok(await page.evaluate('document.documentElement.scrollWidth <= 320'), `${name} fits a telephone`)
  if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}-small.png`, fullPage: true })
  await page.setViewportSize({ width: 900, height: 1000 })
  if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true })
}
