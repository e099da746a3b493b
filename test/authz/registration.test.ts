import * as oauth from 'oauth4webapi'
import { generateKeyPair, exportJWK, SignJWT, UnsecuredJWT, type JWK } from 'jose'
import t from 'tap'
import * as openid from 'openid-client'
import type { JsonObject, SandboxId } from '../../kernel/index.ts'
import { systemClock } from '../../kernel/index.ts'
import { basic, createFetch, discover, postForm } from '../support/authz-client.ts'
import { openTestServer, SANDBOX_A, SANDBOX_B, type TestServer } from '../support/authz-server.ts'

const HOUR_MS = 3_600_000
const CALLBACK = 'https://registered.example/callback'
const MACHINE = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }

const directory = await generateKeyPair('PS256', { extractable: true })
const directoryKey: JWK = { ...await exportJWK(directory.publicKey), kid: 'directory', alg: 'PS256' }
const server = await openTestServer({ deps: { softwareStatementKeys: [directoryKey] } })
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
const endpoint = `${server.issuer}/oauth/register`

interface Reply { readonly status: number, readonly headers: Headers, readonly json: Record<string, unknown> }

async function call (method: string, url: string, token: string | undefined, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await web(url, {
    method,
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: text === '' ? {} : JSON.parse(text) as Record<string, unknown> }
}

async function newToken (wish: { readonly sandboxId?: SandboxId, readonly usesMax?: number } = {}, of: TestServer = server): Promise<string> {
  const made = await of.authz.registrationTokens?.create({ sandboxId: SANDBOX_A, lifetimeMs: HOUR_MS, ...wish })
  return made?.token.reveal() ?? ''
}

async function register (metadata: JsonObject = {}, token?: string): Promise<Reply> {
  return await call('POST', endpoint, token ?? await newToken(), { redirect_uris: [CALLBACK], ...metadata })
}

/** Each test leaves its sandbox room for the next. */
t.afterEach(async () => {
  for (const sandboxId of [SANDBOX_A, SANDBOX_B]) for (const { clientId } of await server.authz.clients.list(sandboxId)) await server.authz.clients.delete(clientId)
})

await t.test('registration is discovered where it is, at both doors, and is nowhere when the profile has none', async (t) => {
  const metadata = await (await web(`${server.issuer}/.well-known/openid-configuration`)).json() as { registration_endpoint: string, mtls_endpoint_aliases: { registration_endpoint: string } }
  t.equal(metadata.registration_endpoint, endpoint)
  t.equal(metadata.mtls_endpoint_aliases.registration_endpoint, `${server.mtlsOrigin}/oauth/register`)
  const closed = await openTestServer({ profile: { registration: 'off' } })
  const closedWeb = createFetch(closed)
  t.teardown(async () => { await closedWeb.close(); await closed.close() })
  t.equal(closed.authz.registrationTokens, undefined)
  t.notOk((await (await closedWeb(`${closed.issuer}/.well-known/openid-configuration`)).json() as { registration_endpoint?: string }).registration_endpoint)
  t.equal((await closedWeb(`${closed.issuer}/oauth/register`, { method: 'POST' })).status, 404)
})

await t.test('without a good initial access token nobody registers, and the cause is told to us alone', async (t) => {
  const bare = await call('POST', endpoint, undefined, {})
  t.equal(bare.status, 401)
  t.equal(bare.headers.get('www-authenticate'), `Bearer realm="${server.issuer}"`, 'RFC 6750 §3.1: no error for who sent nothing')
  const wrong = await register({}, 'sgrt_wrong')
  t.equal(wrong.status, 401)
  t.match(wrong.headers.get('www-authenticate'), /^Bearer realm=".*", error="invalid_token"/)
  t.same(wrong.json, { error: 'invalid_token', error_description: 'invalid token provided' })
  t.match(server.failures.at(-1), { endpoint: 'registration', error: 'invalid_token', detail: /there is no such initial access token/ })
  t.equal((await call('POST', endpoint, undefined, {}, { authorization: 'Basic YTpi' })).status, 401)
  const made = await server.authz.registrationTokens?.create({ sandboxId: SANDBOX_A, lifetimeMs: HOUR_MS })
  t.equal(await server.authz.registrationTokens?.revoke(SANDBOX_B, made?.id ?? ''), false, 'another sandbox revokes nothing')
  t.equal(await server.authz.registrationTokens?.revoke(SANDBOX_A, made?.id ?? ''), true)
  t.equal((await register({}, made?.token.reveal())).status, 401, 'revoked')
  const shown = JSON.stringify([await server.authz.registrationTokens?.list(SANDBOX_A), await server.stores.keyValue.list('oauth-registration-token', { limit: 100 })])
  t.notMatch(shown, await newToken(), 'a token is not kept')
})

await t.test('an initial access token ends', async (t) => {
  const brief = await openTestServer()
  const briefWeb = createFetch(brief)
  t.teardown(async () => { await briefWeb.close(); await brief.close() })
  const token = await newToken({}, brief)
  brief.advanceClock(HOUR_MS)
  t.equal((await briefWeb(`${brief.issuer}/oauth/register`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: '{}' })).status, 401)
})

