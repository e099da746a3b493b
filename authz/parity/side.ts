import type { Secret } from '../../kernel/index.ts'

/** A client certificate with its key, in PEM. */
export interface KeyedCertificate { readonly certificatePem: string, readonly keyPem: Secret }

/** How a test client proves who it is (RFC 6749 §2.3, OpenID Connect Core §9, RFC 8705 §2). */
export type TestClientAuth =
  | { readonly method: 'client_secret_basic' | 'client_secret_post', readonly secret: Secret }
  | { readonly method: 'client_secret_jwt', readonly secret: Secret }
  | { readonly method: 'private_key_jwt', readonly keyPem: Secret, readonly kid?: string }
  | { readonly method: 'tls_client_auth' | 'self_signed_tls_client_auth', readonly certificate: KeyedCertificate }
  | { readonly method: 'none' }

/** A client registered at one side for the purpose of being compared. */
export interface TestClient {
  readonly clientId: string
  readonly auth: TestClientAuth
  readonly redirectUri?: string
  readonly scope?: string
  /** RFC 8707. */
  readonly resource?: string
  /** Presented beside another kind of authentication, so that tokens get bound to it (RFC 8705 §3). */
  readonly certificate?: KeyedCertificate
  /** More parameters of the authorization request that let this client in without a person: `{ login_hint: 'amira' }`. */
  readonly login?: Readonly<Record<string, string>>
}

/** One of the two servers that are compared, reachable now. */
export interface LiveSide {
  /** Issuer identifier (RFC 8414 §2), without a slash at its end unless it is written with one. */
  readonly issuer: string
  /** Authorities that its TLS certificate may chain to; absent: those that the runtime trusts. */
  readonly authorityPem?: string
  readonly client?: TestClient
}
