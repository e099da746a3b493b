import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import t, { type Test } from 'tap'
import { Agent, fetch as undiciFetch } from 'undici'
import { createProofKey } from '../support/dpop-client.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import type { NewSandbox } from '../../gateway/control/index.ts'

/** A developer calls the API with the published openid-client and DPoP (RFC 9449), with and without nonces, at both doors. */
async function openClient (t: Test, sandgate: TestGateway, sandbox: NewSandbox, door: 'public' | 'mtls') {
  const pair = door === 'mtls' ? { cert: sandbox.mtlsClient.certificatePem, key: sandbox.mtlsClient.privateKeyPem.reveal() } : {}
  const dispatcher = new Agent({ connect: { ca: sandgate.authorityPem, ...pair } })
  t.teardown(async () => await dispatcher.close())
  const answers: Response[] = []
  const viaTls = (async (url: string, init: object) => {
    const answer = await undiciFetch(url, { ...init, dispatcher }) as unknown as Response
    answers.push(answer)
    return answer
  }) as unknown as client.CustomFetch
  const configuration = door === 'mtls'
    ? await client.discovery(new URL(sandgate.publicUrl), sandbox.mtlsClient.id, { use_mtls_endpoint_aliases: true }, client.TlsClientAuth(), { [client.customFetch]: viaTls })
    : await client.discovery(new URL(sandgate.publicUrl), sandbox.client.id, {}, client.ClientSecretBasic(sandbox.client.secret?.reveal() ?? ''), { [client.customFetch]: viaTls })
  const DPoP = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair('ES256'))
  const origin = door === 'mtls' ? sandgate.mtlsUrl : sandgate.publicUrl
  return {
    answers,
    ask: async () => await client.clientCredentialsGrant(configuration, { scope: 'payments:read payments:write' }, { DPoP }),
    call: async (token: string, path: string, method = 'GET', body?: string) =>
      await client.fetchProtectedResource(configuration, token, new URL(path, origin), method, body ?? null, new Headers(body === undefined ? {} : { 'content-type': 'application/json' }), { DPoP }),
  }
}

const UNBOUND = { 'apis.0.require_bound_tokens': false }

