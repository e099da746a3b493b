import { X509Certificate } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import * as client from 'openid-client'
import t from 'tap'
import { Agent, fetch as undiciFetch } from 'undici'
import type { SandboxId } from '../../kernel/index.ts'
import { oauthError } from '../support/oauth-error.ts'
import { startTestGateway } from '../support/gateway.ts'

/** A developer asks for tokens with the published openid-client, at both doors, in every way the profile lists. */
t.test('client credentials', async (t) => {
  const sandgate = await startTestGateway({ 'profile.lifetimes.access_token': '17m' })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const { clients } = sandgate.gateway.composition.authz
  const sandboxId = sandbox.sandbox.id as SandboxId
  const shared = { sandboxId, redirectUris: [], scopes: ['payments:read', 'payments:write'], grants: ['client_credentials'] }

  const discover = async (id: string, auth: client.ClientAuth, certificate?: { readonly cert: string, readonly key: string }, metadata: Partial<client.ClientMetadata> = {}): Promise<client.Configuration> => {
    const dispatcher = new Agent({ connect: { ca: sandgate.authorityPem, ...certificate } })
    t.teardown(async () => await dispatcher.close())
    const viaTls = (async (url: string, init: object) => await undiciFetch(url, { ...init, dispatcher })) as unknown as client.CustomFetch
    return await client.discovery(new URL(sandgate.publicUrl), id, metadata, auth, { [client.customFetch]: viaTls })
  }
  const ask = async (configuration: client.Configuration): Promise<client.TokenEndpointResponse> => await client.clientCredentialsGrant(configuration, { scope: 'payments:read' })

  t.test('a wrong secret is refused as production refuses it, and says no more', async (t) => {
    const configuration = await discover(sandbox.client.id, client.ClientSecretBasic('wrong'))
    await t.rejects(ask(configuration), { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401 })
    const wire = await sandgate.call('POST', '/oauth/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${Buffer.from(`${sandbox.client.id}:wrong`).toString('base64')}` },
      body: 'grant_type=client_credentials',
    })
    t.same(wire.json, { error: 'invalid_client', error_description: 'client authentication failed' })
    t.match(wire.headers, { 'www-authenticate': /^Basic /, 'cache-control': 'no-store' }, 'RFC 6749 §5.2')
  })

  t.test('tls_client_auth is refused with another client\'s certificate', async (t) => {
    const other = await sandgate.newSandbox()
    const configuration = await discover(sandbox.mtlsClient.id, client.TlsClientAuth(), { cert: other.mtlsClient.certificatePem, key: other.mtlsClient.privateKeyPem.reveal() }, { use_mtls_endpoint_aliases: true })
    await t.rejects(ask(configuration), oauthError('invalid_client'))
  })

  t.test('tls_client_auth at the mutual-TLS door gives a token bound to the certificate, as long-lived as production\'s', async (t) => {
    const { certificatePem, privateKeyPem } = sandbox.mtlsClient
    const configuration = await discover(sandbox.mtlsClient.id, client.TlsClientAuth(), { cert: certificatePem, key: privateKeyPem.reveal() }, { use_mtls_endpoint_aliases: true })
    const answer = await ask(configuration)
    const claims = decodeJwt(answer.access_token)
    const thumbprint = Buffer.from(new X509Certificate(certificatePem).fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
    t.same(claims['cnf'], { 'x5t#S256': thumbprint }, 'RFC 8705 §3.1')
    t.equal(answer.expires_in, 17 * 60)
    t.equal((claims.exp ?? 0) - (claims.iat ?? 0), 17 * 60)
    t.equal(decodeProtectedHeader(answer.access_token).typ, 'at+jwt', 'RFC 9068 §2.1')
    t.match(claims, { iss: sandgate.publicUrl, aud: 'https://api.payments.example', client_id: sandbox.mtlsClient.id, sub: sandbox.mtlsClient.id, scope: 'payments:read' }, 'RFC 9068 §2.2')
    t.type(claims.jti, 'string')
  })

  t.test('client_secret_basic, client_secret_post and private_key_jwt give tokens at the public door', async (t) => {
    const post = await clients.create({ ...shared, name: 'post', authMethod: 'client_secret_post' })
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const assertion = await clients.create({ ...shared, name: 'assertion', authMethod: 'private_key_jwt', jwks: { keys: [{ ...await exportJWK(publicKey) as Record<string, string>, kid: 'k1', alg: 'ES256' }] } })
    const ways: ReadonlyArray<readonly [string, string, client.ClientAuth]> = [
      ['client_secret_basic', sandbox.client.id, client.ClientSecretBasic(sandbox.client.secret.reveal())],
      ['client_secret_post', post.clientId, client.ClientSecretPost(post.clientSecret?.reveal())],
      ['private_key_jwt', assertion.clientId, client.PrivateKeyJwt({ key: privateKey, kid: 'k1' })],
    ]
    for (const [name, id, auth] of ways) {
      const answer = await ask(await discover(id, auth))
      t.equal(decodeJwt(answer.access_token)['client_id'], id, name)
      t.notOk(decodeJwt(answer.access_token)['cnf'], `${name}: not bound, no certificate was there`)
      const call = await sandgate.call('GET', '/v1/customers', { token: answer.access_token })
      t.equal(call.status, 200, `${name}: the token opens the API`)
    }
  })

  t.test('a scope that the client is not registered for is refused', async (t) => {
    const reader = await clients.create({ ...shared, name: 'reader', scopes: ['payments:read'], authMethod: 'client_secret_basic' })
    const configuration = await discover(reader.clientId, client.ClientSecretBasic(reader.clientSecret?.reveal()))
    await t.rejects(client.clientCredentialsGrant(configuration, { scope: 'payments:write' }), oauthError('invalid_scope'))
  })
})
