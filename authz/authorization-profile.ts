/** What is known of production's authorization server: the part of the configuration that this folder reads. */
export interface AuthorizationProfile {
  readonly lifetimes: {
    readonly accessTokenMs: number
    readonly idTokenMs: number
    readonly refreshTokenMs: number
    readonly authorizationCodeMs: number
    readonly sessionMs: number
    readonly interactionMs: number
    readonly grantMs: number
  }
  /** JWS algorithm (RFC 7518 §3.1) of access and ID tokens; asymmetric. */
  readonly signingAlgorithm: string
  readonly clientAuthenticationMethods: readonly string[]
  readonly grants: readonly string[]
  /** Absolute paths on the issuer's host. */
  readonly paths: {
    readonly authorization: string
    readonly token: string
    readonly introspection: string
    readonly revocation: string
    readonly userinfo: string
    readonly jwks: string
    readonly endSession: string
  }
  readonly bindTokensToCertificates: boolean
  readonly refreshTokenRotation: boolean
  readonly brand: Brand
}

/** Shown on the pages. `colour` is `#rrggbb`. */
export interface Brand { readonly name: string, readonly colour: string }

/** An API that tokens are issued for. `audience` is its resource indicator (RFC 8707 §2) and its tokens' `aud`. */
export interface ProtectedApi { readonly name: string, readonly audience: string, readonly scopes: readonly string[] }

/** Scopes of OpenID Connect that every client may be granted (OpenID Connect Core §5.4, §11). */
export const OPENID_SCOPES: readonly string[] = Object.freeze(['openid', 'offline_access', 'profile', 'email'])