await t.test('an initial access token registers as many clients as it is for, also when they come at once; what is refused spends nothing', async (t) => {
  const token = await newToken({ usesMax: 2 })
  t.equal((await register({ redirect_uris: [] }, token)).status, 400)
  const answers = await Promise.all(Array.from({ length: 6 }, async () => (await register({}, token)).status))
  t.same(answers.sort((a, b) => a - b), [201, 201, 401, 401, 401, 401])
  t.match(server.failures.at(-1), { detail: /was for 2 registrations, which are made/ })
})

await t.test('metadata that is not acceptable is refused with the codes of RFC 7591 §3.2.2', async (t) => {
  for (const [metadata, error] of [
    [{ redirect_uris: ['not a uri'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['https://client.example/#f'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: 'https://client.example' }, 'invalid_redirect_uri'],
    [{ token_endpoint_auth_method: 'magic' }, 'invalid_client_metadata'],
    [{ token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
    [{ grant_types: ['password'] }, 'invalid_client_metadata'],
    [{ scope: 'admin' }, 'invalid_client_metadata'],
    [{ jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, 'invalid_client_metadata'],
    [{ client_name: 7 }, 'invalid_client_metadata'],
  ] as ReadonlyArray<readonly [JsonObject, string]>) {
    const reply = await register(metadata)
    t.equal(reply.status, 400, JSON.stringify(metadata))
    t.equal(reply.json['error'], error, JSON.stringify(metadata))
    t.type(reply.json['error_description'], 'string')
    t.equal(reply.headers.get('cache-control'), 'no-store')
  }
})

await t.test('a body that is no JSON object is refused, however it is sent', async (t) => {
  const token = await newToken()
  for (const body of ['', '[]', '"x"', 'null', '{', '{"a":\xff}']) t.match(await call('POST', endpoint, token, body), { status: 400, json: { error: 'invalid_client_metadata' } }, body)
  t.match(await call('POST', endpoint, token, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }), { status: 400, json: { error: 'invalid_client_metadata' } })
  t.match(await call('POST', endpoint, token, JSON.stringify({ client_name: 'x'.repeat(60_000) })), { status: 400, json: { error: 'invalid_client_metadata' } })
})

await t.test('a registered client works, belongs to the sandbox of its token, and what is not known is left out', async (t) => {
  const token = await newToken({ sandboxId: SANDBOX_B })
  const reply = await register({ ...MACHINE, client_name: 'Machine', colour: 'red', client_id: 'mine', client_secret: 'mine', sandgate_secrets: { hashes: [] }, scope: 'payments:read' }, token)
  t.equal(reply.status, 201)
  const { client_id: id, client_secret: secret } = reply.json as { client_id: string, client_secret: string }
  t.match(reply.json, { client_name: 'Machine', client_secret_expires_at: 0, client_id_issued_at: Number, token_endpoint_auth_method: 'client_secret_basic', grant_types: ['client_credentials'], scope: 'payments:read', registration_client_uri: `${endpoint}/${id}`, registration_access_token: String })
  for (const member of ['colour', 'sandgate_secrets']) t.notOk(Object.hasOwn(reply.json, member), member)
  t.not(id, 'mine')
  t.not(secret, 'mine')
  t.match(await server.authz.clients.get(id), { sandboxId: SANDBOX_B, isSelfRegistered: true })
  const configuration = await discover(server, id, openid.ClientSecretBasic(secret))
  t.type((await openid.clientCredentialsGrant(configuration)).access_token, 'string')
  const kept = JSON.stringify(await server.stores.keyValue.get('oauth-client', id))
  for (const clear of [secret, String(reply.json['registration_access_token'])]) t.notMatch(kept, clear, 'nothing in clear')
})

await t.test('oauth4webapi registers and reads back what it registered', async (t) => {
  const as = await oauth.processDiscoveryResponse(new URL(server.issuer), await oauth.discoveryRequest(new URL(server.issuer), { [oauth.customFetch]: web as never }))
  const response = await oauth.dynamicClientRegistrationRequest(as, { redirect_uris: [CALLBACK], client_name: 'By oauth4webapi' }, { initialAccessToken: await newToken(), [oauth.customFetch]: web })
  const client = await oauth.processDynamicClientRegistrationResponse(response)
  t.match(client, { client_name: 'By oauth4webapi', redirect_uris: [CALLBACK], grant_types: ['authorization_code'], response_types: ['code'] })
})

await t.test('a client that needs no secret gets none, and a public one cannot act for itself', async (t) => {
  const reply = await register({ token_endpoint_auth_method: 'none' })
  t.equal(reply.status, 201)
  t.notOk(Object.hasOwn(reply.json, 'client_secret'))
  t.match(await register({ ...MACHINE, token_endpoint_auth_method: 'none' }), { status: 400, json: { error: 'invalid_client_metadata' } })
})

await t.test('registered clients count into the sandbox\'s quota', async (t) => {
  const token = await newToken()
  const answers = await Promise.all(Array.from({ length: 22 }, async () => (await register({}, token)).status))
  t.equal(answers.filter((status) => status === 201).length, 20)
  t.match(await register({}, token), { status: 400, json: { error: 'invalid_client_metadata' } })
  t.match(server.failures.at(-1)?.detail, /at most 20 clients/)
})

await t.test('only its own registration access token opens a client, and there is nothing to tell apart', async (t) => {
  const [one, other] = [await register(), await register()]
  const uri = String(one.json['registration_client_uri'])
  const foreign = String(other.json['registration_access_token'])
  for (const method of ['GET', 'PUT', 'DELETE']) {
    for (const [url, token] of [[uri, foreign], [uri, undefined], [uri, await newToken()], [`${endpoint}/cli_nobody`, foreign]] as const) {
      const reply = await call(method, url, token, method === 'PUT' ? { client_id: one.json['client_id'], redirect_uris: [CALLBACK] } : undefined)
      t.equal(reply.status, 401, `${method} ${url} ${token}`)
      t.equal(reply.json['error'], 'invalid_token')
    }
  }
  const made = await server.authz.clients.create({ sandboxId: SANDBOX_A, name: 'Made by hand', authMethod: 'client_secret_basic', redirectUris: [CALLBACK], scopes: ['openid'], grants: ['authorization_code'] })
  t.equal((await call('GET', `${endpoint}/${made.clientId}`, foreign)).status, 401, 'a client that did not register itself has no such token')
})

await t.test('reading shows everything but the secret', async (t) => {
  const made = await register({ client_name: 'Read' })
  const read = await call('GET', String(made.json['registration_client_uri']), String(made.json['registration_access_token']))
  t.equal(read.status, 200)
  t.notOk(Object.hasOwn(read.json, 'client_secret'))
  const { client_secret: _secret, client_secret_expires_at: _expiry, ...rest } = made.json
  t.same(read.json, rest)
})

await t.test('an update replaces the metadata and the registration access token, and what was left out is gone', async (t) => {
  const made = await register({ client_name: 'First', default_max_age: 60, client_uri: 'https://registered.example' })
  const [uri, id, secret, token] = ['registration_client_uri', 'client_id', 'client_secret', 'registration_access_token'].map((member) => String(made.json[member]))
  const update = async (body: JsonObject, by = token) => await call('PUT', uri ?? '', by, { client_id: id ?? '', redirect_uris: [CALLBACK], ...body })
  for (const member of ['registration_access_token', 'registration_client_uri', 'client_secret_expires_at', 'client_id_issued_at']) t.match(await update({ [member]: 'x' }), { status: 400, json: { error: 'invalid_client_metadata' } }, member)
  t.match(await update({ client_id: 'another' }), { status: 400 })
  t.match(await update({ client_secret: 'another' }), { status: 400 })
  t.match(await update({ redirect_uris: [] }), { status: 400, json: { error: 'invalid_redirect_uri' } })
  const updated = await update({ client_secret: secret ?? '', client_name: 'Second', default_max_age: null })
  t.equal(updated.status, 200)
  t.match(updated.json, { client_id: id, client_name: 'Second' })
  for (const member of ['default_max_age', 'client_uri', 'client_secret']) t.notOk(Object.hasOwn(updated.json, member), member)
  t.equal((await call('GET', uri ?? '', token)).status, 401, 'the former token is over')
  t.equal((await call('GET', uri ?? '', String(updated.json['registration_access_token']))).status, 200)
  const reply = await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'authorization_code', code: 'x', redirect_uri: CALLBACK }, basic(id ?? '', secret ?? ''))
  t.equal(reply.json['error'], 'invalid_grant', 'the secret still authenticates')
})

await t.test('of two updates by one token exactly one counts', async (t) => {
  const made = await register()
  const answers = await Promise.all(Array.from({ length: 4 }, async (_, index) => await call('PUT', String(made.json['registration_client_uri']), String(made.json['registration_access_token']), { client_id: made.json['client_id'], redirect_uris: [CALLBACK], client_name: `Update ${index}` })))
  t.same(answers.map(({ status }) => status).sort((a, b) => a - b), [200, 401, 401, 401])
})

await t.test('deleting ends the client and its token', async (t) => {
  const made = await register(MACHINE)
  const [uri, token] = [String(made.json['registration_client_uri']), String(made.json['registration_access_token'])]
  t.equal((await call('DELETE', uri, token)).status, 204)
  t.equal((await call('GET', uri, token)).status, 401)
  t.equal((await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'client_credentials' }, basic(String(made.json['client_id']), String(made.json['client_secret'])))).status, 401)
})

