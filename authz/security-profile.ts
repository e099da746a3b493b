import type { AuthorizationProfile } from './authorization-profile.ts'

/** What a security profile demands beyond the single settings. */
export interface SecurityRules {
  /** The profile of oidc-provider that holds request objects, client assertions and responses to FAPI's letter. */
  readonly fapi?: '1.0 Final' | '2.0'
  /** Every access token is bound to a certificate or a DPoP key. */
  readonly isSenderConstrained: boolean
  /** Authorization responses are signed (JARM), as FAPI 2.0 Message Signing §5.4 has it. */
  readonly areResponsesSigned: boolean
  /** JWS algorithms that clients may sign with. */
  readonly clientAlgorithms: readonly string[]
}

/** All asymmetric algorithms that JOSE libraries share (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864). */
const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
/** Client authentication that FAPI allows (FAPI 1.0 Advanced §5.2.2-14, FAPI 2.0 Security Profile §5.3.2.1). */
const STRONG_METHODS = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']
const MINUTE_MS = 60_000

/** The rules that a security profile's name stands for. */
export function rulesOf ({ security }: Pick<AuthorizationProfile, 'security'>): SecurityRules {
  switch (security) {
    case 'fapi-1-advanced': return { fapi: '1.0 Final', isSenderConstrained: true, areResponsesSigned: false, clientAlgorithms: ['PS256', 'ES256'] }
    case 'fapi-2-security': return { fapi: '2.0', isSenderConstrained: true, areResponsesSigned: false, clientAlgorithms: FAPI_2_ALGORITHMS }
    case 'fapi-2-message-signing': return { fapi: '2.0', isSenderConstrained: true, areResponsesSigned: true, clientAlgorithms: FAPI_2_ALGORITHMS }
    case 'oauth-bcp': return { isSenderConstrained: false, areResponsesSigned: false, clientAlgorithms: ASYMMETRIC }
  }
}

/** FAPI 2.0 Security Profile §5.4.1. */
const FAPI_2_ALGORITHMS = ['PS256', 'ES256', 'EdDSA', 'Ed25519']

/**
 * The profile as its security profile leaves it: a FAPI profile closes what a single setting would have left open, and opens
 * nothing. What it cannot repair (a signing algorithm that FAPI forbids) the configuration check has refused.
 */
export function tightenProfile (profile: AuthorizationProfile): AuthorizationProfile {
  switch (profile.security) {
    case 'oauth-bcp': return profile
    case 'fapi-1-advanced': return tightenForFapi1(profile)
    case 'fapi-2-security': return tightenForFapi2(profile)
    case 'fapi-2-message-signing': return { ...tightenForFapi2(profile), requestObjects: 'required', signedResponses: true, introspectionJwt: true }
  }
}

/** FAPI 1.0 Part 2 (Advanced) §5.2.2: signed request objects, a signed answer (JARM or an ID token), bound tokens. */
function tightenForFapi1 (profile: AuthorizationProfile): AuthorizationProfile {
  return { ...confidentialOnly(profile), requestObjects: 'required', signedResponses: true, bindTokensToCertificates: true }
}

/**
 * FAPI 2.0 Security Profile §5.3.2.2: only the code flow, pushed requests and PKCE, codes of a minute, request URIs under ten
 * minutes, and no rotation of refresh tokens.
 */
function tightenForFapi2 (profile: AuthorizationProfile): AuthorizationProfile {
  const { lifetimes } = profile
  return {
    ...confidentialOnly(profile),
    responseTypes: ['code'],
    pkce: 'required',
    pushedAuthorizationRequests: 'required',
    bindTokensToCertificates: true,
    refreshTokenRotation: false,
    lifetimes: {
      ...lifetimes,
      authorizationCodeMs: Math.min(lifetimes.authorizationCodeMs, MINUTE_MS),
      pushedRequestMs: Math.min(lifetimes.pushedRequestMs, 10 * MINUTE_MS - 1000),
    },
  }
}

function confidentialOnly (profile: AuthorizationProfile): AuthorizationProfile {
  return { ...profile, clientAuthenticationMethods: profile.clientAuthenticationMethods.filter((method) => STRONG_METHODS.includes(method)) }
}
