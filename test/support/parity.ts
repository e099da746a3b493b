import { checkParity, type LiveSide, type TestClient } from '../../authz/index.ts'
import { Secret, systemClock } from '../../kernel/index.ts'
import { startTestGateway, type TestGateway } from './gateway.ts'

const REDIRECT_URI = 'http://127.0.0.1:7777/callback'

/** Room for a comparison at full speed, from one address. */
const ROOM = { 'limits.token.limit': 100_000, 'limits.token.burst': 100_000, 'limits.address.limit': 100_000, 'limits.address.burst': 100_000, 'log.level': 'silent' }

/** A gateway with a sandbox, as a side of a comparison: by a client with a secret, or by one with a certificate. */
export interface GatewaySide { readonly gateway: TestGateway, readonly bySecret: LiveSide, readonly byCertificate: LiveSide, readonly anonymous: LiveSide }

/** Starts a gateway to be compared. */
export async function openGatewaySide (settings: Readonly<Record<string, unknown>> = {}): Promise<GatewaySide> {
  const gateway = await startTestGateway({ ...ROOM, ...settings })
  const { client, mtlsClient, key } = await gateway.newSandbox()
  for (const { id } of [client, mtlsClient]) {
    const changed = await gateway.call('PATCH', `/sandbox/clients/${id}`, { token: key.reveal(), body: { headless_login: true } })
    if (changed.status !== 200) throw new Error(`${id} may not log in without pages: ${changed.text}`)
  }
  const anonymous: LiveSide = { issuer: gateway.publicUrl, authorityPem: gateway.authorityPem }
  const shared = { redirectUri: REDIRECT_URI, scope: 'openid profile email offline_access payments:read', login: { sandgate_login: 'amira' } }
  const secret: TestClient = { ...shared, clientId: client.id, auth: { method: 'client_secret_basic', secret: client.secret } }
  const certificate: TestClient = { ...shared, clientId: mtlsClient.id, auth: { method: 'tls_client_auth', certificate: { certificatePem: mtlsClient.certificatePem, keyPem: new Secret(mtlsClient.privateKeyPem.reveal()) } } }
  return { gateway, anonymous, bySecret: { ...anonymous, client: secret }, byCertificate: { ...anonymous, client: certificate } }
}

/** Compares two sides at full speed. */
export async function compare (production: LiveSide | Parameters<typeof checkParity>[0]['production'], sandbox: LiveSide, more: Partial<Parameters<typeof checkParity>[0]> = {}) {
  const outcome = await checkParity({ production, sandbox, clock: systemClock, delayMs: 0, ...more })
  if (outcome.kind === 'unreachable') throw new Error(`${outcome.issuer}: ${outcome.why}`)
  return outcome.report
}
