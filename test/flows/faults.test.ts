import t from 'tap'
import * as openid from 'openid-client'
import { decodeProtectedHeader } from 'jose'
import { createFetch, discover } from '../support/authz-client.ts'
import { startTestGateway, type Answer, type SecretSandbox } from '../support/gateway.ts'

const sandgate = await startTestGateway()
t.teardown(async () => { await sandgate.stop() })
const mine = await sandgate.newSandbox()
const neighbour = await sandgate.newSandbox()

async function order (body: object, sandbox: SecretSandbox = mine): Promise<Answer> {
  return await sandgate.call('POST', '/sandbox/faults', { token: sandbox.key.reveal(), body })
}

async function askToken (sandbox: SecretSandbox = mine, form: Record<string, string> = {}): Promise<Answer> {
  return await sandgate.call('POST', '/oauth/token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${Buffer.from(`${sandbox.client.id}:${sandbox.client.secret.reveal()}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...form }).toString(),
  })
}

async function explain (id: string | undefined): Promise<Answer> {
  return await sandgate.call('GET', `/sandbox/requests/${id}`, { token: mine.key.reveal() })
}

await t.test('an order that cannot be meant is refused with its reason', async (t) => {
  for (const [body, pointer] of [
    [{ kind: 'meteor' }, '/kind'],
    [{ kind: 'slow' }, '/delay'],
    [{ kind: 'slow', delay: '2h' }, '/delay'],
    [{ kind: 'token_expired', endpoint: 'token' }, '/endpoint'],
    [{ kind: 'oauth_error', endpoint: 'api' }, '/endpoint'],
    [{ kind: 'oauth_error', delay: '1s' }, '/delay'],
    [{ kind: 'drop', for: '900d' }, '/for'],
    [{ kind: 'drop', endpoint: 'token', operation: 'x' }, '/operation'],
    [{ kind: 'drop', client_id: neighbour.client.id }, '/client_id'],
    [{ kind: 'dpop_nonce_required', times: 1 }, '/kind'],
    [{ kind: 'oauth_error', error: 'a"b' }, '/error'],
    [{ kind: 'drop', times: 0 }, '/times'],
    [{ kind: 'drop', surprise: 1 }, '/surprise'],
  ] as const) {
    const answer = await order(body)
    t.equal(answer.status, 422, JSON.stringify(body))
    t.match(answer.json.errors, [{ pointer }], JSON.stringify(body))
  }
  t.equal((await sandgate.call('POST', '/sandbox/faults', { door: 'mtls', certificate: mine, token: await sandgate.tokenFor(mine), body: { kind: 'drop' } })).status, 403, 'a client\'s token may not')
})

await t.test('an error of the token endpoint strikes once, looks like production\'s, and is named in the record', async (t) => {
  const made = await order({ kind: 'oauth_error', error: 'temporarily_unavailable', error_description: 'maintenance' })
  t.equal(made.status, 201)
  t.equal((await askToken(neighbour)).status, 200, 'the neighbour sees nothing')
  const struck = await askToken()
  t.equal(struck.status, 503)
  t.same(struck.json, { error: 'temporarily_unavailable', error_description: 'maintenance' })
  t.equal((await askToken()).status, 200, 'it has ended by itself')
  t.same((await sandgate.call('GET', '/sandbox/faults', { token: mine.key.reveal() })).json, { data: [] })
  const record = (await explain(struck.requestId)).json
  t.match(record, { code: 'fault_injected', evidence: { fault: made.json.id } })
  t.match(JSON.stringify(record.explanation), made.json.id)
})

await t.test('tokens fail at the API as expired, revoked or unbound, so often as asked', async (t) => {
  const token = await sandgate.tokenFor(mine)
  const read = async (): Promise<Answer> => await sandgate.call('GET', '/v1/payments', { door: 'mtls', certificate: mine, token })
  for (const [kind, code] of [['token_expired', 'token_expired'], ['token_revoked', 'token_revoked'], ['token_binding_lost', 'token_binding_mismatch']] as const) {
    t.equal((await order({ kind, times: 2 })).status, 201)
    for (let count = 0; count < 2; count++) {
      const answer = await read()
      t.equal(answer.status, 401, kind)
      t.equal(answer.json.code, code)
      t.match(answer.headers['www-authenticate'], /invalid_token/)
    }
    t.equal((await read()).status, 200, 'the token itself is as good as before')
  }
  t.match((await order({ kind: 'rate_limited', retry_after: 7 })).json, { remaining: 1, retry_after: 7 })
  const limited = await read()
  t.equal(limited.status, 429)
  t.equal(limited.headers['retry-after'], '7')
  await order({ kind: 'api_error', status: 418, body: { teapot: true }, operation: 'listPayments' })
  t.equal((await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: mine, token })).status, 200, 'another operation')
  const teapot = await read()
  t.equal(teapot.status, 418)
  t.same(teapot.json, { teapot: true })
})

