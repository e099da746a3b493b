import t from 'tap'
import * as openid from 'openid-client'
import { authorize, basic, Browser, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { openTestServer, PAYMENTS, SANDBOX_A, SANDBOX_B } from '../support/authz-server.ts'

const INVALID_GRANT = { error: 'invalid_grant' } as unknown as Error
const server = await openTestServer()
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
const amira = await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira Haddad', email: 'amira@example.test' })

const client = await createClient(server.authz)
const neighbour = await createClient(server.authz)
const stranger = await createClient(server.authz, { sandboxId: SANDBOX_B })
const credentials = ({ clientId, clientSecret }: typeof client) => basic(clientId, clientSecret?.reveal() ?? '')
const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(client.clientSecret?.reveal()))
const expect = { audiences: [PAYMENTS], requireBound: false }

const introspect = async (as: typeof client, token: string, more = {}) => await postForm(web, `${server.issuer}/oauth/introspect`, { token, ...more }, credentials(as))
const revoke = async (as: typeof client, token: string, more = {}) => await postForm(web, `${server.issuer}/oauth/revoke`, { token, ...more }, credentials(as))
const requestToken = async () => (await openid.clientCredentialsGrant(configuration)).access_token

async function signIn () {
  const { callback, verifier, state } = await authorize(new Browser(web), configuration, { user: 'amira' })
  return await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
}

await t.test('introspection and revocation need a client that authenticates', async (t) => {
  const token = await requestToken()
  for (const endpoint of ['introspect', 'revoke']) {
    t.equal((await postForm(web, `${server.issuer}/oauth/${endpoint}`, { token })).status, 400)
    t.equal((await postForm(web, `${server.issuer}/oauth/${endpoint}`, { token }, basic(client.clientId, 'wrong'))).status, 401)
  }
  t.match(server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
})

await t.test('another sandbox sees no token as active, whatever it is, and cannot revoke it', async (t) => {
  const tokens = await signIn()
  for (const token of [await requestToken(), tokens.access_token, tokens.refresh_token ?? '']) {
    t.same((await introspect(stranger, token)).json, { active: false })
    t.equal((await revoke(stranger, token)).status, 200)
    t.equal((await introspect(client, token)).json['active'], true)
  }
})

await t.test('garbage, tampered, unsigned and marked tokens are inactive, and revoking them is a success that does nothing', async (t) => {
  const token = await requestToken()
  const [head, body] = token.split('.')
  for (const bad of ['x', 'a.b.c', `${token}x`, `${head}.${body}.`, `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`, 'structured~', `structured~${head}.${body}.`]) {
    t.same((await introspect(client, bad)).json, { active: false }, bad.slice(0, 20))
    t.equal((await revoke(client, bad)).status, 200)
  }
  t.match(server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
})

await t.test('a token\'s jti alone is no token', async (t) => {
  const { jti } = (await introspect(client, await requestToken())).json
  t.same((await introspect(client, String(jti))).json, { active: false })
  const reply = await web(`${server.issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${String(jti)}` } })
  t.equal(reply.status, 401)
  await reply.text()
})

await t.test('a missing token is invalid_request', async (t) => {
  t.equal((await introspect(client, '')).json['error'], 'invalid_request')
})

await t.test('introspection of a JWT tells its owner and its sandbox all of RFC 7662 and nothing of the sandbox', async (t) => {
  const token = await requestToken()
  for (const as of [client, neighbour]) {
    const { json, headers } = await introspect(as, token, { token_type_hint: 'access_token' })
    t.match(json, { active: true, client_id: client.clientId, aud: PAYMENTS, iss: server.issuer, scope: 'payments:read payments:write', token_type: 'Bearer' })
    t.type(json['jti'], 'string')
    t.equal((json['exp'] as number) - (json['iat'] as number), 3600)
    t.notMatch(JSON.stringify(json), SANDBOX_A)
    t.equal(headers.get('cache-control'), 'no-store')
  }
  t.match(await openid.tokenIntrospection(configuration, token), { active: true })
})

await t.test('a bound token shows its binding', async (t) => {
  const certificate = await server.issueCertificate('introspected')
  const bound = await openid.clientCredentialsGrant(await discover(server, client.clientId, openid.ClientSecretBasic(client.clientSecret?.reveal()), certificate))
  t.match((await introspect(client, bound.access_token)).json, { cnf: { 'x5t#S256': certificate.thumbprint } })
})

await t.test('a neighbour\'s token may not be revoked', async (t) => {
  const token = await requestToken()
  t.equal((await revoke(neighbour, token)).json['error'], 'invalid_request')
  t.match(server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
})

await t.test('a revoked JWT stops at once on every instance, cached or not, and is inactive', async (t) => {
  const another = await server.openAnother()
  const token = await requestToken()
  t.match(await another.verifyAccessToken(token, expect), { kind: 'verified' })
  t.match(server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
  await openid.tokenRevocation(configuration, token)
  t.match(server.authz.verifyAccessToken(token, expect), { code: 'token_revoked', claimedClientId: client.clientId })
  t.match(await another.verifyAccessToken(token, expect), { code: 'token_revoked' })
  t.match(await (await server.openAnother()).verifyAccessToken(token, expect), { code: 'token_revoked' }, 'also on one that starts later')
  t.same((await introspect(client, token)).json, { active: false })
})

await t.test('a lost notice is made up for by asking the store again', async (t) => {
  const deaf = await server.openAnother()
  const token = await requestToken()
  t.match(await deaf.verifyAccessToken(token, expect), { kind: 'verified' })
  const { jti } = (await introspect(client, token)).json
  await server.stores.keyValue.delete('access-token', String(jti))
  t.match(await deaf.verifyAccessToken(token, expect), { kind: 'verified' })
  server.advanceClock(30_000)
  t.match(await deaf.verifyAccessToken(token, expect), { code: 'token_revoked' })
})

await t.test('revoking an access token leaves the refresh token; revoking the refresh token ends everything', async (t) => {
  const tokens = await signIn()
  await openid.tokenRevocation(configuration, tokens.access_token)
  t.match(server.authz.verifyAccessToken(tokens.access_token, expect), { code: 'token_revoked' })
  const next = await openid.refreshTokenGrant(configuration, tokens.refresh_token ?? '')
  t.match(await openid.fetchUserInfo(configuration, next.access_token, amira.sub), { name: 'Amira Haddad' })
  await openid.tokenRevocation(configuration, next.refresh_token ?? '', { token_type_hint: 'refresh_token' })
  t.match(server.authz.verifyAccessToken(next.access_token, expect), { code: 'token_revoked' })
  await t.rejects(openid.fetchUserInfo(configuration, next.access_token, amira.sub))
  await t.rejects(openid.refreshTokenGrant(configuration, next.refresh_token ?? ''), INVALID_GRANT)
})

await t.test('an expired token is inactive', async (t) => {
  const token = await requestToken()
  server.advanceSandbox(SANDBOX_A, 3_600_000)
  t.same((await introspect(client, token)).json, { active: false })
})
