import type { AdapterPayload } from 'oidc-provider'
import type { ClientRecord } from './client-directory.ts'

/** Methods for which the library insists on a `client_secret`. */
const SECRET_METHODS = new Set(['client_secret_basic', 'client_secret_post'])

/**
 * A client record in the names of RFC 7591 §2, as oidc-provider reads it. The hash stands in the place of the secret; the
 * comparison is ours (`compareClientSecret`), so the hash itself authenticates nobody.
 */
export function describeClient (record: ClientRecord, signingAlgorithm: string): AdapterPayload {
  const usesCode = record.grants.includes('authorization_code')
  return {
    ...record.metadata,
    client_id: record.clientId,
    client_name: record.name,
    token_endpoint_auth_method: record.authMethod,
    grant_types: [...record.grants],
    response_types: usesCode ? ['code'] : [],
    redirect_uris: [...record.redirectUris],
    post_logout_redirect_uris: [...record.postLogoutRedirectUris],
    scope: record.scopes.join(' '),
    id_token_signed_response_alg: signingAlgorithm,
    ...(SECRET_METHODS.has(record.authMethod) ? { client_secret: record.secretHash } : {}),
    ...(record.tlsSubjectDn === undefined ? {} : { tls_client_auth_subject_dn: record.tlsSubjectDn }),
    ...(record.jwks === undefined ? {} : { jwks: record.jwks }),
  } as AdapterPayload
}

/** True when clients of this method have a secret. */
export function hasSecret (authMethod: string): boolean {
  return SECRET_METHODS.has(authMethod)
}