await t.test('software statements', async (t) => {
  const nowSeconds = Math.floor(systemClock.nowMs() / 1000)
  const sign = async (claims: Record<string, unknown>, options: { readonly kid?: string, readonly alg?: string, readonly key?: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'] } = {}) =>
    await new SignJWT({ iss: 'directory', iat: nowSeconds, ...claims }).setProtectedHeader({ alg: options.alg ?? 'PS256', kid: options.kid ?? 'directory' }).sign(options.key ?? directory.privateKey)
  const stranger = await generateKeyPair('PS256')

  t.test('one that is altered, over, too early, unsigned or signed by nobody we trust is refused', async (t) => {
    const good = await sign({})
    for (const [statement, error] of [
      [good.slice(0, -6) + 'AAAAAA', 'invalid_software_statement'],
      [await sign({}, { key: stranger.privateKey }), 'invalid_software_statement'],
      [await sign({ exp: nowSeconds - 120 }), 'invalid_software_statement'],
      [await sign({ nbf: nowSeconds + 3600 }), 'invalid_software_statement'],
      [await sign({ iat: nowSeconds + 3600 }), 'invalid_software_statement'],
      [await sign({ iat: undefined }), 'invalid_software_statement'],
      [await sign({ iss: undefined }), 'invalid_software_statement'],
      [new UnsecuredJWT({ iss: 'directory' }).setIssuedAt().encode(), 'invalid_software_statement'],
      ['no JWT', 'invalid_software_statement'],
      [42, 'invalid_software_statement'],
      [await sign({}, { kid: 'stranger', key: stranger.privateKey }), 'unapproved_software_statement'],
    ] as ReadonlyArray<readonly [string | number, string]>) {
      t.match(await register({ software_statement: statement }), { status: 400, json: { error, error_description: String } }, String(statement).slice(0, 60))
    }
  })

  t.test('an HMAC made with the public key is no signature', async (t) => {
    const statement = await new SignJWT({ iss: 'directory', iat: nowSeconds }).setProtectedHeader({ alg: 'HS256', kid: 'directory' }).sign(new TextEncoder().encode(JSON.stringify(directoryKey)))
    t.match(await register({ software_statement: statement }), { status: 400, json: { error: 'invalid_software_statement' } })
  })

  t.test('what it says goes before what the client says, and it is given back as it was', async (t) => {
    const statement = await sign({ client_name: 'As approved', redirect_uris: [CALLBACK], software_id: 'soft-1', client_id: 'forged', aud: 'x', unknown_claim: true })
    const reply = await register({ client_name: 'As I like', redirect_uris: ['https://evil.example/cb'], software_statement: statement })
    t.equal(reply.status, 201)
    t.match(reply.json, { client_name: 'As approved', redirect_uris: [CALLBACK], software_id: 'soft-1', software_statement: statement })
    t.not(reply.json['client_id'], 'forged')
    t.notOk(Object.hasOwn(reply.json, 'unknown_claim'))
    const forbidden = await register({ software_statement: await sign({ redirect_uris: ['https://x.example/#f'] }) })
    t.match(forbidden, { status: 400, json: { error: 'invalid_redirect_uri' } }, 'and is held to the same rules')
  })

  t.test('where nobody is trusted none is approved; where one is required nobody registers without', async (t) => {
    for (const [deps, body, error] of [
      [{ softwareStatementKeys: [] }, { software_statement: await sign({}) }, 'unapproved_software_statement'],
      [{ softwareStatementKeys: [directoryKey] }, {}, 'invalid_software_statement'],
    ] as ReadonlyArray<readonly [{ softwareStatementKeys: readonly JWK[] }, JsonObject, string]>) {
      const strict = await openTestServer({ profile: { requireSoftwareStatement: error === 'invalid_software_statement' }, deps })
      const strictWeb = createFetch(strict)
      t.teardown(async () => { await strictWeb.close(); await strict.close() })
      const response = await strictWeb(`${strict.issuer}/oauth/register`, { method: 'POST', headers: { authorization: `Bearer ${await newToken({}, strict)}`, 'content-type': 'application/json' }, body: JSON.stringify({ redirect_uris: [CALLBACK], ...body }) })
      t.match(await response.json(), { error })
    }
  })
})