await t.test('an answer comes late, or not at all', async (t) => {
  await order({ kind: 'slow', endpoint: 'token', delay: '300ms' })
  const before = process.hrtime.bigint()
  const late = await askToken()
  t.equal(late.status, 200)
  t.ok(process.hrtime.bigint() - before >= 290_000_000n)
  t.match((await explain(late.requestId)).json.findings, [{ stage: 'apply-fault', code: 'fault_injected' }])
  await order({ kind: 'drop', endpoint: 'token' })
  await t.rejects(askToken(), 'the connection was closed')
  t.match((await sandgate.call('GET', '/sandbox/requests?limit=1', { token: mine.key.reveal() })).json.data, [{ code: 'fault_injected' }], 'and there is a record')
  t.equal((await askToken()).status, 200)
})

await t.test('an error of the authorization endpoint reaches the client at its redirect URI', async (t) => {
  const configuration = await discover({ issuer: sandgate.publicUrl, ca: sandgate.authorityPem }, mine.client.id, openid.ClientSecretBasic(mine.client.secret.reveal()))
  const web = createFetch({ issuer: sandgate.publicUrl, ca: sandgate.authorityPem })
  t.teardown(async () => { await web.close() })
  const url = openid.buildAuthorizationUrl(configuration, { redirect_uri: 'http://127.0.0.1:7777/callback', scope: 'openid', state: 'xyz', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })
  await order({ kind: 'oauth_error', endpoint: 'authorization', error: 'access_denied', error_description: 'as ordered' })
  const redirect = new URL((await web(url)).headers.get('location') ?? '')
  t.equal(redirect.origin, 'http://127.0.0.1:7777')
  t.match(Object.fromEntries(redirect.searchParams), { error: 'access_denied', error_description: 'as ordered', state: 'xyz', iss: sandgate.publicUrl })
  t.match((await web(url)).headers.get('location'), /\/interaction\//, 'once')
})

await t.test('the key set fails for whoever asked for it, by address', async (t) => {
  await order({ kind: 'oauth_error', endpoint: 'jwks', error: 'server_error' })
  t.equal((await sandgate.call('GET', '/oauth/jwks', {})).status, 500)
  t.equal((await sandgate.call('GET', '/oauth/jwks', {})).status, 200)
})

await t.test('a key rotation now: this sandbox signs with another key, the others see one key more', async (t) => {
  const kidOf = async (sandbox: SecretSandbox): Promise<unknown> => decodeProtectedHeader(await sandgate.tokenFor(sandbox)).kid
  const keys = async (): Promise<Array<{ kid: string }>> => (await sandgate.call('GET', '/oauth/jwks', {})).json.keys as Array<{ kid: string }>
  const [mineBefore, theirsBefore, count] = [await kidOf(mine), await kidOf(neighbour), (await keys()).length]
  const old = await sandgate.tokenFor(mine)
  t.match((await order({ kind: 'signing_key_rotation' })).json, { rotated: true })
  t.not(await kidOf(mine), mineBefore)
  t.equal(await kidOf(neighbour), theirsBefore)
  t.equal((await keys()).length, count + 1)
  t.equal((await sandgate.call('GET', '/v1/payments', { door: 'mtls', certificate: mine, token: old })).status, 200, 'tokens of the old key live on')
  t.equal((await sandgate.call('GET', '/v1/payments', { door: 'mtls', certificate: mine, token: await sandgate.tokenFor(mine) })).status, 200)
})

await t.test('faults are listed, ended, and the operator may do it for any sandbox', async (t) => {
  const made = await order({ kind: 'drop', for: '10m' })
  t.match((await sandgate.call('GET', '/sandbox/faults', { token: mine.key.reveal() })).json.data, [{ id: made.json.id, kind: 'drop', remaining: 10_000 }])
  t.equal((await sandgate.call('DELETE', `/sandbox/faults/${made.json.id}`, { token: neighbour.key.reveal() })).status, 404, 'not the neighbour\'s to end')
  t.equal((await sandgate.call('DELETE', `/sandbox/faults/${made.json.id}`, { token: mine.key.reveal() })).status, 204)
  const path = `/control/sandboxes/${mine.sandbox.id}/faults`
  const ordered = await sandgate.call('POST', path, { token: sandgate.operatorToken, body: { kind: 'rate_limited' } })
  t.equal(ordered.status, 201)
  t.match((await sandgate.call('GET', path, { token: sandgate.operatorToken })).json.data, [{ id: ordered.json.id }])
  t.equal((await sandgate.call('DELETE', `${path}/${ordered.json.id}`, { token: sandgate.operatorToken })).status, 204)
  t.equal((await sandgate.call('GET', '/control/sandboxes/sbx_nobody/faults', { token: sandgate.operatorToken })).status, 404)
})