t.test('DPoP at both doors', async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()

  for (const door of ['public', 'mtls'] as const) {
    await t.test(`${door}: a token, a read, a write`, async (t) => {
      const { ask, call } = await openClient(t, sandgate, sandbox, door)
      const { access_token: token, token_type: type } = await ask()
      t.equal(type, 'dpop')
      t.match(decodeJwt(token), { cnf: { jkt: /^[\w-]{43}$/ } })
      const answer = await call(token, '/v1/customers?limit=1')
      t.equal(answer.status, 200, await answer.clone().text())
      t.equal((await call(token, '/v1/customers', 'POST', JSON.stringify({ name: 'Ada', email: 'ada@example.com' }))).status, 201)
    })
  }

  await t.test('refusals say on the wire what RFC 9449 §7.1 says, and in the record what was wrong', async (t) => {
    const key = createProofKey()
    const uri = `${sandgate.publicUrl}/oauth/token`
    const basic = Buffer.from(`${sandbox.client.id}:${sandbox.client.secret.reveal()}`).toString('base64')
    const issued = await sandgate.call('POST', '/oauth/token', { headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded', dpop: key.prove('POST', uri) }, body: 'grant_type=client_credentials' })
    const { access_token: token } = issued.json as { readonly access_token: string }
    const at = `${sandgate.publicUrl}/v1/customers`
    const used = key.prove('GET', at, token)
    const twice = [key.prove('GET', at, token), key.prove('GET', at, token)]
    const plain = await sandgate.tokenFor(sandbox, { door: 'mtls' })
    const cases: Array<readonly [string, string, Record<string, string>, RegExp]> = [
      ['as Bearer', 'token_proof_missing', { authorization: `Bearer ${token}` }, /^DPoP realm="api", error="invalid_token", error_description="[^"]+", algs="[A-Za-z0-9 ]*ES256[A-Za-z0-9 ]*"$/],
      ['without a proof', 'token_proof_missing', { authorization: `DPoP ${token}` }, /^DPoP .*invalid_token/],
      ['two proofs', 'token_proof_invalid', { authorization: `DPoP ${token}`, dpop: twice.join(', ') }, /^DPoP .*invalid_dpop_proof/],
      ['for another URL', 'token_proof_invalid', { authorization: `DPoP ${token}`, dpop: key.prove('GET', `${sandgate.publicUrl}/v1/charges`, token) }, /^DPoP .*invalid_dpop_proof/],
      ['by another key', 'token_proof_mismatch', { authorization: `DPoP ${token}`, dpop: createProofKey().prove('GET', at, token) }, /^DPoP .*invalid_token.*Invalid DPoP key binding/],
      ['a second time', 'token_proof_replayed', { authorization: `DPoP ${token}`, dpop: used }, /^DPoP .*invalid_dpop_proof/],
      ['a certificate-bound token', 'token_proof_unexpected', { authorization: `DPoP ${plain}`, dpop: key.prove('GET', at, plain) }, /^Bearer .*invalid_token/],
    ]
    t.equal((await sandgate.call('GET', '/v1/customers', { headers: { authorization: `DPoP ${token}`, dpop: used } })).status, 200)
    for (const [name, code, headers, challenge] of cases) {
      const answer = await sandgate.call('GET', '/v1/customers', { headers })
      t.equal(answer.status, 401, name)
      t.equal((answer.json as { readonly code: string }).code, code, name)
      t.match(answer.headers['www-authenticate'], challenge, name)
      t.notOk(answer.text.includes(token.slice(-20)), name)
      const record = await sandgate.call('GET', `/sandbox/requests/${answer.requestId}`, { token: sandbox.key.reveal() })
      t.equal(record.status, 200, `${name}: its owner may ask why`)
      t.match(record.text, new RegExp(code), name)
      t.notOk(record.text.includes(token.slice(-20)), name)
    }
    t.match((await sandgate.call('GET', '/v1/customers')).headers['www-authenticate'], /^Bearer realm="api", DPoP realm="api", algs="/, 'both schemes are offered to who has none')
  })

  await t.test('the control surface takes a DPoP token as well', async (t) => {
    const { ask, call } = await openClient(t, sandgate, sandbox, 'public')
    const { access_token: token } = await ask()
    t.equal((await call(token, '/sandbox')).status, 200)
  })
})

t.test('nonces: the client is told once and goes on by itself', async (t) => {
  const sandgate = await startTestGateway({ 'profile.dpop_nonces': 'required' })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const { ask, call, answers } = await openClient(t, sandgate, sandbox, 'public')
  const { access_token: token } = await ask()
  t.ok(answers.some(({ status, headers }) => status === 400 && headers.get('dpop-nonce') !== null), 'the first request met the demand (RFC 9449 §8)')
  t.equal((await call(token, '/v1/customers')).status, 200, 'the nonce of the token endpoint is good at the API')
  const key = createProofKey()
  const refused = await sandgate.call('GET', '/v1/customers', { headers: { authorization: `DPoP ${token}`, dpop: key.prove('GET', `${sandgate.publicUrl}/v1/customers`, token) } })
  t.equal((refused.json as { readonly code: string }).code, 'token_proof_mismatch')
  const mine = createProofKey()
  const basic = Buffer.from(`${sandbox.client.id}:${sandbox.client.secret.reveal()}`).toString('base64')
  const post = async (nonce?: string) => await sandgate.call('POST', '/oauth/token', { headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded', dpop: mine.prove('POST', `${sandgate.publicUrl}/oauth/token`, undefined, nonce === undefined ? {} : { claims: { nonce } }) }, body: 'grant_type=client_credentials' })
  const bound = (await post(String((await post()).headers['dpop-nonce']))).json as { readonly access_token: string }
  const without = await sandgate.call('GET', '/v1/customers', { headers: { authorization: `DPoP ${bound.access_token}`, dpop: mine.prove('GET', `${sandgate.publicUrl}/v1/customers`, bound.access_token) } })
  t.match(without.headers, { 'www-authenticate': /^DPoP .*error="use_dpop_nonce"/, 'dpop-nonce': /^[\w-]{43}$/ })
  const nonce = String(without.headers['dpop-nonce'])
  const again = await sandgate.call('GET', '/v1/customers', { headers: { authorization: `DPoP ${bound.access_token}`, dpop: mine.prove('GET', `${sandgate.publicUrl}/v1/customers`, bound.access_token, { claims: { nonce } }) } })
  t.equal(again.status, 200)
})

t.test('opaque tokens of an API, bound to a DPoP key', async (t) => {
  const sandgate = await startTestGateway({ 'apis.0.token_format': 'opaque' })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const { ask, call } = await openClient(t, sandgate, sandbox, 'public')
  const { access_token: token } = await ask()
  t.match(token, /^[\w-]{43}$/)
  t.equal((await call(token, '/v1/customers')).status, 200)
  await sandgate.call('POST', '/sandbox/clock/advance', { token: sandbox.key.reveal(), body: { by: '61m' } })
  await t.rejects(call(token, '/v1/customers'), { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE' }, 'the sandbox\'s clock ages it')
})

t.test('where production has no DPoP, nothing speaks of it', async (t) => {
  const sandgate = await startTestGateway({ 'profile.dpop': 'off', ...UNBOUND })
  t.teardown(sandgate.stop)
  const metadata = (await sandgate.call('GET', '/.well-known/openid-configuration')).json as Record<string, unknown>
  t.notOk('dpop_signing_alg_values_supported' in metadata)
  t.equal((await sandgate.call('GET', '/v1/customers')).headers['www-authenticate'], 'Bearer realm="api"')
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  const answer = await sandgate.call('GET', '/v1/customers', { headers: { authorization: `DPoP ${token}`, dpop: createProofKey().prove('GET', `${sandgate.publicUrl}/v1/customers`, token) } })
  t.match(answer, { status: 401, headers: { 'www-authenticate': /^Bearer/ } })
})

t.test('signing keys: the operator lists and rotates them; nobody else does', async (t) => {
  const sandgate = await startTestGateway({ 'profile.more_signing_algorithms': ['PS256'] })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const control = async (method: string, path: string, body?: object, token = sandgate.operatorToken) => await sandgate.call(method, path, { token, ...(body === undefined ? {} : { body }) })
  const before = await sandgate.tokenFor(sandbox)
  for (const path of ['/control/signing-keys/rotate', '/control/signing-keys']) t.match(await control(path.endsWith('rotate') ? 'POST' : 'GET', path, path.endsWith('rotate') ? {} : undefined, sandbox.key.reveal()), { status: 403 })
  for (const body of [{ sign_after: 'soon' }, { sign_after: '8d' }, { unknown: true }]) t.equal((await control('POST', '/control/signing-keys/rotate', body)).status, 422, JSON.stringify(body))
  const listed = (await control('GET', '/control/signing-keys')).json as { readonly data: ReadonlyArray<{ readonly kid: string, readonly alg: string, readonly state: string }> }
  t.same(listed.data.map(({ alg, state }) => `${alg} ${state}`), ['ES256 signing', 'PS256 signing'])
  const rotated = await control('POST', '/control/signing-keys/rotate', { sign_after: '0s' })
  t.equal(rotated.status, 201)
  const made = (rotated.json as typeof listed).data.find(({ alg }) => alg === 'ES256')
  const after = await sandgate.tokenFor(sandbox)
  t.equal(decodeProtectedHeader(after).kid, made?.kid)
  for (const token of [before, after]) t.equal((await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: sandbox, token })).status, 200)
  const { keys } = (await sandgate.call('GET', '/oauth/jwks')).json as { readonly keys: ReadonlyArray<{ readonly kid: string }> }
  t.equal(keys.length, 4)
  t.equal(keys[0]?.kid, made?.kid, 'one that signs is first')
  t.match((await control('GET', '/control/signing-keys')).json, { data: [{ state: 'signing' }, { state: 'signing' }, { state: 'retiring', published_until: /Z$/ }, { state: 'retiring' }] })
})
