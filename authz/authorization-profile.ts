/** What is known of production's authorization server: the part of the configuration that this folder reads. */
export interface AuthorizationProfile {
  readonly security: SecurityProfile
  readonly lifetimes: {
    readonly accessTokenMs: number
    readonly idTokenMs: number
    readonly refreshTokenMs: number
    readonly authorizationCodeMs: number
    readonly pushedRequestMs: number
    readonly deviceCodeMs: number
    readonly backchannelRequestMs: number
    readonly sessionMs: number
    readonly interactionMs: number
    readonly grantMs: number
  }
  /** JWS algorithm (RFC 7518 §3.1) of access and ID tokens; asymmetric. */
  readonly signingAlgorithm: string
  /** Those that a client may register for besides. */
  readonly moreSigningAlgorithms: readonly string[]
  readonly clientAuthenticationMethods: readonly string[]
  /** `grant_type` values (RFC 6749 §4.5, RFC 8628 §3.4, RFC 8693 §2.1, RFC 7523 §2.1, CIBA Core §10.1). */
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
    readonly pushedAuthorizationRequest: string
    readonly deviceAuthorization: string
    readonly deviceVerification: string
    readonly backchannelAuthentication: string
    readonly registration: string
  }
  readonly bindTokensToCertificates: boolean
  readonly refreshTokenRotation: boolean
  readonly pkce: 'required' | 'allowed'
  readonly pushedAuthorizationRequests: Availability
  readonly requestObjects: Availability
  readonly responseTypes: readonly ('code' | 'code id_token')[]
  readonly signedResponses: boolean
  readonly dpop: Availability
  readonly dpopNonces: 'off' | 'required'
  readonly authorizationDetailsTypes: readonly string[]
  readonly claimsParameter: boolean
  readonly subjectTypes: readonly ('public' | 'pairwise')[]
  readonly encryption: boolean
  readonly introspectionJwt: boolean
  readonly userinfoJwt: boolean
  readonly registration: 'off' | 'with_initial_token'
  /** A JSON Web Key Set (RFC 7517) in a file; empty: no software statement is trusted. */
  readonly softwareStatementJwksFile: string
  readonly requireSoftwareStatement: boolean
  readonly backchannelLogout: boolean
  readonly headlessLogin: boolean
  /** Authentication context class references (OpenID Connect Core §2, `acr`) of a sign-in with one factor, and with a one-time code besides. */
  readonly acr: { readonly singleFactor: string, readonly multiFactor: string }
  /** Least time between two polls with a device code or `auth_req_id` (RFC 8628 §3.2, CIBA Core §7.3); 0: never `slow_down`. */
  readonly pollIntervalMs: number
  readonly brand: Brand
}

/** Rules for every client, by name. */
export type SecurityProfile = 'oauth-bcp' | 'fapi-1-advanced' | 'fapi-2-security' | 'fapi-2-message-signing'

export type Availability = 'off' | 'allowed' | 'required'

/** Shown on the pages. `colour` is `#rrggbb`; `logo` a `data:` URL of an image. */
export interface Brand { readonly name: string, readonly colour: string, readonly logo?: string }

/** An API that tokens are issued for. `audience` is its resource indicator (RFC 8707 §2) and its tokens' `aud`. */
export interface ProtectedApi { readonly name: string, readonly audience: string, readonly scopes: readonly string[], readonly tokenFormat?: 'jwt' | 'opaque' }

/** Scopes of OpenID Connect that every client may be granted (OpenID Connect Core §5.4, §11). */
export const OPENID_SCOPES: readonly string[] = Object.freeze(['openid', 'offline_access', 'profile', 'email', 'address', 'phone'])
