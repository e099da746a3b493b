import t from 'tap'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose'
import * as openid from 'openid-client'
import { generateSigningKey } from '../../authz/index.ts'
import { authorize, basic, Browser, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { openTestServer, PAYMENTS, PROFILE, SANDBOX_A, SANDBOX_B, type TestServer } from '../support/authz-server.ts'

const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512']
const expect = { audiences: [PAYMENTS], requireBound: false }
const keys = await Promise.all(ALGORITHMS.map(async (alg) => await generateSigningKey(alg, `key-${alg}`, 2048)))

async function openServer (t: { readonly teardown: (end: () => Promise<void>) => unknown }, signingAlgorithm: string, moreSigningAlgorithms: readonly string[]) {
  const server = await openTestServer({ profile: { signingAlgorithm, moreSigningAlgorithms }, deps: { signingKeys: keys } })
  const web = createFetch(server)
  t.teardown(async () => { await web.close(); await server.close() })
  await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira', email: 'amira@example.test' })
  const readKeys = async (): Promise<JSONWebKeySet> => await (await web(`${server.issuer}/oauth/jwks`)).json() as JSONWebKeySet
  const requestToken = async (client: Awaited<ReturnType<typeof createClient>>): Promise<string> => {
    const reply = await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'client_credentials' }, basic(client.clientId, client.clientSecret?.reveal() ?? ''))
    return String(reply.json['access_token'])
  }
  return { server, web, readKeys, requestToken }
}

const kidOf = (jwt: string): string => decodeProtectedHeader(jwt).kid ?? ''

async function signIn (server: TestServer, web: ReturnType<typeof createFetch>, client: Awaited<ReturnType<typeof createClient>>, alg: string) {
  const configuration = await discover(server, client.clientId, openid.ClientSecretBasic(client.clientSecret?.reveal() ?? ''))
  Object.assign(configuration.clientMetadata(), { id_token_signed_response_alg: alg })
  openid.enableNonRepudiationChecks(configuration)
  const { callback, verifier, state } = await authorize(new Browser(web), configuration, { user: 'amira' })
  return await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
}

for (const alg of ALGORITHMS) {
  t.test(`${alg}: access tokens are signed with it, the API takes them, and so does who reads the key set`, async (t) => {
    const { server, readKeys, requestToken } = await openServer(t, alg, [])
    const token = await requestToken(await createClient(server.authz))
    t.match(decodeProtectedHeader(token), { alg, kid: `key-${alg}`, typ: 'at+jwt' })
    t.match(await server.authz.verifyAccessToken(token, expect), { kind: 'verified' })
    const [, payload] = token.split('.')
    t.match(await server.authz.verifyAccessToken(token.replace(payload ?? '', `${payload?.slice(0, -4) ?? ''}AAAA`), expect), { kind: 'refused' })
    await jwtVerify(token, createLocalJWKSet(await readKeys()), { algorithms: [alg], issuer: server.issuer, audience: PAYMENTS })
  })
}

t.test('a client may have its ID tokens signed with each algorithm that the profile has, and with no other', async (t) => {
  const { server, web, readKeys } = await openServer(t, 'ES256', ALGORITHMS.filter((alg) => alg !== 'RS512'))
  const published = await readKeys()
  t.same(published.keys.map(({ kid }) => kid), ALGORITHMS.map((alg) => `key-${alg}`))
  t.notOk(published.keys.some((key) => 'd' in key || 'p' in key))
  const metadata = await (await web(`${server.issuer}/.well-known/openid-configuration`)).json() as Record<string, string[]>
  t.same(new Set(metadata['id_token_signing_alg_values_supported']), new Set(ALGORITHMS.filter((alg) => alg !== 'RS512')))
  await t.rejects(createClient(server.authz, { metadata: { id_token_signed_response_alg: 'RS512' } }), { name: 'ClientRefused' })
  await t.rejects(createClient(server.authz, { metadata: { id_token_signed_response_alg: 'none' } }), { name: 'ClientRefused' })
  for (const alg of ['EdDSA', 'ES512', 'PS384', 'RS256']) {
    const client = await createClient(server.authz, { metadata: { id_token_signed_response_alg: alg } })
    const tokens = await signIn(server, web, client, alg)
    t.match(decodeProtectedHeader(tokens.id_token ?? ''), { alg, kid: `key-${alg}` }, alg)
    t.match(decodeProtectedHeader(tokens.access_token), { alg: 'ES256' }, 'the access token is the profile\'s')
  }
})

