import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { isSameDistinguishedName } from '../../certs/index.ts'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import type { PresentedCertificate } from '../authorization-server.ts'

export interface MutualTlsDeps {
  readonly profile: Pick<AuthorizationProfile, 'clientAuthenticationMethods' | 'paths' | 'bindTokensToCertificates'>
  readonly mtlsOrigin: string
  readonly certificateOf: (ctx: KoaContextWithOIDC) => PresentedCertificate | undefined
}

/** Mutual TLS as RFC 8705 has it, on certificates that the door has verified. */
export function buildMutualTls ({ profile, certificateOf }: MutualTlsDeps): NonNullable<NonNullable<Configuration['features']>['mTLS']> {
  const methods = profile.clientAuthenticationMethods
  return {
    enabled: true,
    certificateBoundAccessTokens: profile.bindTokensToCertificates,
    tlsClientAuth: methods.includes('tls_client_auth'),
    selfSignedTlsClientAuth: methods.includes('self_signed_tls_client_auth'),
    // Base64 DER as received: the library hashes what it is given, and a re-encoding could differ.
    getCertificate: (ctx) => certificateOf(ctx)?.der.toString('base64'),
    // The door has verified chain, validity and revocation; what it has not verified it does not hand over.
    certificateAuthorized: (ctx) => certificateOf(ctx)?.isSelfSigned === undefined && certificateOf(ctx) !== undefined,
    certificateSubjectMatches: (ctx, property, expected) => matchesSubject(certificateOf(ctx), property, expected),
  }
}

/** Endpoints at the mutual-TLS door (RFC 8705 §5). */
export function mtlsAliases ({ mtlsOrigin, profile: { paths } }: MutualTlsDeps, features: { readonly pushedAuthorizationRequests: boolean, readonly deviceFlow: boolean, readonly ciba: boolean, readonly registration: boolean }): Record<string, string> {
  const at = (path: string): string => new URL(path, mtlsOrigin).href
  return {
    token_endpoint: at(paths.token),
    introspection_endpoint: at(paths.introspection),
    revocation_endpoint: at(paths.revocation),
    userinfo_endpoint: at(paths.userinfo),
    ...(features.pushedAuthorizationRequests ? { pushed_authorization_request_endpoint: at(paths.pushedAuthorizationRequest) } : {}),
    ...(features.deviceFlow ? { device_authorization_endpoint: at(paths.deviceAuthorization) } : {}),
    ...(features.ciba ? { backchannel_authentication_endpoint: at(paths.backchannelAuthentication) } : {}),
    ...(features.registration ? { registration_endpoint: at(paths.registration) } : {}),
  }
}

function matchesSubject (certificate: PresentedCertificate | undefined, property: string, expected: string): boolean {
  if (certificate === undefined || certificate.isSelfSigned === true) return false
  switch (property) {
    case 'tls_client_auth_subject_dn': return isSameDistinguishedName(certificate.subjectDn, expected)
    case 'tls_client_auth_san_dns': return certificate.dnsNames.includes(expected)
    case 'tls_client_auth_san_uri': return certificate.uris.includes(expected)
    case 'tls_client_auth_san_ip': return certificate.ips.includes(expected)
    case 'tls_client_auth_san_email': return certificate.emails.includes(expected)
    default: return false
  }
}
