import t from 'tap'
import { compare, openGatewaySide } from '../support/parity.ts'
import { startBareProvider, startMockServer, startNodeOAuth, type Peer } from '../support/parity-peers.ts'

t.test('authorization servers that others wrote, playing production', async (t) => {
  const sandbox = await openGatewaySide()
  t.teardown(sandbox.gateway.stop)
  const peers: Record<string, { readonly start: () => Promise<Peer>, readonly expected: Record<string, object> }> = {
    'oauth2-mock-server': { start: startMockServer, expected: { 'metadata.token_endpoint_auth_methods_supported': { production: ['none'] }, 'error.unsupported_grant.error': { production: null, sandbox: 'unsupported_grant_type' } } },
    'oidc-provider without its development pages': { start: startBareProvider, expected: { 'access_token.format': { production: 'opaque', sandbox: 'JWT' }, 'keys.algorithms': { production: ['RS256'] } } },
    '@node-oauth/oauth2-server': { start: startNodeOAuth, expected: { 'metadata.documents': { severity: 'likely' }, 'access_token.format': { production: 'opaque' }, 'error.basic_without_colon.error': { production: 'invalid_client', sandbox: 'invalid_request' } } },
  }
  for (const [name, { start, expected }] of Object.entries(peers)) {
    t.test(name, async (t) => {
      const peer = await start()
      t.teardown(peer.close)
      const report = await compare(peer.side, sandbox.bySecret)
      t.ok(report.score > 20 && report.score < 90, `${name} scores ${report.score}`)
      for (const [id, drift] of Object.entries(expected)) t.match(report.drifts.find((found) => found.id === id), drift, id)
    })
  }
})
