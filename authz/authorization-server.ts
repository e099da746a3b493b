import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { JWK } from 'jose'
import type { CertificateThumbprint, Clock, SandboxId } from '../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../stores/ports.ts'
import type { AuthorizationProfile, ProtectedApi } from './authorization-profile.ts'
import type { Clients } from './clients/clients.ts'
import type { IssuedTokens } from './tokens/issued-tokens.ts'
import type { KeyRing } from './tokens/key-ring.ts'
import type { TokenRequestPeek } from './clients/read-token-request.ts'
import type { TokenWatch } from './explanations/token-watch.ts'
import type { AuthorizationFailure } from './provider/report-failures.ts'
import type { Outbound } from './outbound.ts'
import type { RegistrationTokens } from './registration/registration-tokens.ts'
import type { SelfSignedVerdict } from './clients/self-signed-certificate.ts'
import type { BackchannelDecisions } from './backchannel/backchannel-decisions.ts'
import type { Consents } from './interaction/consents.ts'
import type { DeviceApprovals } from './interaction/device-approvals.ts'
import type { AuthorizationNote } from './interaction/headless-login.ts'
import type { TestUsers } from './interaction/users/test-users.ts'
import type { TokenExpectation, TokenVerdict } from './tokens/verify-access-token.ts'

/** OAuth 2.0 and OpenID Connect as production has them, for every sandbox under one issuer. */
export interface AuthorizationServer {
  /** Serves all endpoints and pages on this scope, which must be the token surface's own: its body parsers are replaced. */
  readonly registerRoutes: (app: FastifyInstance) => void
  /** The API's hot path; see `createAccessTokenVerifier`. */
  readonly verifyAccessToken: (token: string, expect: TokenExpectation) => MaybePromise<TokenVerdict>
  /** The keys that sign tokens, on every instance. */
  readonly signingKeys: Pick<KeyRing, 'list' | 'rotate' | 'refresh'> & {
    /** As `KeyRing.rotateForSandbox`, for every algorithm that the sandbox's clients get anything signed with. */
    readonly rotateForSandbox: (sandboxId: SandboxId) => ReturnType<KeyRing['rotateForSandbox']>
  }
  /** JWS algorithms of DPoP proofs, for challenges (RFC 9449 §7.1); empty when production has no DPoP. */
  readonly dpopAlgorithms: readonly string[]
  readonly clients: Clients
  /** Initial access tokens of client registration; undefined where the profile has none. */
  readonly registrationTokens: RegistrationTokens | undefined
  /** Its URL (RFC 7591 §3). */
  readonly registrationEndpoint: string | undefined
  /** A certificate that no authority vouches for, if a client registered it; see `admitSelfSigned`. */
  readonly admitSelfSigned: (der: Buffer) => MaybePromise<SelfSignedVerdict>
  /** True when scripts of this origin may call on behalf of some client: what a preflight is answered by. */
  readonly isRegisteredOrigin: (origin: string) => MaybePromise<boolean>
  /** True when scripts of this origin may call on behalf of this client. */
  readonly isOriginOf: (clientId: string, origin: string) => MaybePromise<boolean>
  /** What clients may be, as the security profile leaves it. */
  readonly offered: { readonly authMethods: readonly string[], readonly grants: readonly string[] }
  /** Deleting one ends all that the user consented to. */
  readonly users: TestUsers
  readonly consents: Omit<Consents, 'give'>
  readonly deviceApprovals: DeviceApprovals
  /** The test users' other devices (CIBA). */
  readonly backchannel: Omit<BackchannelDecisions, 'settle'>
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
  /** Origin of the public door, where the issuer is elsewhere: DPoP proofs name the URL that was called. */
  readonly publicOrigin?: string
  /** Private keys; the first of each algorithm signs until it is rotated, all verify. There is one for every algorithm of the profile. */
  readonly signingKeys: readonly JWK[]
  /** Size of RSA keys that are made when keys are rotated; default 2048. */
  readonly rsaKeyBits?: number
  /** The first signs cookies and forms and seals keys, all verify and open. */
  readonly cookieKeys: readonly string[]
  /** The certificate that the door has verified for this request. */
  readonly certificateOf: (request: IncomingMessage) => PresentedCertificate | undefined
  /** How far the sandbox's clock was advanced since. */
  readonly tokenAgeAdvanceMs: (sandboxId: SandboxId, issuedAtMs: number) => number
  readonly onFailure: (failure: AuthorizationFailure) => void
  /** Told of each request that was answered to a client after it had proved who it is. */
  readonly onClientProven?: (request: IncomingMessage, clientId: string) => void
  /** Told of everything that happens to tokens. */
  readonly tokenWatch?: TokenWatch
  /** True: DPoP proofs of this sandbox must carry a nonce, whatever the profile says. Asked at every request with a proof. */
  readonly isDpopNonceRequired?: (sandboxId: SandboxId) => boolean
  /** Uses up a fault that was asked for at the authorization endpoint, if one is in force for this client. */
  readonly takeAuthorizationFault?: TakeAuthorizationFault
  /** What the owner of a client should know of a request that was not refused. */
  readonly onNote?: (note: AuthorizationNote) => void
  /** Lets a slow test user wait; default: the machine's timer. */
  readonly waitMs?: (ms: number) => Promise<void>
  /** True only when every request comes through a TLS-terminating proxy that is trusted: then X-Forwarded-Proto decides whether cookies are Secure. */
  readonly isBehindTrustedProxy?: boolean
  /** How key sets and other documents of clients are fetched; absent: no client may have any. */
  readonly outbound?: Outbound
  /** Public keys of those whose software statements (RFC 7591 §2.3) are trusted. */
  readonly softwareStatementKeys?: readonly JWK[]
  /** Verified tokens kept in memory; default 50,000. */
  readonly verifiedTokensMax?: number
}

/** See `AuthorizationServerDeps`; `error` and `description` go over the wire (RFC 6749 §4.1.2.1), `detail` into the record. */
export type TakeAuthorizationFault = (clientId: string) => Promise<{ readonly error: string, readonly description?: string, readonly detail: string } | undefined>

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
  /** No authority vouches for it: it is known by its thumbprint alone, and proves no name (RFC 8705 §2.2). */
  readonly isSelfSigned?: true
}
