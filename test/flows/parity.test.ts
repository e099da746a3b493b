import t from 'tap'
import { compare, openGatewaySide } from '../support/parity.ts'

/** What each change of one setting must show, and nothing else. */
const CHANGES: ReadonlyArray<{ readonly settings: Record<string, unknown>, readonly by: 'bySecret' | 'byCertificate', readonly drifts: readonly string[] }> = [
  { settings: { 'profile.lifetimes.access_token': '5m' }, by: 'bySecret', drifts: ['token.expires_in', 'access_token.lifetime'] },
  { settings: { 'profile.bind_tokens_to_certificates': false }, by: 'byCertificate', drifts: ['metadata.tls_client_certificate_bound_access_tokens', 'access_token.claims.cnf', 'introspection.members.cnf'] },
  { settings: { 'profile.paths.token': '/token' }, by: 'bySecret', drifts: ['metadata.mtls_endpoint_aliases', 'metadata.token_endpoint'] },
  { settings: { 'profile.lifetimes.id_token': '5m' }, by: 'bySecret', drifts: ['id_token.lifetime'] },
  { settings: { 'profile.refresh_token_rotation': false }, by: 'bySecret', drifts: ['token.rotation', 'error.refresh_token_again.status'] },
  { settings: { 'tls.minimum_version': 'TLSv1.3' }, by: 'bySecret', drifts: ['tls.issuer.versions', 'tls.mtls.versions', 'tls.issuer.ciphers', 'tls.mtls.ciphers'] },
]

t.test('two Sandgates', async (t) => {
  const production = await openGatewaySide()
  t.teardown(production.gateway.stop)

  t.test('with one profile are the same in everything, whichever way the client authenticates', async (t) => {
    const sandbox = await openGatewaySide()
    t.teardown(sandbox.gateway.stop)
    for (const by of ['byCertificate', 'anonymous'] as const) {
      const report = await compare(production[by], sandbox[by])
      t.same(report.drifts.map(({ id }) => id), [], by)
      t.equal(report.score, 100)
    }
    const deep = await compare(production.bySecret, sandbox.bySecret)
    t.same(deep.drifts, [])
    t.equal(deep.score, 100)
    const asked = deep.checks.filter(({ outcome }) => outcome === 'same')
    t.ok(asked.filter(({ area }) => area === 'error').length >= 60, 'sixty wrong requests and more')
    for (const id of ['access_token.header', 'access_token.claims', 'token.expires_in', 'keys.algorithms', 'cors.token_preflight', 'tls.issuer', 'tls.mtls', 'headers.token', 'error.wrong_secret_basic', 'error.foreign_certificate', 'error.missing_pkce', 'error.replayed_code', 'error.bad_verifier', 'error.wrong_redirect_uri_at_token', 'token.rotation', 'id_token.claims', 'userinfo.members', 'authorization.parameters']) t.ok(asked.some((check) => check.id === id), id)
    t.ok(deep.checks.filter(({ outcome }) => outcome === 'skipped').every(({ why = '' }) => why !== ''), 'what is skipped says why')
  })

  for (const { settings, by, drifts } of CHANGES) {
    t.test(`after ${Object.keys(settings).join()} is changed, exactly that is told`, async (t) => {
      const sandbox = await openGatewaySide(settings)
      t.teardown(sandbox.gateway.stop)
      const report = await compare(production[by], sandbox[by])
      t.same(report.drifts.map(({ id }) => id).sort(), [...drifts].sort())
      t.ok(report.score < 98.1, `it scores ${report.score}`)
    })
  }

  t.test('another signing algorithm breaks whoever verifies, and is told first', async (t) => {
    const sandbox = await openGatewaySide({ 'profile.signing_algorithm': 'PS256' })
    t.teardown(sandbox.gateway.stop)
    const report = await compare(production.bySecret, sandbox.bySecret)
    t.equal(report.drifts[0]?.area, 'metadata')
    t.match(report.drifts.find(({ id }) => id === 'metadata.id_token_signing_alg_values_supported'), { severity: 'breaking' })
    for (const id of ['access_token.header.alg', 'keys.algorithms']) t.match(report.drifts.find((drift) => drift.id === id), { severity: 'breaking', production: id.startsWith('keys') ? ['ES256'] : 'ES256' })
    t.ok(report.score < 90)
    t.ok(report.drifts.every(({ area }) => !['error', 'cors', 'tls', 'headers'].includes(area)), 'and nothing that has nothing to do with it')
  })
})
