import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { JWK } from 'jose'
import type { CertificateThumbprint, Clock, SandboxId } from '../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../stores/ports.ts'
import type { AuthorizationProfile, ProtectedApi } from './authorization-profile.ts'
import type { Clients } from './clients/clients.ts'
import type { IssuedTokens } from './tokens/issued-tokens.ts'
import type { TokenRequestPeek } from './clients/read-token-request.ts'
import type { AuthorizationFailure } from './provider/report-failures.ts'
import type { TestUsers } from './interaction/test-users.ts'
import type { TokenExpectation, TokenVerdict } from './tokens/verify-access-token.ts'

/** OAuth 2.0 and OpenID Connect as production has them, for every sandbox under one issuer. */
export interface AuthorizationServer {
  /** Serves all endpoints and pages on this scope, which must be the token surface's own: its body parsers are replaced. */
  readonly registerRoutes: (app: FastifyInstance) => void
  /** The API's hot path; see `createAccessTokenVerifier`. */
  readonly verifyAccessToken: (token: string, expect: TokenExpectation) => MaybePromise<TokenVerdict>
  readonly clients: Clients
  readonly users: TestUsers
  readonly sandboxOfClient: (clientId: string) => MaybePromise<SandboxId | undefined>
  /** The client claimed by headers and certificate; unverified. */
  readonly peekClaimedClient: (request: IncomingMessage) => MaybePromise<string | undefined>
  /** See `readTokenRequest`. */
  readonly readTokenRequest: (request: IncomingMessage, bytesMax: number) => Promise<TokenRequestPeek>
  /** Ends a grant and every token of it, at once and on every instance. */
  readonly revokeGrant: IssuedTokens['revokeGrant']
}

export interface AuthorizationServerDeps {
  /** Issuer identifier (RFC 8414 §2); every URL we name is built from it. */
  readonly issuer: string
  /** Origin of the mutual-TLS door, for `mtls_endpoint_aliases` (RFC 8705 §5). */
  readonly mtlsOrigin: string
  readonly profile: AuthorizationProfile
  /** The first is the default resource. */
  readonly apis: readonly ProtectedApi[]
  readonly keyValue: KeyValue
  readonly notices: Notices
  readonly clock: Clock
  /** Private keys; the first of the profile's algorithm signs, all verify. */
  readonly signingKeys: readonly JWK[]
  /** The first signs cookies and forms, all verify. */
  readonly cookieKeys: readonly string[]
  /** The certificate that the door has verified for this request. */
  readonly certificateOf: (request: IncomingMessage) => PresentedCertificate | undefined
  /** How far the sandbox's clock was advanced since. */
  readonly tokenAgeAdvanceMs: (sandboxId: SandboxId, issuedAtMs: number) => number
  readonly onFailure: (failure: AuthorizationFailure) => void
  /** True only when every request comes through a TLS-terminating proxy that is trusted: then X-Forwarded-Proto decides whether cookies are Secure. */
  readonly isBehindTrustedProxy?: boolean
  /** Verified tokens kept in memory; default 50,000. */
  readonly verifiedTokensMax?: number
}

/** What this folder reads of a verified client certificate. */
export interface PresentedCertificate {
  readonly thumbprint: CertificateThumbprint
  /** RFC 4514. */
  readonly subjectDn: string
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
  readonly ips: readonly string[]
  readonly emails: readonly string[]
  readonly der: Buffer
}