t.test('a rotation for the whole installation, while it runs', async (t) => {
  const { server, web, readKeys, requestToken } = await openServer(t, 'ES256', ['RS256'])
  const other = await server.openAnother()
  const client = await createClient(server.authz)
  const before = await requestToken(client)
  const made = await server.authz.signingKeys.rotate(60_000)
  t.same(new Set((await readKeys()).keys.map(({ kid }) => kid)), new Set([...ALGORITHMS.map((alg) => `key-${alg}`), ...made.map(({ kid }) => kid)]), 'published before it signs')
  t.equal(kidOf(await requestToken(client)), 'key-ES256')
  server.advanceClock(60_000)
  const after = await requestToken(client)
  t.equal(kidOf(after), made.find(({ alg }) => alg === 'ES256')?.kid)
  for (const authz of [server.authz, other]) for (const token of [before, after]) t.match(await authz.verifyAccessToken(token, expect), { kind: 'verified' })
  const first = await signIn(server, web, client, 'ES256')
  t.equal(kidOf(first.id_token ?? ''), kidOf(after), 'ID tokens too')
})

t.test('a rotation for one sandbox: its tokens are signed with its own key, others see one more key', async (t) => {
  const { server, web, readKeys, requestToken } = await openServer(t, 'ES256', ['RS256'])
  const [ours, theirs] = [await createClient(server.authz), await createClient(server.authz, { sandboxId: SANDBOX_B })]
  const before = await signIn(server, web, ours, 'ES256')
  const count = (await readKeys()).keys.length
  const made = await server.authz.signingKeys.rotateForSandbox(SANDBOX_A)
  t.equal(made?.length, 1)
  const own = made?.[0]?.kid
  t.equal((await readKeys()).keys.length, count + 1)
  t.equal(kidOf(await requestToken(ours)), own)
  t.equal(kidOf(await requestToken(theirs)), 'key-ES256')
  t.match(await server.authz.verifyAccessToken(await requestToken(ours), expect), { kind: 'verified' })
  t.equal(kidOf((await signIn(server, web, ours, 'ES256')).id_token ?? ''), own)
  const hinted = await web(`${server.issuer}/oauth/logout?${new URLSearchParams({ id_token_hint: before.id_token ?? '' }).toString()}`)
  t.ok(hinted.status < 400, 'an id_token_hint of the key before is still known')
  const forged = `${before.id_token?.slice(0, -8) ?? ''}AAAAAAAA`
  t.equal((await web(`${server.issuer}/oauth/logout?${new URLSearchParams({ id_token_hint: forged }).toString()}`)).status, 400)
})

t.test('a sandbox whose client has its ID tokens signed otherwise gets a key for that as well', async (t) => {
  const { server } = await openServer(t, 'ES256', ['RS256', 'PS256'])
  await createClient(server.authz, { metadata: { id_token_signed_response_alg: 'RS256' } })
  const made = await server.authz.signingKeys.rotateForSandbox(SANDBOX_A)
  t.same(made?.map(({ alg }) => alg).sort(), ['ES256', 'RS256'])
})

t.test('a token of an instance that has just made a key is verified by one that has not heard of it', async (t) => {
  const { server } = await openServer(t, 'ES256', [])
  const deaf = await server.openAnother({ notices: { publish: () => {}, subscribe: () => () => {} } })
  const client = await createClient(server.authz)
  await server.authz.signingKeys.rotate(0)
  const web = createFetch(server)
  t.teardown(async () => { await web.close() })
  const reply = await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'client_credentials' }, basic(client.clientId, client.clientSecret?.reveal() ?? ''))
  const token = String(reply.json['access_token'])
  t.not(kidOf(token), 'key-ES256')
  t.match(await deaf.verifyAccessToken(token, expect), { kind: 'verified' })
})

t.test('a profile whose algorithm has no key does not start', async (t) => {
  const { server } = await openServer(t, 'ES256', [])
  await t.rejects(server.openAnother({ signingKeys: keys.slice(0, 1), profile: { ...PROFILE, moreSigningAlgorithms: ['PS512'] } }), /no signing key has the algorithm PS512/)
})
