import * as openid from 'openid-client'
import t from 'tap'
import { Browser, createFetch, discover } from '../support/authz-client.ts'
import { openForeignWorld } from '../support/foreign-world.ts'
import { oauthError } from '../support/oauth-error.ts'

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const BACKCHANNEL = 'urn:openid:params:grant-type:ciba'
const API = '/v1/customers'

/** openid-client polls by its own rules: it waits the interval out, asks again, and ends with what the person decided. */
t.test('polling', async (t) => {
  const { sandgate, sandbox, register, explanationsOf } = await openForeignWorld(t, { 'profile.poll_interval': '1s' })
  const server = { issuer: sandgate.publicUrl, ca: sandgate.authorityPem }
  const fetcher = createFetch(server)
  t.teardown(fetcher.close)
  const open = async (grant: string, metadata: object = {}): Promise<{ readonly id: string, readonly configuration: openid.Configuration }> => {
    const { id, secret } = await register('client_secret_basic', { grant_types: [grant, 'refresh_token'], scope: 'openid offline_access profile payments:read', ...metadata })
    return { id, configuration: await discover(server, id, openid.ClientSecretBasic(secret ?? '')) }
  }
  const opensApi = async (token: string): Promise<number> => (await sandgate.call('GET', API, { token })).status
  const control = async (path: string, body: object) => await sandgate.call('POST', path, { token: sandbox.key.reveal(), body })

  await t.test('device flow: the television polls while a person types the code on a telephone', async (t) => {
    const { configuration } = await open(DEVICE)
    const started = await openid.initiateDeviceAuthorization(configuration, { scope: 'openid profile payments:read' })
    t.equal(started.interval, 1)
    const polling = openid.pollDeviceAuthorizationGrant(configuration, started)
    const browser = new Browser(fetcher)
    const confirm = await browser.visit(started.verification_uri_complete ?? '')
    t.match(confirm.text, started.user_code)
    const login = await browser.press(confirm, 'It is the same')
    const consent = await browser.press(login, 'Amira Haddad')
    t.match((await browser.press(consent, 'Allow')).text, /device/i)
    const tokens = await polling
    t.match(await openid.fetchUserInfo(configuration, tokens.access_token, tokens.claims()?.sub ?? ''), { name: 'Amira Haddad' })
    t.equal(await opensApi(tokens.access_token), 200)
    await t.rejects(openid.pollDeviceAuthorizationGrant(configuration, started), oauthError('invalid_grant'), 'the code counts once')
  })

  await t.test('device flow: denied by the person, and expired on the sandbox\'s clock, end the polling', async (t) => {
    const { id, configuration } = await open(DEVICE)
    const denied = await openid.initiateDeviceAuthorization(configuration, { scope: 'openid' })
    const ending = t.rejects(openid.pollDeviceAuthorizationGrant(configuration, denied), oauthError('access_denied'))
    t.equal((await control('/sandbox/device-approvals', { user_code: denied.user_code, user: 'amira', decision: 'deny' })).status, 200)
    await ending
    const expiring = await openid.initiateDeviceAuthorization(configuration, { scope: 'openid' })
    await control('/sandbox/clock/advance', { by: '11m' })
    await t.rejects(openid.pollDeviceAuthorizationGrant(configuration, expiring), oauthError('expired_token'))
    t.match((await explanationsOf(id)).at(-1), /expired/)
  })

  await t.test('CIBA: the shop polls while the customer\'s other device decides', async (t) => {
    const { configuration } = await open(BACKCHANNEL, { backchannel_token_delivery_mode: 'poll' })
    const start = async (user: string): Promise<openid.BackchannelAuthenticationResponse> => await openid.initiateBackchannelAuthentication(configuration, { scope: 'openid profile payments:read', login_hint: user, binding_message: 'Order 7' })
    const approved = await start('amira')
    const polling = openid.pollBackchannelAuthenticationGrant(configuration, approved)
    t.match((await control(`/sandbox/backchannel-requests/${approved.auth_req_id}`, { decision: 'approve' })).json, { status: 'approved' })
    const tokens = await polling
    t.match(tokens.claims(), { iss: sandgate.publicUrl })
    t.equal(await opensApi(tokens.access_token), 200)
    await t.rejects(openid.pollBackchannelAuthenticationGrant(configuration, approved), oauthError('invalid_grant'), 'the request counts once')
    await t.rejects(openid.pollBackchannelAuthenticationGrant(configuration, await start('ciba-denies')), oauthError('access_denied'), 'by the user\'s condition, seconds later')
    await t.rejects(start('nobody'), oauthError('unknown_user_id'))
  })
})
