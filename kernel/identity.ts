declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** One isolated tenant. */
export type SandboxId = Branded<'SandboxId'>
/** An organisation of developers; it owns sandboxes. */
export type AccountId = Branded<'AccountId'>
/** An OAuth client's `client_id` (RFC 6749 §2.2). */
export type ClientId = Branded<'ClientId'>
/** Identifies one request in logs, records and explanations: 32 lower-case hex digits (W3C trace-id). */
export type RequestId = Branded<'RequestId'>
/** base64url SHA-256 of a certificate's DER, as in `x5t#S256` (RFC 8705 §3.1). */
export type CertificateThumbprint = Branded<'CertificateThumbprint'>

/** The verified identity of one request. */
export interface Caller {
  readonly kind: 'client' | 'sandbox-key' | 'operator'
  /** Absent for an operator, who belongs to no sandbox. */
  readonly sandboxId?: SandboxId
  readonly clientId?: ClientId
  /** The resource owner's `sub`, for tokens issued to a test user. */
  readonly subject?: string
  readonly scopes: readonly string[]
}
