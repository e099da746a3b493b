import type { Explanation } from '../../kernel/index.ts'
import type { FailedHandshake } from '../tls/failed-handshake.ts'

/** How the doors stand, for the expected side. */
export interface HandshakeExpectation {
  readonly minimumVersion: string
  /** Names in the server's certificate. */
  readonly serverNames: () => readonly string[]
}

interface Reason { readonly code: string, readonly cause: string, readonly clause: string, readonly fix: string, readonly seen?: (failed: FailedHandshake) => string | undefined, readonly expected?: (doors: HandshakeExpectation) => string }

/** Why a handshake failed, from its code: what OpenSSL found wrong, or what the client said in its alert (RFC 8446 §6). */
export function explainHandshake (failed: FailedHandshake, doors: HandshakeExpectation): Explanation {
  const reason = REASONS.get(nameOf(failed.code)) ?? OTHER
  const [seen, expected] = [reason.seen?.(failed), reason.expected?.(doors)]
  return {
    code: reason.code,
    stage: 'handshake',
    cause: reason === OTHER ? `The handshake failed: ${nameOf(failed.code).toLowerCase().replaceAll('_', ' ')}.` : reason.cause,
    ...(seen === undefined ? {} : { seen }),
    ...(expected === undefined ? {} : { expected }),
    clause: reason.clause,
    fix: reason.fix,
  }
}

/** OpenSSL has named alerts after the version that brought them, and names them anew now and then. */
function nameOf (code: string): string {
  return code.replace(/^ERR_SSL_/, '').replace(/^(?:SSLV3|TLSV1|TLSV13|SSL\/TLS)_ALERT_/, 'ALERT_')
}

const named = ({ serverName }: FailedHandshake): string => serverName === undefined ? 'no server name' : `server name ${serverName}`
const names = ({ serverNames }: HandshakeExpectation): string => `a name of the server's certificate: ${serverNames().join(', ')}`
const version = ({ version: asked }: FailedHandshake): string | undefined => asked === undefined ? undefined : `at most ${asked}`
const distrust = (code: string, cause: string): Reason => ({
  code,
  cause,
  clause: 'RFC 8446 §6.2',
  fix: 'Give the client the CA certificate of this installation (curl --cacert, NODE_EXTRA_CA_CERTS, a trust store in Java), and call it by a name that its certificate has. Do not switch verification off: production\'s certificate will be verified too.',
  seen: named,
  expected: names,
})

