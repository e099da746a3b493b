import type { ClientId, JsonObject, SandboxId } from '../../kernel/index.ts'

/** An OAuth client as kept: what it was registered with, minus its secret, of which a hash is stored and, where the protocol needs the secret itself, a sealed copy. */
export interface ClientRecord {
  readonly clientId: ClientId
  readonly sandboxId: SandboxId
  readonly name: string
  readonly authMethod: string
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris: readonly string[]
  readonly scopes: readonly string[]
  readonly grants: readonly string[]
  readonly tlsSubjectDn?: string
  readonly jwks?: { readonly keys: readonly JsonObject[] }
  /** base64url SHA-256 of the secret; the secret has 256 random bits, so nothing slower is needed. */
  readonly secretHash?: string
  /** See `createSecretKeeper`. */
  readonly sealedSecret?: string
  /** The secret before the last rotation, good until its overlap ends. */
  readonly formerSecret?: FormerSecret
  readonly createdAtMs: number
  /** More of RFC 7591 §2 and its extensions, in their own names (`dpop_bound_access_tokens`, `subject_type`, …); checked by the library. */
  readonly metadata?: JsonObject
  /** Lifetimes of this client's own, where production has them; else the profile's. */
  readonly lifetimes?: ClientLifetimes
  /** The client opted into the login without pages. */
  readonly isHeadless?: true
  /** Origins that scripts may call from, beside those of the redirect URIs. */
  readonly allowedOrigins?: readonly string[]
  /** Set for a client that registered itself: base64url SHA-256 of its registration access token (RFC 7592 §1.2). */
  readonly registrationTokenHash?: string
  /** As presented at registration (RFC 7591 §2.3), with the identifiers of the software; none of it is acted on. */
  readonly software?: JsonObject
}

export interface ClientLifetimes {
  readonly accessTokenMs?: number
  readonly idTokenMs?: number
  readonly refreshTokenMs?: number
}

export interface FormerSecret {
  readonly hash: string
  readonly sealed?: string
  readonly rotatedAtMs: number
  readonly untilMs: number
}
