import { AUTHENTICATED_ROUTES, type CatalogueEntry } from './catalogue-entry.ts'
import type { FailureFacts } from './failure-facts.ts'
import { show, showAll } from './show.ts'

const at = AUTHENTICATED_ROUTES
const isUnproven = true

/** Who a client is and by what it proves that (RFC 6749 §2.3, RFC 8705 §2): everything but assertions. */
export const CLIENT_AUTHENTICATION: readonly CatalogueEntry[] = [
  {
    code: 'client_unknown',
    error: 'invalid_client',
    says: 'client not found',
    clause: ({ endpoint }) => AUTHENTICATED_ROUTES.includes(endpoint) ? 'RFC 6749 §5.2' : endpoint.startsWith('end_session') ? 'OpenID Connect RP-Initiated Logout §2' : 'RFC 6749 §4.1.2.1',
    cause: 'No client has the client_id that was sent.',
    seen: 'a client_id that is not known (not repeated, because it may be a secret in the wrong place)',
    expected: 'the client_id of a client of this installation',
    fix: 'Copy the client_id again from the sandbox; a client that was deleted or belongs to production does not exist here.',
    isUnproven,
  },
  {
    code: 'client_method_mismatch',
    error: 'invalid_client',
    says: 'the provided authentication mechanism does not match the registered client authentication method',
    at,
    clause: 'RFC 7591 §2',
    cause: 'The client authenticated by another method than the one it is registered for.',
    seen: methodSeen,
    expected: ({ client }) => show(client?.clientAuthMethod),
    fix: ({ client }) => `Authenticate with ${show(client?.clientAuthMethod)}, or register the client for the method it uses.`,
    isUnproven,
  },
  {
    code: 'client_secret_mismatch',
    error: 'invalid_client',
    says: 'invalid secret provided',
    at,
    clause: 'RFC 6749 §2.3.1',
    cause: 'The client secret is not the one of this client.',
    seen: (facts) => `a secret ${methodSeen(facts) === 'client_secret_basic' ? 'in the Authorization header' : 'in the body'} (never shown)${spaceAround(facts)}`,
    expected: 'the secret that was shown when the client was made or its secret rotated',
    fix: 'Use the current secret, form-encoded in a Basic header; rotate it if it is lost.',
    isUnproven,
  },
  {
    code: 'client_secret_expired',
    error: ['invalid_client', 'invalid_request_object'],
    says: /^client_id .* client_secret expired at (\d+)$/,
    clause: 'RFC 7591 §3.2.1',
    cause: 'The secret of the client has expired.',
    seen: (_facts, [, seconds]) => `a secret that expired at ${new Date(Number(seconds) * 1000).toISOString()}`,
    expected: 'a secret before its client_secret_expires_at',
    fix: 'Rotate the secret of the client.',
    isUnproven,
  },
  {
    code: 'client_credentials_twice',
    error: 'invalid_request',
    says: 'client authentication must only be provided using one mechanism',
    at,
    clause: 'RFC 6749 §2.3',
    cause: 'The request carries more than one kind of client credentials.',
    seen: ({ header, parameter }) => [header('authorization') === undefined ? undefined : 'an Authorization header', parameter('client_secret') === undefined ? undefined : 'client_secret in the body', parameter('client_assertion') === undefined ? undefined : 'client_assertion'].filter((part) => part !== undefined).join(' and '),
    expected: 'one of them',
    fix: 'Send only the credentials of the method that the client is registered for.',
    isUnproven,
  },
  {
    code: 'client_id_mismatch',
    error: 'invalid_request',
    says: 'client_id mismatch',
    at,
    clause: 'RFC 6749 §2.3.1',
    cause: 'The client_id of the body is not the one that the credentials are for.',
    seen: ({ header }) => header('authorization') === undefined ? 'a client_id in the body and another as sub of the assertion' : 'a client_id in the body and another in the Authorization header',
    expected: 'the same client_id, or none in the body',
    fix: 'Leave client_id out of the body when the credentials name the client.',
    isUnproven,
  },
  {
    code: 'authorization_header_malformed',
    error: 'invalid_request',
    says: 'invalid authorization header value format',
    at,
    clause: 'RFC 7617 §2',
    cause: 'The Authorization header is no Basic header: the word Basic, one space, and base64 of client_id:client_secret.',
    seen: schemeSeen,
    expected: 'Basic base64(client_id ":" client_secret)',
    fix: 'Send HTTP Basic credentials at this endpoint, or leave the header out if the client authenticates by another method.',
    isUnproven,
  },
  {
    code: 'basic_encoding_invalid',
    error: 'invalid_request',
    says: 'client_id and client_secret in the authorization header are not properly encoded',
    at,
    clause: 'RFC 6749 §2.3.1',
    cause: 'client_id and client_secret in the Authorization header are not form-encoded.',
    expected: 'both in application/x-www-form-urlencoded, joined by a colon, then base64',
    fix: 'Encode both (a % becomes %25, a space +) before joining them.',
    isUnproven,
  },
  {
    code: 'basic_secret_missing',
    error: 'invalid_request',
    says: 'client_secret must be provided in the Authorization header',
    at,
    clause: 'RFC 6749 §2.3.1',
    cause: 'The Authorization header holds a client_id and no secret.',
    seen: 'nothing after the colon',
    expected: 'client_id:client_secret',
    fix: 'Send the secret; a public client (method none) sends client_id in the body instead.',
    isUnproven,
  },
  {
    code: 'client_credentials_missing',
    error: 'invalid_request',
    says: 'no client authentication mechanism provided',
    at,
    clause: 'RFC 6749 §3.2.1',
    cause: 'Nothing in the request says which client it is from.',
    seen: ({ certificate }) => certificate === undefined ? 'no client_id, no Authorization header, no client_assertion' : 'a client certificate, but no client_id beside it',
    expected: 'credentials of the client, or at least client_id (RFC 8705 §2 needs it with a certificate too)',
    fix: 'Authenticate the client; check that the body is form-encoded and its Content-Type says so.',
    isUnproven,
  },
  {
    code: 'client_certificate_missing',
    error: 'invalid_client',
    says: 'client certificate was not provided',
    at,
    clause: 'RFC 8705 §2',
    cause: 'The client is registered for mutual TLS, and the connection has no client certificate.',
    seen: 'no certificate',
    expected: 'the certificate of the client, at the mutual-TLS door',
    fix: 'Call the endpoint named in mtls_endpoint_aliases of the discovery document (RFC 8705 §5) with the certificate and its key.',
    isUnproven,
  },
  {
    code: 'client_certificate_subject_mismatch',
    error: 'invalid_client',
    says: 'certificate subject value does not match the registered one',
    at,
    clause: 'RFC 8705 §2.1.2',
    cause: 'The client certificate is trusted, but it is not the one that the client is registered with.',
    seen: (facts) => subjectSides(facts).seen,
    expected: (facts) => subjectSides(facts).expected,
    fix: 'Present the certificate of this client, or register the subject that the certificate has.',
    isUnproven,
  },
  {
    code: 'client_certificate_not_registered',
    error: 'invalid_client',
    says: 'unregistered client certificate provided',
    at,
    clause: 'RFC 8705 §2.2.2',
    cause: 'The client certificate is none of those in the key set of the client.',
    seen: ({ certificate }) => `x5t#S256 ${show(certificate?.thumbprint)}`,
    expected: ({ client }) => `x5t#S256 ${showAll([...client?.asymmetricKeyStore ?? []].flatMap((key) => key['x5t#S256'] ?? []), 'of a key with x5c; the key set has none')}`,
    fix: 'Register the certificate as x5c in the jwks of the client, or present one that is registered.',
    isUnproven,
  },
  {
    code: 'origin_not_allowed',
    error: 'invalid_request',
    says: /^origin .* not allowed for client: .*$/,
    clause: 'Fetch',
    cause: 'A browser called from an origin that the client is not registered for.',
    seen: ({ header }) => show(header('origin')),
    expected: ({ client }) => showAll([...new Set((client?.redirectUris ?? []).flatMap((uri) => URL.parse(uri)?.origin ?? []))], 'the origin of a registered redirect_uri; the client has none'),
    fix: 'Call from the origin of a registered redirect_uri (scheme, host and port count), or register one of this origin.',
    isUnproven,
  },
]

