import t from 'tap'
import { checkParity, type LiveSide } from '../../../../authz/index.ts'
import { isJsonObject, systemClock, type Json } from '../../../../kernel/index.ts'
import { startTestGateway, type TestGateway } from '../../../support/gateway.ts'

const CHANGED = {
  'profile.lifetimes.access_token': '5m',
  'profile.paths.token': '/as/token.oauth2',
  'profile.paths.registration': '/reg',
  'profile.signing_algorithm': 'PS256',
  'profile.rsa_key_bits': 3072,
  'profile.client_authentication_methods': ['client_secret_basic', 'private_key_jwt'],
  'profile.grants': ['client_credentials', 'authorization_code', 'refresh_token'],
  'profile.response_types': ['code', 'code id_token'],
  'profile.pushed_authorization_requests': 'required',
  'profile.request_objects': 'off',
  'profile.signed_responses': false,
  'profile.dpop': 'off',
  'profile.authorization_details_types': ['payment'],
  'profile.claims_parameter': false,
  'profile.subject_types': ['public'],
  'profile.encryption': false,
  'profile.introspection_jwt': false,
  'profile.userinfo_jwt': false,
  'profile.backchannel_logout': false,
  'tls.minimum_version': 'TLSv1.3',
  'apis[0].token_format': 'opaque',
}

async function sideOf (gateway: TestGateway): Promise<LiveSide> {
  const { client } = await gateway.newSandbox()
  return { issuer: gateway.publicUrl, authorityPem: gateway.authorityPem, client: { clientId: client.id, auth: { method: 'client_secret_basic', secret: client.secret } } }
}

t.test('the suggested changes, and they alone, make a sandbox say and do what a production with other settings does', async (t) => {
  const open = async (settings: Record<string, unknown>): Promise<LiveSide> => {
    const gateway = await startTestGateway({ 'limits.token.mode': 'off', 'limits.address.mode': 'off', ...settings })
    t.teardown(gateway.stop)
    return await sideOf(gateway)
  }
  const compare = async (production: LiveSide, sandbox: LiveSide) => {
    const outcome = await checkParity({ production, sandbox, clock: systemClock, delayMs: 0 })
    if (outcome.kind !== 'checked') throw new Error(outcome.why)
    return outcome.report
  }
  const production = await open(CHANGED)
  const before = await compare(production, await open({}))
  const suggestions = before.drifts.flatMap(({ suggestion }) => suggestion === undefined ? [] : [suggestion])
  const changes = Object.fromEntries(suggestions.flatMap(({ path, value }) => isJsonObject(value) ? Object.entries(value).map(([key, member]): [string, Json] => [`${path}.${key}`, member]) : [[path, value] as [string, Json]]))
  t.strictSame(Object.keys(CHANGED).filter((path) => !(path in changes)), [], 'each changed setting is suggested')
  t.strictSame(Object.keys(changes).filter((path) => !(path in CHANGED)), [], 'and no other')
  const after = await compare(production, await open(changes))
  t.strictSame(after.drifts.map(({ id, production: there, sandbox: here }) => ({ id, there, here })), [], 'nothing is left')
  t.equal(after.score, 100)
})
