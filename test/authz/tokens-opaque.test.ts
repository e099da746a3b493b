import t from 'tap'
import * as openid from 'openid-client'
import { authorize, basic, Browser, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { LEDGER, openTestServer, PAYMENTS, SANDBOX_A } from '../support/authz-server.ts'
import { createProofKey } from '../support/dpop-client.ts'

/** An API whose tokens are opaque beside one whose tokens are JWTs. */
const server = await openTestServer({
  deps: {
    apis: [
      { name: 'payments', audience: PAYMENTS, scopes: ['payments:read', 'payments:write'], tokenFormat: 'opaque' },
      { name: 'ledger', audience: LEDGER, scopes: ['ledger:read'] },
    ],
  },
})
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
const client = await createClient(server.authz)
const secret = client.clientSecret?.reveal() ?? ''
const credentials = basic(client.clientId, secret)
const expect = { audiences: [PAYMENTS], requireBound: false }
await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira', email: 'amira@example.test' })

async function requestToken (form: Record<string, string> = {}, fetcher = web, headers: Record<string, string> = {}, origin = server.issuer): Promise<string> {
  const reply = await postForm(fetcher, `${origin}/oauth/token`, { grant_type: 'client_credentials', ...form }, { ...credentials, ...headers })
  return String(reply.json['access_token'])
}
const introspect = async (token: string) => (await postForm(web, `${server.issuer}/oauth/introspect`, { token }, credentials)).json

await t.test('what is no token of ours is refused, and no refusal repeats it', async (t) => {
  const real = await requestToken()
  for (const token of ['x', `${real}x`, real.slice(0, -1), 'x'.repeat(300), `${real} `, '\u0000']) {
    const verdict = await server.authz.verifyAccessToken(token, expect)
    t.match(verdict, { kind: 'refused', code: 'token_malformed' })
    t.notOk(JSON.stringify(verdict).includes(real.slice(0, 20)))
  }
})

await t.test('each API has its own form of token, and neither takes the other\'s', async (t) => {
  const opaque = await requestToken({ scope: 'payments:read' })
  t.match(opaque, /^[\w-]{43}$/)
  const jwt = await requestToken({ resource: LEDGER })
  t.equal(jwt.split('.').length, 3)
  t.match(await server.authz.verifyAccessToken(opaque, expect), { kind: 'verified', caller: { sandboxId: SANDBOX_A, clientId: client.clientId, scopes: ['payments:read'] } })
  t.notOk(server.authz.verifyAccessToken(opaque, expect) instanceof Promise, 'from memory')
  t.match(await server.authz.verifyAccessToken(opaque, { ...expect, audiences: [LEDGER] }), { code: 'token_audience_invalid', detail: /payments.*ledger/ })
  t.match(await server.authz.verifyAccessToken(jwt, expect), { code: 'token_audience_invalid' })
  t.match(await server.authz.verifyAccessToken(jwt, { ...expect, audiences: [LEDGER] }), { kind: 'verified' })
})

await t.test('introspection explains both', async (t) => {
  const shared = { active: true, client_id: client.clientId, iss: server.issuer, token_type: 'Bearer' }
  t.match(await introspect(await requestToken({ scope: 'payments:read' })), { ...shared, aud: PAYMENTS, scope: 'payments:read' })
  t.match(await introspect(await requestToken({ resource: LEDGER })), { ...shared, aud: LEDGER, scope: 'ledger:read' })
})

await t.test('a revoked one stops at once, on every instance, though it was verified a moment ago', async (t) => {
  const other = await server.openAnother()
  const token = await requestToken()
  for (const authz of [server.authz, other]) t.match(await authz.verifyAccessToken(token, expect), { kind: 'verified' })
  t.equal((await postForm(web, `${server.issuer}/oauth/revoke`, { token }, credentials)).status, 200)
  for (const authz of [server.authz, other]) {
    const verdict = await authz.verifyAccessToken(token, expect)
    t.match(verdict, { kind: 'refused', code: 'token_revoked' })
    t.notOk(JSON.stringify(verdict).includes(token), 'the token itself is nowhere')
  }
  t.match(await (await server.openAnother()).verifyAccessToken(token, expect), { kind: 'refused' }, 'nor on one that never saw it')
  t.same(await introspect(token), { active: false })
})

await t.test('a lost notice costs half a minute: the store is asked again', async (t) => {
  const token = await requestToken()
  t.match(await server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
  await server.stores.keyValue.delete('oauth:ClientCredentials', token)
  t.match(await server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
  server.advanceClock(30_000)
  t.match(await server.authz.verifyAccessToken(token, expect), { code: 'token_revoked' })
  server.advanceClock(-30_000)
})

await t.test('it ages by the sandbox\'s clock, at the API and at introspection', async (t) => {
  const [token, late] = [await requestToken(), await requestToken()]
  t.match(await server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
  server.advanceSandbox(SANDBOX_A, 3_600_000)
  t.match(await server.authz.verifyAccessToken(token, expect), { code: 'token_expired', detail: /advanced by 3600000 ms/ })
  t.match(await server.authz.verifyAccessToken(late, expect), { code: 'token_expired' }, 'cold too')
  t.same(await introspect(token), { active: false })
  const fresh = await requestToken()
  t.match(await server.authz.verifyAccessToken(fresh, expect), { kind: 'verified' }, 'one of after the move is young')
  t.match(await introspect(fresh), { active: true })
})

await t.test('a caller that comes too late hears that its token has expired', async (t) => {
  const token = await requestToken()
  server.advanceClock(3_600_001)
  t.match(await server.authz.verifyAccessToken(token, expect), { code: 'token_expired' })
  server.advanceClock(-3_600_001)
})

await t.test('bound to the certificate that it was asked with, or to the DPoP key', async (t) => {
  const certificate = await server.issueCertificate('opaque and bound')
  const mutual = createFetch(server, certificate)
  t.teardown(async () => { await mutual.close() })
  const bound = await requestToken({}, mutual, {}, server.mtlsOrigin)
  t.match(await server.authz.verifyAccessToken(bound, expect), { code: 'token_binding_mismatch', detail: /none/ })
  t.match(await server.authz.verifyAccessToken(bound, { ...expect, requireBound: true, certificateThumbprint: certificate.thumbprint }), { kind: 'verified' })
  t.match(await introspect(bound), { cnf: { 'x5t#S256': certificate.thumbprint } })

  const key = createProofKey()
  const token = await requestToken({}, web, { dpop: key.prove('POST', `${server.issuer}/oauth/token`) })
  const dpop = (by = key) => ({ proof: by.prove('GET', `${server.issuer}/v1/charges`, token), method: 'GET', target: '/v1/charges' })
  t.match(await server.authz.verifyAccessToken(token, expect), { code: 'token_proof_missing' })
  t.match(await server.authz.verifyAccessToken(token, { ...expect, dpop: dpop(createProofKey()) }), { code: 'token_proof_mismatch' })
  t.match(await server.authz.verifyAccessToken(token, { ...expect, requireBound: true, dpop: dpop() }), { kind: 'verified' })
  t.match(await introspect(token), { token_type: 'DPoP', cnf: { jkt: key.jkt } })
})

await t.test('a user\'s opaque token: userinfo takes it, and it dies with its grant', async (t) => {
  const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(secret))
  const { callback, verifier, state } = await authorize(new Browser(web), configuration, { user: 'amira' })
  const tokens = await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
  t.match(tokens.access_token, /^[\w-]{43}$/)
  const { sub } = tokens.claims() ?? { sub: '' }
  t.match(await server.authz.verifyAccessToken(tokens.access_token, expect), { kind: 'verified', caller: { subject: sub } })
  t.match(await openid.fetchUserInfo(configuration, tokens.access_token, sub), { sub, email: 'amira@example.test' })
  t.match(await introspect(tokens.access_token), { active: true, sub, aud: PAYMENTS })
  await postForm(web, `${server.issuer}/oauth/revoke`, { token: tokens.refresh_token ?? '' }, credentials)
  t.match(await server.authz.verifyAccessToken(tokens.access_token, expect), { code: 'token_revoked' })
  t.same(await introspect(tokens.access_token), { active: false })
})

await t.test('its client is deleted: it is no good', async (t) => {
  const gone = await createClient(server.authz)
  const reply = await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'client_credentials' }, basic(gone.clientId, gone.clientSecret?.reveal() ?? ''))
  const token = String(reply.json['access_token'])
  t.match(await server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
  await server.authz.clients.delete(gone.clientId)
  t.match(await server.authz.verifyAccessToken(token, expect), { code: 'token_revoked' })
})