/** The method that the request used (RFC 7591 §2), as far as it shows. */
function methodSeen ({ header, parameter, certificate }: FailureFacts): string {
  if (parameter('client_assertion') !== undefined) return parameter('client_assertion_type') === undefined ? 'a client assertion' : 'a client assertion (private_key_jwt or client_secret_jwt)'
  if (parameter('client_secret') !== undefined) return 'client_secret_post'
  if (header('authorization') !== undefined) return 'client_secret_basic'
  return certificate === undefined ? 'none (client_id alone)' : 'a client certificate (tls_client_auth or self_signed_tls_client_auth)'
}

/** A copied line break is the commonest wrong secret, and to say so gives nothing away. */
function spaceAround ({ parameter, header }: FailureFacts): string {
  const basic = /^basic ([A-Za-z0-9+/=]+)$/i.exec(header('authorization') ?? '')?.[1]
  const secret = parameter('client_secret') ?? (basic === undefined ? '' : Buffer.from(basic, 'base64').toString('utf8').replace(/^[^:]*:/, '').replaceAll('+', ' ').replaceAll(/%0a/gi, '\n').replaceAll(/%0d/gi, '\r').replaceAll('%20', ' '))
  return secret === secret.trim() ? '' : ', with white space or a line break at its end'
}

const SCHEMES = /^(?:basic|bearer|digest|dpop|negotiate)(?= |$)/i

/** Only known schemes are repeated: what stands first may be a secret without its scheme. */
function schemeSeen ({ header }: FailureFacts): string {
  const value = header('authorization') ?? ''
  const scheme = SCHEMES.exec(value)?.[0]
  if (scheme === undefined) return 'a header without a known scheme'
  return scheme.toLowerCase() === 'basic' ? 'Basic with something that is not base64 of client_id:client_secret' : `the scheme ${scheme}`
}

/** The certificate's side and the registered side of the subject that the client is registered by. */
function subjectSides ({ client, certificate }: FailureFacts): { readonly seen: string, readonly expected: string } {
  if (client?.tlsClientAuthSubjectDn !== undefined) return { seen: `subject ${show(certificate?.subjectDn)}`, expected: `subject ${show(client.tlsClientAuthSubjectDn)}` }
  const kinds = [['DNS', client?.tlsClientAuthSanDns, certificate?.dnsNames], ['IP', client?.tlsClientAuthSanIp, certificate?.ips], ['e-mail', client?.tlsClientAuthSanEmail, certificate?.emails], ['URI', client?.tlsClientAuthSanUri, certificate?.uris]] as const
  const [kind, registered, presented] = kinds.find(([, value]) => value !== undefined) ?? ['subject', undefined, undefined]
  return { seen: `${kind} names ${showAll(presented)}`, expected: `${kind} name ${show(registered)}` }
}
