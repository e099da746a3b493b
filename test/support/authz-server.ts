import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import fastify, { type FastifyInstance } from 'fastify'
import type { JWK } from 'jose'
import { createAuthorizationServer, type AuthorizationFailure, type AuthorizationNote, type AuthorizationProfile, type AuthorizationServer, type AuthorizationServerDeps } from '../../authz/index.ts'
import { createClientCertificateVerifier, createRootCertificate, openAuthority, type Authority, type IssuedCertificate, type VerifiedCertificate } from '../../certs/index.ts'
import { systemClock, type SandboxId } from '../../kernel/index.ts'
import { openEmbeddedStores, type Stores } from '../../stores/index.ts'

export const PAYMENTS = 'https://api.payments.example'
export const LEDGER = 'https://api.ledger.example'
export const SANDBOX_A = 'sbx_a' as SandboxId
export const SANDBOX_B = 'sbx_b' as SandboxId
export const REDIRECT_URI = 'https://client.example/callback'

export const PROFILE: AuthorizationProfile = {
  lifetimes: { accessTokenMs: 3_600_000, idTokenMs: 1_800_000, refreshTokenMs: 1_209_600_000, authorizationCodeMs: 60_000, pushedRequestMs: 60_000, deviceCodeMs: 600_000, backchannelRequestMs: 600_000, sessionMs: 1_209_600_000, interactionMs: 3_600_000, grantMs: 1_209_600_000 },
  security: 'oauth-bcp',
  signingAlgorithm: 'ES256',
  moreSigningAlgorithms: [],
  clientAuthenticationMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none'],
  grants: ['client_credentials', 'authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code', 'urn:openid:params:grant-type:ciba'],
  paths: { authorization: '/oauth/authorize', token: '/oauth/token', introspection: '/oauth/introspect', revocation: '/oauth/revoke', userinfo: '/oauth/userinfo', jwks: '/oauth/jwks', endSession: '/oauth/logout', pushedAuthorizationRequest: '/oauth/par', deviceAuthorization: '/oauth/device_authorization', deviceVerification: '/device', backchannelAuthentication: '/oauth/bc-authorize', registration: '/oauth/register' },
  bindTokensToCertificates: true,
  refreshTokenRotation: true,
  pkce: 'required',
  pushedAuthorizationRequests: 'allowed',
  requestObjects: 'allowed',
  responseTypes: ['code'],
  signedResponses: true,
  dpop: 'allowed',
  dpopNonces: 'off',
  authorizationDetailsTypes: [],
  claimsParameter: true,
  subjectTypes: ['public', 'pairwise'],
  encryption: true,
  introspectionJwt: true,
  userinfoJwt: true,
  registration: 'with_initial_token',
  softwareStatementJwksFile: '',
  requireSoftwareStatement: false,
  backchannelLogout: true,
  headlessLogin: true,
  acr: { singleFactor: 'urn:test:acr:1', multiFactor: 'urn:test:acr:2' },
  pollIntervalMs: 5000,
  brand: { name: 'Example <Payments> & Co', colour: '#1f4ed8' },
}

export interface TestServer {
  readonly authz: AuthorizationServer
  readonly stores: Stores
  readonly issuer: string
  readonly mtlsOrigin: string
  readonly ca: string
  readonly authority: Authority
  readonly signingKey: JWK
  readonly failures: AuthorizationFailure[]
  readonly notes: AuthorizationNote[]
  /** How long slow users were waited for, in milliseconds; nobody really waits. */
  readonly waits: number[]
  readonly issueCertificate: (commonName: string) => Promise<IssuedCertificate>
  /** Moves the clock of everything but oidc-provider, which reads the machine's. */
  readonly advanceClock: (ms: number) => void
  /** Moves a sandbox's own clock. */
  readonly advanceSandbox: (sandboxId: SandboxId, ms: number) => void
  /** A second instance over the same stores, as when scaled out. */
  readonly openAnother: (changes?: Partial<AuthorizationServerDeps>) => Promise<AuthorizationServer>
  readonly close: () => Promise<void>
}

