import { X509Certificate } from 'node:crypto'
import { createServer } from 'node:https'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { Provider, type Configuration } from 'oidc-provider'
import { createRootCertificate, openAuthority } from '../certs/index.ts'
import { systemClock, type SandboxId } from '../kernel/index.ts'
import { openEmbeddedStores } from '../stores/index.ts'
import { startGateway } from '../gateway/index.ts'
import type { TokenMaterials } from './tokens.ts'

/** One authorization server of the token bench, a process of its own: ours as shipped, or oidc-provider with nothing around it. */
const [role = '', directory = '', port = '', mtlsPort = '', opsPort = ''] = process.argv.slice(2)
const SCOPE = 'payments:read'
const AUDIENCE = 'https://api.payments.example'

process.on('disconnect', () => process.exit(0))
process.on('message', () => process.send?.({ kind: 'usage', ...process.cpuUsage() }))
const materials = role === 'sandgate' ? await openSandgate() : await openBare()
writeFileSync(join(directory, `${role}.json`), JSON.stringify(materials), { mode: 0o600 })
process.send?.({ kind: 'ready' })

async function makeClientKey (): Promise<{ readonly publicJwk: JWK, readonly privateJwk: JWK }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { publicJwk: { ...await exportJWK(publicKey), kid: 'sig', alg: 'ES256', use: 'sig' }, privateJwk: { ...await exportJWK(privateKey), kid: 'sig', alg: 'ES256' } }
}

async function openSandgate (): Promise<TokenMaterials> {
  const limits = ['address', 'client', 'token'].flatMap((name) => [{ path: `limits.${name}.limit`, value: 1_000_000_000 }, { path: `limits.${name}.burst`, value: 1_000_000_000 }])
  const { composition: { sandboxes, authz, authority, origins } } = await startGateway({
    environment: {},
    overrides: [{ path: 'var_directory', value: join(directory, 'var') }, { path: 'listen.public.port', value: Number(port) }, { path: 'listen.mtls.port', value: Number(mtlsPort) }, { path: 'listen.ops.port', value: Number(opsPort) }, { path: 'tls.minimum_version', value: 'TLSv1.3' }, ...limits],
  })
  const sandbox = await sandboxes.create({ name: 'tokens' })
  if (sandbox === undefined) throw new Error('no sandbox for the bench')
  const { publicJwk, privateJwk } = await makeClientKey()
  const client = await authz.clients.create({ sandboxId: sandbox.sandbox.id as SandboxId, name: 'signer', authMethod: 'private_key_jwt', redirectUris: [], scopes: [SCOPE], grants: ['client_credentials'], jwks: { keys: [publicJwk] } })
  const { mtlsClient } = sandbox
  return {
    issuer: origins.publicOrigin,
    authorityPem: authority.certificatePem,
    signer: { endpoint: `${origins.publicOrigin}/oauth/token`, clientId: client.clientId, privateJwk },
    holder: { endpoint: `${origins.mtlsOrigin}/oauth/token`, clientId: mtlsClient.id, certificatePem: mtlsClient.certificatePem, keyPem: mtlsClient.privateKeyPem.reveal() },
    scope: SCOPE,
  }
}

async function openBare (): Promise<TokenMaterials> {
  const root = await createRootCertificate({ commonName: 'bench', lifetimeMs: 86_400_000, clock: systemClock })
  const authority = await openAuthority({ ...root, clock: systemClock, ...openEmbeddedStores({ directory: join(directory, 'peer'), clock: systemClock, retention: { maxAgeMs: 1000, maxPerStream: 1 } }) })
  const server = await authority.issueServerCertificate({ hosts: ['localhost'], lifetimeMs: 86_400_000 })
  const holder = await authority.issueClientCertificate({ commonName: 'holder', lifetimeMs: 86_400_000 })
  const { publicJwk, privateJwk } = await makeClientKey()
  const signing = await generateKeyPair('ES256', { extractable: true })
  const issuer = `https://localhost:${port}`
  const shared = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: SCOPE, id_token_signed_response_alg: 'ES256' as const }
  const configuration: Configuration = {
    jwks: { keys: [{ ...await exportJWK(signing.privateKey), kid: 'k', alg: 'ES256', use: 'sig' }] },
    clients: [
      { ...shared, client_id: 'signer', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicJwk] } },
      { ...shared, client_id: 'holder', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: holder.subjectDn, tls_client_certificate_bound_access_tokens: true },
    ],
    clientAuthMethods: ['private_key_jwt', 'tls_client_auth'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: [SCOPE],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true, defaultResource: () => AUDIENCE, getResourceServerInfo: () => ({ audience: AUDIENCE, scope: SCOPE, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }) },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        tlsClientAuth: true,
        getCertificate: ({ socket }) => (socket as TLSSocket).getPeerX509Certificate()?.raw.toString('base64'),
        certificateAuthorized: ({ socket }) => (socket as TLSSocket).authorized,
        certificateSubjectMatches: ({ socket }, _property, expected) => new X509Certificate((socket as TLSSocket).getPeerX509Certificate()?.raw ?? '').subject.split('\n').reverse().join(',') === expected,
      },
    },
  }
  const handler = new Provider(issuer, configuration).callback()
  const tls = { key: server.keyPem, cert: server.certificatePem, minVersion: 'TLSv1.3' as const, keepAliveTimeout: 600_000 }
  createServer(tls, (request, response) => { void handler(request, response) }).listen(Number(port), '127.0.0.1')
  createServer({ ...tls, requestCert: true, rejectUnauthorized: true, ca: root.certificatePem }, (request, response) => { void handler(request, response) }).listen(Number(mtlsPort), '127.0.0.1')
  return {
    issuer,
    authorityPem: root.certificatePem,
    signer: { endpoint: `${issuer}/token`, clientId: 'signer', privateJwk },
    holder: { endpoint: `https://localhost:${mtlsPort}/token`, clientId: 'holder', certificatePem: holder.certificatePem, keyPem: holder.keyPem },
    scope: SCOPE,
  }
}
