import t from 'tap'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as openid from 'openid-client'
import type { JsonObject } from '../../kernel/index.ts'
import { authorize, basic, Browser, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { LEDGER, openTestServer, PAYMENTS, PROFILE, SANDBOX_A, SANDBOX_B } from '../support/authz-server.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'

const server = await openTestServer({ profile: { grants: [...PROFILE.grants, EXCHANGE, BEARER] } })
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
const amira = await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira Haddad', email: 'amira@example.test' })
const bjorn = await server.authz.users.create(SANDBOX_A, { username: 'bjorn', name: 'Björn Þórsson', email: 'bjorn@example.test' })
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
const jwks = { keys: [{ ...await exportJWK(publicKey), kid: 'sig', alg: 'ES256', use: 'sig' }] as JsonObject[] }
const front = await createClient(server.authz)
const back = await createClient(server.authz, { grants: ['client_credentials', EXCHANGE, BEARER], redirectUris: [], scopes: ['openid', 'payments:read', 'ledger:read'], jwks })
const foreign = await createClient(server.authz, { sandboxId: SANDBOX_B, grants: [EXCHANGE], redirectUris: [] })
const plain = await createClient(server.authz, { redirectUris: [], grants: ['client_credentials'] })
const configuration = await discover(server, front.clientId, openid.ClientSecretBasic(front.clientSecret?.reveal() ?? ''))
const expect = (audience: string) => ({ audiences: [audience], requireBound: false })

async function signIn (user: string): Promise<openid.TokenEndpointResponse> {
  const { callback, verifier, state } = await authorize(new Browser(web), configuration, { user, scope: 'openid payments:read payments:write ledger:read' })
  return await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
}

async function ask (form: Record<string, string>, client: typeof back = back) {
  return await postForm(web, `${server.issuer}/oauth/token`, form, basic(client.clientId, client.clientSecret?.reveal() ?? ''))
}

const ofAmira = await signIn('amira')
const exchange = { grant_type: EXCHANGE, subject_token: ofAmira.access_token, subject_token_type: ACCESS_TOKEN }

await t.test('token exchange (RFC 8693) refuses what is not good, not ours, not of this sandbox, or wider than it was', async (t) => {
  const own = await openid.clientCredentialsGrant(configuration, { scope: 'payments:read' })
  for (const [name, form, error] of [
    ['no subject', { grant_type: EXCHANGE }, 'invalid_request'],
    ['a token without its type', { ...exchange, subject_token_type: '' }, 'invalid_request'],
    ['garbage', { ...exchange, subject_token: 'x.y.z' }, 'invalid_request'],
    ['an unknown type', { ...exchange, subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
    ['a client\'s own token', { ...exchange, subject_token: own.access_token }, 'invalid_request'],
    ['a refresh token asked for', { ...exchange, requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
    ['an actor without its type', { ...exchange, actor_token: ofAmira.access_token }, 'invalid_request'],
    ['more scope than the client has', { ...exchange, scope: 'payments:write' }, 'invalid_scope'],
    ['an audience of nobody', { ...exchange, audience: 'https://nobody.example' }, 'invalid_target'],
    ['two audiences', { ...exchange, audience: PAYMENTS, resource: LEDGER }, 'invalid_target'],
  ] as const) {
    const answer = await ask(form)
    t.equal(answer.status, 400, name)
    t.equal(answer.json['error'], error, `${name}: ${answer.text}`)
  }
  t.match((await ask(exchange, foreign)).json, { error: 'invalid_request' }, 'a token of another sandbox')
  t.equal((await ask(exchange, plain)).status, 400, 'a client without the grant')
})

await t.test('a user\'s token becomes one for another API, for the asking client, with no more than both allow', async (t) => {
  const { status, json, headers } = await ask({ ...exchange, audience: LEDGER, scope: 'ledger:read' })
  t.equal(status, 200, JSON.stringify(json))
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(json, { issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', scope: 'ledger:read' })
  t.notOk(json['refresh_token'])
  t.match(decodeJwt(String(json['access_token'])), { sub: amira.sub, client_id: back.clientId, aud: LEDGER })
  t.match(await server.authz.verifyAccessToken(String(json['access_token']), expect(LEDGER)), { kind: 'verified', caller: { subject: amira.sub } })
  t.match(await server.authz.verifyAccessToken(String(json['access_token']), expect(PAYMENTS)), { kind: 'refused', code: 'token_audience_invalid' })
})

await t.test('an actor token makes a delegation, which a further exchange nests (§4.1); an ID token may stand for the user', async (t) => {
  const ofBjorn = await signIn('bjorn')
  const first = await ask({ grant_type: EXCHANGE, subject_token: ofAmira.id_token ?? '', subject_token_type: ID_TOKEN, actor_token: ofBjorn.access_token, actor_token_type: ACCESS_TOKEN, scope: 'payments:read' })
  t.equal(first.status, 200, first.text)
  t.match(decodeJwt(String(first.json['access_token'])), { sub: amira.sub, act: { sub: bjorn.sub, client_id: front.clientId } })
  const second = await ask({ ...exchange, subject_token: String(first.json['access_token']), actor_token: ofAmira.access_token, actor_token_type: ACCESS_TOKEN })
  t.match(decodeJwt(String(second.json['access_token']))['act'], { sub: amira.sub, act: { sub: bjorn.sub } })
  const introspected = await postForm(web, `${server.issuer}/oauth/introspect`, { token: String(first.json['access_token']) }, basic(back.clientId, back.clientSecret?.reveal() ?? ''))
  t.match(introspected.json, { active: true, sub: amira.sub, act: { sub: bjorn.sub } })
})

await t.test('a revoked subject token cannot be exchanged; an exchanged token can be revoked', async (t) => {
  const fresh = await signIn('amira')
  const issued = await ask({ ...exchange, subject_token: fresh.access_token })
  t.equal(issued.status, 200)
  await openid.tokenRevocation(configuration, fresh.access_token)
  t.match((await ask({ ...exchange, subject_token: fresh.access_token })).json, { error: 'invalid_request' })
  const token = String(issued.json['access_token'])
  t.match(await server.authz.verifyAccessToken(token, expect(PAYMENTS)), { kind: 'verified' })
  await postForm(web, `${server.issuer}/oauth/revoke`, { token }, basic(back.clientId, back.clientSecret?.reveal() ?? ''))
  t.match(await server.authz.verifyAccessToken(token, expect(PAYMENTS)), { kind: 'refused', code: 'token_revoked' })
})

async function assertion (claims: Record<string, unknown> = {}, key = privateKey, alg = 'ES256'): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return await new SignJWT({ iss: back.clientId, sub: 'amira', aud: server.issuer, iat: now, exp: now + 60, jti: openid.randomState(), ...claims }).setProtectedHeader({ alg, kid: 'sig' }).sign(key)
}

await t.test('JWT bearer assertions (RFC 7523 §2.1): a foreign key, issuer or audience, an old, long-lived or used one are invalid_grant', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  const used = await assertion()
  t.equal((await ask({ grant_type: BEARER, assertion: used })).status, 200)
  for (const [name, text] of [
    ['foreign key', await assertion({}, (await generateKeyPair('ES256')).privateKey)],
    ['foreign issuer', await assertion({ iss: front.clientId })],
    ['foreign audience', await assertion({ aud: 'https://elsewhere.example' })],
    ['expired', await assertion({ exp: now - 60 })],
    ['no expiry', await assertion({ exp: undefined })],
    ['a day long', await assertion({ exp: now + 86_400 })],
    ['no jti', await assertion({ jti: undefined })],
    ['a user of nobody', await assertion({ sub: 'nobody' })],
    ['used before', used],
    ['garbage', 'x.y.z'],
  ] as const) {
    t.match((await ask({ grant_type: BEARER, assertion: text })).json, { error: 'invalid_grant' }, name)
  }
  t.match((await ask({ grant_type: BEARER })).json, { error: 'invalid_request' })
  const secret = new TextEncoder().encode('x'.repeat(32))
  t.match((await ask({ grant_type: BEARER, assertion: await assertion({}, secret as never, 'HS256') })).json, { error: 'invalid_grant' }, 'a symmetric algorithm')
})

await t.test('a good assertion gives a token for its user, and of parallel uses one wins', async (t) => {
  const { status, json } = await ask({ grant_type: BEARER, assertion: await assertion({ sub: amira.sub, aud: `${server.issuer}/oauth/token` }), scope: 'payments:read' })
  t.equal(status, 200, JSON.stringify(json))
  t.match(decodeJwt(String(json['access_token'])), { sub: amira.sub, client_id: back.clientId, scope: 'payments:read' })
  t.notOk(json['refresh_token'])
  const once = await assertion()
  const answers = await Promise.all(Array.from({ length: 20 }, async () => await ask({ grant_type: BEARER, assertion: once })))
  t.equal(answers.filter((answer) => answer.status === 200).length, 1)
})

await t.test('a server without these grants does not know them', async (t) => {
  const without = await openTestServer()
  const other = createFetch(without)
  t.teardown(async () => { await other.close(); await without.close() })
  const client = await createClient(without.authz)
  for (const grant of [EXCHANGE, BEARER]) t.match((await postForm(other, `${without.issuer}/oauth/token`, { grant_type: grant }, basic(client.clientId, client.clientSecret?.reveal() ?? ''))).json, { error: 'unsupported_grant_type' })
})