/** The authorization server behind both doors, over real TLS on loopback. */
export async function openTestServer (options: { readonly profile?: Partial<AuthorizationProfile>, readonly prepare?: (app: FastifyInstance, authz: AuthorizationServer) => void, readonly deps?: Partial<AuthorizationServerDeps>, readonly stores?: Stores } = {}): Promise<TestServer> {
  let offsetMs = 0
  const clock = { nowMs: () => systemClock.nowMs() + offsetMs }
  const advances: Array<{ sandboxId: SandboxId, atMs: number, byMs: number }> = []
  const stores = options.stores ?? openEmbeddedStores({ directory: ':memory:', clock, retention: { maxAgeMs: 3_600_000, maxPerStream: 100 } })
  const root = await createRootCertificate({ commonName: 'Authz test authority', lifetimeMs: 86_400_000 * 365, clock })
  const authority = await openAuthority({ ...root, clock, keyValue: stores.keyValue, notices: stores.notices })
  const server = await authority.issueServerCertificate({ hosts: ['localhost', '127.0.0.1'], lifetimeMs: 86_400_000 })
  const verify = createClientCertificateVerifier({ authority, extraAnchorsPem: [], clock })
  const tls = { key: server.keyPem, cert: server.certificatePem }
  const doors = { public: createServer(tls), mtls: createServer({ ...tls, ca: root.certificatePem, requestCert: true, rejectUnauthorized: false }) }
  const issuer = `https://localhost:${await listen(doors.public)}`
  const mtlsOrigin = `https://localhost:${await listen(doors.mtls)}`
  const failures: AuthorizationFailure[] = []
  const notes: AuthorizationNote[] = []
  const waits: number[] = []
  const signingKey: JWK = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as JWK, kid: 'test-key', alg: 'ES256', use: 'sig' }

  function certificateOf (request: IncomingMessage): VerifiedCertificate | undefined {
    const peer: { readonly raw?: Buffer } = request.socket instanceof TLSSocket ? request.socket.getPeerCertificate(true) : {}
    const verdict = peer.raw === undefined ? undefined : verify(peer.raw)
    return verdict?.kind === 'trusted' ? verdict.certificate : undefined
  }

  const deps: AuthorizationServerDeps = {
    issuer,
    mtlsOrigin,
    profile: { ...PROFILE, ...options.profile },
    apis: [{ name: 'payments', audience: PAYMENTS, scopes: ['payments:read', 'payments:write'] }, { name: 'ledger', audience: LEDGER, scopes: ['ledger:read'] }],
    keyValue: stores.keyValue,
    notices: stores.notices,
    clock,
    signingKeys: [signingKey],
    cookieKeys: ['a cookie key of the tests'],
    certificateOf,
    tokenAgeAdvanceMs: (sandboxId, issuedAtMs) => advances.reduce((sum, advance) => advance.sandboxId === sandboxId && advance.atMs >= issuedAtMs ? sum + advance.byMs : sum, 0),
    onFailure: (failure) => { failures.push(failure) },
    onNote: (note) => { notes.push(note) },
    waitMs: async (ms) => { waits.push(ms) },
    ...options.deps,
  }
  const authz = await createAuthorizationServer(deps)
  const apps = await Promise.all([doors.public, doors.mtls].map(async (door) => {
    const app = fastify({ serverFactory: (handler) => door.on('request', handler) as never })
    options.prepare?.(app, authz)
    await app.register(async (scope) => { authz.registerRoutes(scope) })
    await app.ready()
    return app
  }))

  return {
    authz,
    stores,
    issuer,
    mtlsOrigin,
    ca: root.certificatePem,
    authority,
    signingKey,
    failures,
    notes,
    waits,
    issueCertificate: async (commonName) => await authority.issueClientCertificate({ commonName, organization: 'Ümlaut, Inc.', lifetimeMs: 86_400_000 }),
    advanceClock: (ms) => { offsetMs += ms },
    advanceSandbox: (sandboxId, byMs) => { advances.push({ sandboxId, atMs: clock.nowMs(), byMs }) },
    openAnother: async (changes = {}) => await createAuthorizationServer({ ...deps, ...changes }),
    async close () {
      for (const door of Object.values(doors)) {
        door.closeAllConnections()
        door.close()
      }
      await Promise.all(apps.map(async (app) => { await app.close() }))
      authority.close()
      await stores.close()
    },
  }
}

async function listen (server: Server): Promise<number> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return (server.address() as AddressInfo).port
}