const REASONS: ReadonlyMap<string, Reason> = new Map(Object.entries({
  NO_SHARED_CIPHER: { code: 'handshake_no_shared_cipher', cause: 'The client offered no cipher suite, or no curve, that this server takes.', clause: 'RFC 9325 §4.2', fix: 'Offer ECDHE with AES-GCM or ChaCha20-Poly1305 and the curve P-256 or X25519, or TLS 1.3.', seen: version, expected: () => 'an ECDHE suite with AEAD' },
  UNSUPPORTED_PROTOCOL: { code: 'handshake_version_too_old', cause: 'The client speaks no version of TLS that this server takes.', clause: 'RFC 8996 §5', fix: 'Update the TLS library of the client, or allow it TLS 1.2 and 1.3.', seen: version, expected: ({ minimumVersion }: HandshakeExpectation) => `${minimumVersion} or newer` },
  VERSION_TOO_LOW: { code: 'handshake_version_too_old', cause: 'The client speaks no version of TLS that this server takes.', clause: 'RFC 8996 §5', fix: 'Update the TLS library of the client, or allow it TLS 1.2 and 1.3.', seen: version, expected: ({ minimumVersion }: HandshakeExpectation) => `${minimumVersion} or newer` },
  HTTP_REQUEST: { code: 'handshake_plain_http', cause: 'The client spoke HTTP without TLS.', clause: 'RFC 9110 §4.2.2', fix: 'Use https:// with this port.', seen: () => 'a plain HTTP request', expected: () => 'a TLS ClientHello' },
  WRONG_VERSION_NUMBER: { code: 'handshake_not_tls', cause: 'What the client sent is not TLS.', clause: 'RFC 8446 §5.1', fix: 'Use TLS with this port; a load balancer must not put a PROXY header in front.', seen: () => 'bytes that are no TLS record', expected: () => 'a TLS ClientHello' },
  PACKET_LENGTH_TOO_LONG: { code: 'handshake_not_tls', cause: 'What the client sent is not TLS.', clause: 'RFC 8446 §5.1', fix: 'Use TLS with this port; a load balancer must not put a PROXY header in front.', seen: () => 'bytes that are no TLS record', expected: () => 'a TLS ClientHello' },
  NO_APPLICATION_PROTOCOL: { code: 'handshake_no_application_protocol', cause: 'The client insists on an application protocol that this server does not speak.', clause: 'RFC 7301 §3.2', fix: 'Let the client offer http/1.1 by ALPN, or no ALPN.', seen: () => 'ALPN without http/1.1', expected: () => 'http/1.1' },
  ALERT_UNKNOWN_CA: distrust('handshake_authority_unknown', 'The client does not trust the authority of this server\'s certificate, and said so (alert unknown_ca).'),
  ALERT_CERTIFICATE_UNKNOWN: distrust('handshake_certificate_refused', 'The client refused this server\'s certificate (alert certificate_unknown): its authority is not trusted, or the name does not match.'),
  ALERT_BAD_CERTIFICATE: distrust('handshake_certificate_refused', 'The client refused this server\'s certificate (alert bad_certificate): its authority is not trusted, the name does not match, or a pin does not.'),
  ALERT_UNSUPPORTED_CERTIFICATE: distrust('handshake_certificate_unsupported', 'The client cannot use this server\'s certificate (alert unsupported_certificate): it does not know its kind of key.'),
  ALERT_CERTIFICATE_EXPIRED: distrust('handshake_certificate_expired', 'To the client this server\'s certificate has expired (alert certificate_expired): compare the clocks.'),
  ALERT_CERTIFICATE_REVOKED: distrust('handshake_certificate_revoked', 'The client found this server\'s certificate on a revocation list (alert certificate_revoked).'),
  ALERT_DECRYPT_ERROR: distrust('handshake_signature_refused', 'The client could not verify the signature of the handshake (alert decrypt_error).'),
  ALERT_HANDSHAKE_FAILURE: { code: 'handshake_refused_by_client', cause: 'The client found no parameters that it takes (alert handshake_failure).', clause: 'RFC 8446 §6.2', fix: 'Allow the client TLS 1.3, or ECDHE suites and the curve P-256.', seen: version },
  ALERT_PROTOCOL_VERSION: { code: 'handshake_version_refused', cause: 'The client takes none of this server\'s versions of TLS (alert protocol_version).', clause: 'RFC 8446 §6.2', fix: 'Allow the client TLS 1.2 or 1.3.', seen: version, expected: ({ minimumVersion }: HandshakeExpectation) => `${minimumVersion} or newer` },
  ALERT_USER_CANCELLED: { code: 'handshake_cancelled', cause: 'The user of the client cancelled the handshake, for instance the choice of a certificate.', clause: 'RFC 8446 §6.1', fix: 'Choose a certificate, or use the public door, which asks for none.' },
  INAPPROPRIATE_FALLBACK: { code: 'handshake_fallback', cause: 'The client tried an older version of TLS after a first try failed, and both sides can do better.', clause: 'RFC 7507 §3', fix: 'Look for what failed before it; something in between may break TLS.', seen: version },
  ECONNRESET: { code: 'handshake_abandoned', cause: 'The client closed the connection in the middle of the handshake without a reason. Clients do so that do not trust this server\'s certificate or find another name in it, as Node.js does; so do port scans and health checks.', clause: 'RFC 8446 §6', fix: 'Look at the client\'s own error. Usually it lacks the CA certificate of this installation, or calls it by a name that the certificate does not have.', seen: named, expected: names },
  ERR_TLS_HANDSHAKE_TIMEOUT: { code: 'handshake_timeout', cause: 'The client did not finish the handshake in time.', clause: 'RFC 8446 §6', fix: 'Look for a proxy or firewall that holds packets back; a client that waits for a person to choose a certificate must choose sooner.' },
}))

const OTHER: Reason = { code: 'handshake_failed', cause: '', clause: 'RFC 8446 §6.2', fix: 'Compare with `openssl s_client -connect host:port -servername host`; tell the operator the time and this code.', seen: version }
