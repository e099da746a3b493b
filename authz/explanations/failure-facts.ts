import type { PresentedCertificate } from '../authorization-server.ts'

/** What is known of a failed request to the authorization server when the library reports it. Everything a client sent is hostile. */
export interface FailureFacts {
  /** The library's route name: `token`, `authorization`, `userinfo` and so on. */
  readonly endpoint: string
  /** The OAuth error code, as sent. */
  readonly error: string
  /** `error_description`, as sent. */
  readonly description: string
  /** `error_detail`: what the library keeps off the wire. */
  readonly detail: string
  /** The scopes that the error names. */
  readonly scope: string | undefined
  readonly method: string
  /** Without query and fragment. */
  readonly url: string
  readonly issuer: string
  readonly nowMs: number
  /** A parameter that was sent once, as text. */
  readonly parameter: (name: string) => string | undefined
  /** Lower-case name. */
  readonly header: (name: string) => string | undefined
  /** A member of a JSON body (RFC 7591), shown as text. */
  readonly member: (name: string) => string | undefined
  /** The client that the request named, if it exists. */
  readonly client: ClientFacts | undefined
  readonly certificate: PresentedCertificate | undefined
  /** The code, refresh token or other artifact that the request brought, as stored. */
  readonly artifact: ArtifactFacts | undefined
  readonly offered: Offered
  /** What the token or code of the request is called; undefined when it is another client's. */
  readonly token?: string
}

/** What a client is registered for, in oidc-provider's names. */
export interface ClientFacts {
  readonly clientId: string
  readonly clientAuthMethod?: string
  readonly clientAuthSigningAlg?: string
  readonly redirectUris?: readonly string[]
  readonly postLogoutRedirectUris?: readonly string[]
  readonly grantTypes?: readonly string[]
  readonly responseTypes?: readonly string[]
  readonly scope?: string
  readonly requestObjectSigningAlg?: string
  readonly backchannelAuthenticationRequestSigningAlg?: string
  readonly authorizationDetailsTypes?: readonly string[]
  readonly clientSecretExpiresAt?: number
  readonly jwksUri?: string
  readonly applicationType?: string
  readonly tlsClientAuthSubjectDn?: string
  readonly tlsClientAuthSanDns?: string
  readonly tlsClientAuthSanUri?: string
  readonly tlsClientAuthSanIp?: string
  readonly tlsClientAuthSanEmail?: string
  readonly asymmetricKeyStore?: Iterable<{ readonly kid?: string, readonly alg?: string, readonly 'x5t#S256'?: string }>
}

/** What is kept of a code, refresh token or other artifact; times in seconds, as the protocol counts. */
export interface ArtifactFacts {
  readonly jti?: string
  readonly kind?: string
  readonly clientId?: string
  readonly redirectUri?: string
  readonly iat?: number
  readonly exp?: number
  readonly consumed?: unknown
  readonly scope?: string
  readonly aud?: string | readonly string[]
  readonly resource?: string | readonly string[]
  readonly codeChallengeMethod?: string
  readonly dpopJkt?: string
  readonly jkt?: string
  readonly 'x5t#S256'?: string
  readonly rotations?: number
}

/** What this server has on offer, for the expected side. */
export interface Offered {
  readonly scopes: readonly string[]
  readonly responseTypes: readonly string[]
  readonly grantTypes: readonly string[]
  readonly resources: readonly string[]
  readonly clientAlgorithms: readonly string[]
  readonly authorizationDetailsTypes: readonly string[]
}
