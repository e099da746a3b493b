import t, { type Test } from 'tap'
import * as openid from 'openid-client'
import { randomId, systemClock } from '../../kernel/index.ts'
import { openRedisStores, type Stores } from '../../stores/index.ts'
import { authorize, basic, Browser, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { openTestServer, PAYMENTS, REDIRECT_URI, SANDBOX_A } from '../support/authz-server.ts'
import { createProofKey } from '../support/dpop-client.ts'
import { isRedisInstalled, startRedis } from '../support/stores-redis-server.ts'

const AT_ONCE = 50

t.test('embedded', async (t) => await suite(t, undefined))

t.test('redis', { skip: isRedisInstalled ? false : 'redis-server not found' }, async (t) => {
  const redis = await startRedis({ isCluster: true })
  t.teardown(redis.stop)
  await suite(t, await openRedisStores({ url: redis.url, keyPrefix: `${randomId('t')}:`, commandDeadlineMs: 20_000, clock: systemClock, retention: { maxAgeMs: 3_600_000, maxPerStream: 50 }, shards: 4 }))
})

/** Over the real token endpoint: of any number of uses at once exactly one wins. */
async function suite (t: Test, stores: Stores | undefined): Promise<void> {
  const server = await openTestServer(stores === undefined ? {} : { stores })
  const web = createFetch(server)
  t.teardown(async () => { await web.close(); await server.close() })
  await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira', email: 'amira@example.test' })
  const client = await createClient(server.authz)
  const secret = client.clientSecret?.reveal() ?? ''
  const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(secret))
  const askMany = async (form: Record<string, string>, headers: () => Record<string, string> = () => ({})) => await Promise.all(Array.from({ length: AT_ONCE }, async () =>
    await postForm(web, `${server.issuer}/oauth/token`, form, { ...basic(client.clientId, secret), ...headers() })))
  const expect = { audiences: [PAYMENTS], requireBound: false }
  const signIn = async () => {
    const { callback, verifier } = await authorize(new Browser(web), configuration, { user: 'amira' })
    return { grant_type: 'authorization_code', code: callback.searchParams.get('code') ?? '', redirect_uri: REDIRECT_URI, code_verifier: verifier }
  }
  const refresh = async (token: unknown) => await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'refresh_token', refresh_token: String(token) }, basic(client.clientId, secret))

  await t.test('50 redemptions of one code at once: one wins, and a later one revokes what it got', async (t) => {
    const form = await signIn()
    const answers = await askMany(form)
    const won = answers.filter(({ status }) => status === 200)
    t.equal(won.length, 1)
    t.ok(answers.every(({ status, json }) => status === 200 || (status === 400 && json['error'] === 'invalid_grant')))
    const token = String(won[0]?.json['access_token'])
    // A use that comes when the first is done is a replay, one that comes at the same moment is not: so only now is it certain.
    t.match((await postForm(web, `${server.issuer}/oauth/token`, form, basic(client.clientId, secret))).json, { error: 'invalid_grant' })
    t.match(await server.authz.verifyAccessToken(token, expect), { code: 'token_revoked' }, 'RFC 6749 §4.1.2')
    t.match((await refresh(won[0]?.json['refresh_token'])).json, { error: 'invalid_grant' })
  })

  await t.test('50 refreshes of one token at once: one wins, and a later one revokes the family', async (t) => {
    const first = await postForm(web, `${server.issuer}/oauth/token`, await signIn(), basic(client.clientId, secret))
    const answers = await askMany({ grant_type: 'refresh_token', refresh_token: String(first.json['refresh_token']) })
    const won = answers.filter(({ status }) => status === 200)
    t.equal(won.length, 1)
    t.ok(answers.every(({ status, json }) => status === 200 || (status === 400 && json['error'] === 'invalid_grant')))
    t.match((await refresh(first.json['refresh_token'])).json, { error: 'invalid_grant' }, 'a reuse')
    t.match((await refresh(won[0]?.json['refresh_token'])).json, { error: 'invalid_grant' }, 'RFC 9700 §4.14.2: the family is revoked')
    for (const json of [first.json, won[0]?.json ?? {}]) t.match(await server.authz.verifyAccessToken(String(json['access_token']), expect), { code: 'token_revoked' })
  })

  await t.test('50 uses of one DPoP proof at the token endpoint at once: one wins', async (t) => {
    const key = createProofKey()
    const proof = key.prove('POST', `${server.issuer}/oauth/token`)
    const answers = await askMany({ grant_type: 'client_credentials' }, () => ({ dpop: proof }))
    t.equal(answers.filter(({ status }) => status === 200).length, 1)
    t.ok(answers.every(({ status, json }) => status === 200 || json['error'] === 'invalid_grant'))
  })

  await t.test('50 uses of one DPoP proof at the API at once, on two instances: one wins', async (t) => {
    const key = createProofKey()
    const reply = await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'client_credentials' }, { ...basic(client.clientId, secret), dpop: key.prove('POST', `${server.issuer}/oauth/token`) })
    const token = String(reply.json['access_token'])
    const other = await server.openAnother()
    const proof = key.prove('GET', `${server.issuer}/v1/charges`, token)
    const verdicts = await Promise.all(Array.from({ length: AT_ONCE }, async (_, index) =>
      await (index % 2 === 0 ? server.authz : other).verifyAccessToken(token, { ...expect, dpop: { proof, method: 'GET', target: '/v1/charges' } })))
    t.equal(verdicts.filter(({ kind }) => kind === 'verified').length, 1)
    t.ok(verdicts.every((verdict) => verdict.kind === 'verified' || verdict.code === 'token_proof_replayed'))
  })
}
