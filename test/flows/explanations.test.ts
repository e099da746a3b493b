import t from 'tap'
import { startTestGateway, type Answer } from '../support/gateway.ts'

/** The wire is as vague as production's; the owner of the client reads the cause and the fix, and nobody else. */
t.test('why was I refused?', async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const owner = await sandgate.newSandbox()
  const other = await sandgate.newSandbox()
  const askToken = async (form: Record<string, string>, secret = owner.client.secret.reveal()): Promise<Answer> => await sandgate.call('POST', '/oauth/token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${Buffer.from(`${owner.client.id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams(form).toString(),
  })
  const explain = async (requestId: string, key = owner.key.reveal()): Promise<Answer> => await sandgate.call('GET', `/sandbox/requests/${requestId}`, { token: key })

  t.test('a wrong secret: production\'s words on the wire, the cause for the owner', async (t) => {
    const refused = await askToken({ grant_type: 'client_credentials' }, 'wrong')
    t.same(refused.json, { error: 'invalid_client', error_description: 'client authentication failed' })
    const told = await explain(refused.requestId)
    t.match(told.json, { status: 401, code: 'invalid_client', client_id: owner.client.id, explanation: { cause: /secret/i, fix: /secret/ } })
    t.notMatch(told.text, 'wrong', 'the secret that was tried is not repeated')
  })

  t.test('nobody else reads it', async (t) => {
    const refused = await askToken({ grant_type: 'client_credentials' }, 'wrong')
    t.match(await explain(refused.requestId, other.key.reveal()), { status: 404, json: { code: 'resource_not_found' } }, 'not another sandbox')
    t.match(await explain(refused.requestId, await sandgate.tokenFor(other, { door: 'public' })), { status: 404 }, 'not another sandbox\'s client')
    t.match(await explain(refused.requestId, sandgate.operatorToken), { status: 403, json: { code: 'credential_not_accepted' } }, 'not even the operator, here')
    t.equal((await sandgate.call('GET', `/sandbox/requests/${refused.requestId}`)).status, 401, 'not somebody without credentials')
  })

  t.test('a grant that is not known', async (t) => {
    const refused = await askToken({ grant_type: 'authorization_code', code: 'made-up', redirect_uri: 'http://127.0.0.1:7777/callback', code_verifier: 'x'.repeat(43) })
    t.match(refused.json, { error: 'invalid_grant' })
    t.match((await explain(refused.requestId)).json, { code: 'invalid_grant', explanation: { code: 'grant_artifact_unknown', cause: /code/i, clause: 'RFC 6749 §4.1.3', clause_url: 'https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3', fix: /Start the grant again/ } })
  })

  t.test('a token with too little scope, a token on the wrong connection', async (t) => {
    const reading = await sandgate.tokenFor(owner, { door: 'public', scope: 'payments:read' })
    const scope = await sandgate.call('POST', '/v1/customers', { token: reading, body: { name: 'x' } })
    t.match(scope, { status: 403, headers: { 'www-authenticate': /insufficient_scope/ } })
    t.match((await explain(scope.requestId)).json, { stage: 'judge-scope', code: 'scope_insufficient', explanation: { cause: /payments:write/ } })
    const bound = await sandgate.tokenFor(owner)
    const unbound = await sandgate.call('GET', '/v1/customers', { token: bound })
    t.match((await explain(unbound.requestId)).json, { stage: 'verify-access-token', code: 'token_binding_mismatch', explanation: { fix: /RFC 8705/ } }, 'the token names the client that owns the explanation')
  })

  t.test('a certificate that is missing or wrong, at the token endpoint and at the API', async (t) => {
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `grant_type=client_credentials&client_id=${owner.mtlsClient.id}` }
    const missing = await sandgate.call('POST', '/oauth/token', { door: 'mtls', ...form })
    t.match(missing, { status: 401, json: { error: 'invalid_client' } })
    t.match((await explain(missing.requestId)).json, { stage: 'verify-client-certificate', code: 'certificate_missing', explanation: { fix: /--cert/ } })
    const wrong = await sandgate.call('POST', '/oauth/token', { door: 'mtls', certificate: other, ...form })
    t.match(wrong, { status: 401, json: { error: 'invalid_client', error_description: 'client authentication failed' } })
    t.match((await explain(wrong.requestId)).json, { code: 'invalid_client', explanation: { cause: /certificate/i } })
    const token = await sandgate.tokenFor(owner)
    const revoked = await sandgate.newSandbox()
    await sandgate.gateway.composition.authority.revoke(revoked.mtlsClient.serial)
    const refused = await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: revoked, token })
    t.match((await explain(refused.requestId)).json, { code: 'certificate_revoked', client_id: owner.mtlsClient.id })
    const alone = await sandgate.call('GET', '/v1/customers', { door: 'mtls', token })
    t.match((await explain(alone.requestId)).json, { code: 'certificate_missing' })
    t.equal((await explain(alone.requestId, other.key.reveal())).status, 404)
  })

  t.test('a refused card: the pointer, and never the number', async (t) => {
    const token = await sandgate.tokenFor(owner, { door: 'public' })
    const refused = await sandgate.call('POST', '/v1/payment_methods', { token, body: { type: 'card', card: { number: '4539578763621486', exp_month: 12, exp_year: 2031 } } })
    const told = await explain(refused.requestId)
    t.match(told.json, { stage: 'scrub-request', explanation: { cause: /\/card\/number/ } })
    t.notMatch(told.text, '4539578763621486')
  })

  t.test('the list shows the newest first and pages', async (t) => {
    const first = await sandgate.call('GET', '/sandbox/requests?limit=2', { token: owner.key.reveal() })
    t.equal(first.json.data.length, 2)
    const second = await sandgate.call('GET', `/sandbox/requests?limit=2&before=${String(first.json.next)}`, { token: owner.key.reveal() })
    t.equal(second.json.data.length, 2)
    t.ok(first.json.data[1].at >= second.json.data[0].at)
  })
})
