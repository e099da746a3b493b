import { X509Certificate } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import * as openid from 'openid-client'
import t from 'tap'
import { discover } from '../support/authz-client.ts'
import { startTestGateway } from '../support/gateway.ts'

/** A developer registers clients of every authentication method that production has. */
t.test('clients of one\'s own', async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const key = sandbox.key.reveal()
  const register = async (body: object, token = key) => await sandgate.call('POST', '/sandbox/clients', { token, body })
  const server = { issuer: sandgate.publicUrl, ca: sandgate.authorityPem }
  const tokenOf = async (id: string, auth: openid.ClientAuth): Promise<string> => (await openid.clientCredentialsGrant(await discover(server, id, auth), { scope: 'payments:read' })).access_token

  t.test('refused: an unknown method, an unknown scope, no keys, a request that is none', async (t) => {
    for (const body of [
      { name: 'x', token_endpoint_auth_method: 'magic' },
      { name: 'x', token_endpoint_auth_method: 'client_secret_basic', scope: 'admin' },
      { name: 'x', token_endpoint_auth_method: 'private_key_jwt' },
      { name: 'x', token_endpoint_auth_method: 'tls_client_auth', csr: 'not a request' },
      { name: 'x', token_endpoint_auth_method: 'client_secret_basic', colour: 'red' },
      { name: 'x', token_endpoint_auth_method: 'client_secret_basic', grant_types: ['password'] },
    ]) t.match(await register(body), { status: 422, json: { code: 'request_invalid', detail: String } }, JSON.stringify(body))
  })

  t.test('client_secret_post and private_key_jwt', async (t) => {
    const post = await register({ name: 'Poster', token_endpoint_auth_method: 'client_secret_post' })
    t.equal(post.status, 201)
    t.ok(await tokenOf(post.json.client_id, openid.ClientSecretPost(post.json.client_secret)))
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const signer = await register({ name: 'Signer', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ ...await exportJWK(publicKey), kid: 'k1', alg: 'ES256' }] } })
    t.notOk(signer.json.client_secret)
    t.ok(await tokenOf(signer.json.client_id, openid.PrivateKeyJwt({ key: privateKey, kid: 'k1' })))
  })

  t.test('tls_client_auth: the certificate is issued with a subject of ours, and opens the mutual-TLS door', async (t) => {
    const made = await register({ name: 'Certified', token_endpoint_auth_method: 'tls_client_auth' })
    t.equal(made.status, 201)
    t.match(new X509Certificate(made.json.certificate as string).subject, sandbox.sandbox.id)
    const answer = await sandgate.call('POST', '/oauth/token', {
      door: 'mtls',
      certificate: { certificatePem: made.json.certificate, keyPem: made.json.private_key },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=client_credentials&client_id=${String(made.json.client_id)}`,
    })
    t.equal(answer.status, 200)
  })

  t.test('another sandbox cannot delete a client; its owner can, and its tokens stop at once', async (t) => {
    const made = await register({ name: 'Brief', token_endpoint_auth_method: 'client_secret_basic' })
    const token = await tokenOf(made.json.client_id, openid.ClientSecretBasic(made.json.client_secret))
    t.equal((await sandgate.call('GET', '/v1/customers', { token })).status, 200)
    const stranger = (await sandgate.newSandbox()).key.reveal()
    t.equal((await sandgate.call('DELETE', `/sandbox/clients/${String(made.json.client_id)}`, { token: stranger })).status, 404)
    t.equal((await sandgate.call('DELETE', `/sandbox/clients/${String(made.json.client_id)}`, { token: key })).status, 204)
    t.equal((await sandgate.call('GET', '/v1/customers', { token })).status, 401)
  })

  t.test('the test users are listed', async (t) => {
    const users = await sandgate.call('GET', '/sandbox/users', { token: key })
    t.same(users.json.data.slice(0, 3).map(({ username }: { username: string }) => username), ['amira', 'bjorn', 'chiyo'])
  })
})
