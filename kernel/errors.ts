import type { Surface } from './verdict.ts'

interface ErrorEntry {
  /** HTTP status (RFC 9110 §15). */
  readonly status: number
  /** Fixed for the code; the `title` of the problem document (RFC 9457 §3.1.3). */
  readonly title: string
  /** What the client's owner can do about it; shown in explanations and in docs/errors.md. */
  readonly fix: string
  /** What the refusal rests on, `RFC 6750 §3.1`; absent where no specification says it. */
  readonly clause?: string
  readonly surfaces: readonly Surface[]
  /** True when the same request may succeed later. */
  readonly isRetryable?: true
  /** The OAuth error this code shows as: RFC 6749 §5.2 on the token surface, RFC 6750 §3.1 in WWW-Authenticate. */
  readonly oauth?: string
}

const all: readonly Surface[] = ['token', 'api', 'control']
const guarded: readonly Surface[] = ['api', 'control']

/**
 * Every refusal that Sandgate itself can make. A code is the body's `code`, the log field, the metric label and the anchor
 * in docs/errors.md, and is never renamed. The sandboxed API's own errors (a declined card) are data and not listed here.
 */
export const errors = {
  client_address_invalid: { status: 400, title: 'The client address cannot be determined', fix: 'The trusted proxy sent a malformed X-Forwarded-For header: correct the proxy.', surfaces: all, oauth: 'invalid_request' },
  certificate_header_untrusted: { status: 400, title: 'A client-certificate header was sent by a peer that is not trusted', fix: 'Present the certificate in the TLS handshake of the mutual-TLS door instead of a header.', clause: 'RFC 9440 §4', surfaces: all, oauth: 'invalid_request' },
  certificate_missing: { status: 401, title: 'A client certificate is required', fix: 'Connect with the certificate and key that were issued to the client (curl: --cert and --key).', clause: 'RFC 8705 §2', surfaces: all, oauth: 'invalid_client' },
  certificate_untrusted: { status: 401, title: 'The client certificate is not trusted', fix: 'Use a certificate issued by this sandbox, or register your own with a client of self_signed_tls_client_auth; those of other authorities are refused.', clause: 'RFC 5280 §6.1', surfaces: all, oauth: 'invalid_client' },
  certificate_expired: { status: 401, title: 'The client certificate has expired', fix: 'Request a new certificate.', clause: 'RFC 5280 §4.1.2.5', surfaces: all, oauth: 'invalid_client' },
  certificate_not_yet_valid: { status: 401, title: 'The client certificate is not valid yet', fix: 'Check the clock, or wait until the certificate\'s notBefore.', clause: 'RFC 5280 §4.1.2.5', surfaces: all, oauth: 'invalid_client' },
  certificate_revoked: { status: 401, title: 'The client certificate has been revoked', fix: 'Request a new certificate.', clause: 'RFC 5280 §6.3', surfaces: all, oauth: 'invalid_client' },
  certificate_purpose_invalid: { status: 401, title: 'The certificate is not meant for client authentication', fix: 'Use a certificate with the extended key usage clientAuth (RFC 5280 §4.2.1.12).', clause: 'RFC 5280 §4.2.1.12', surfaces: all, oauth: 'invalid_client' },
  address_banned: { status: 403, title: 'This address is banned for a time', fix: 'Wait until the ban ends; the record names the rule that set it.', surfaces: all, isRetryable: true, oauth: 'access_denied' },
  client_banned: { status: 403, title: 'This client is banned for a time', fix: 'Wait until the ban ends; the record names the rule that set it.', surfaces: all, isRetryable: true, oauth: 'access_denied' },
  address_limit_exceeded: { status: 429, title: 'Too many requests from this address', fix: 'Wait for Retry-After seconds and send more slowly.', clause: 'RFC 6585 §4', surfaces: all, isRetryable: true, oauth: 'temporarily_unavailable' },
  client_limit_exceeded: { status: 429, title: 'Too many requests from this client', fix: 'Wait for Retry-After seconds and send more slowly.', clause: 'RFC 6585 §4', surfaces: all, isRetryable: true, oauth: 'temporarily_unavailable' },
  path_invalid: { status: 400, title: 'The path is not acceptable', fix: 'Send a path without encoded slashes, backslashes, NUL, a fragment, dot segments, empty segments or a % that encodes nothing.', clause: 'RFC 3986 §3.3', surfaces: all, oauth: 'invalid_request' },
  route_not_found: { status: 404, title: 'Nothing is served at this path', fix: 'Check the path against the API\'s OpenAPI document.', clause: 'RFC 9110 §15.5.5', surfaces: all, oauth: 'invalid_request' },
  method_not_allowed: { status: 405, title: 'This path does not serve this method', fix: 'Use one of the methods named in the Allow header.', clause: 'RFC 9110 §15.5.6', surfaces: all, oauth: 'invalid_request' },
  token_missing: { status: 401, title: 'An access token is required', fix: 'Send Authorization: Bearer with a token from the token endpoint (RFC 6750 §2.1).', clause: 'RFC 6750 §2.1', surfaces: guarded },
  token_malformed: { status: 401, title: 'The access token is not valid', fix: 'Send the access token exactly as the token endpoint returned it.', clause: 'RFC 9068 §4', surfaces: guarded, oauth: 'invalid_token' },
  token_algorithm_refused: { status: 401, title: 'The access token is not valid', fix: 'Tokens are signed by this authorization server only, with an asymmetric algorithm; none and HMAC are refused (RFC 8725 §3.1).', clause: 'RFC 8725 §3.1', surfaces: guarded, oauth: 'invalid_token' },
  token_signature_invalid: { status: 401, title: 'The access token is not valid', fix: 'The token was altered or signed by another key: request a new one.', clause: 'RFC 9068 §4', surfaces: guarded, oauth: 'invalid_token' },
  token_issuer_invalid: { status: 401, title: 'The access token is not valid', fix: 'Use a token of this issuer.', clause: 'RFC 9068 §4', surfaces: guarded, oauth: 'invalid_token' },
  token_audience_invalid: { status: 401, title: 'The access token is not valid', fix: 'Request the token for this API (its audience is in the API\'s documentation).', clause: 'RFC 9068 §4', surfaces: guarded, oauth: 'invalid_token' },
  token_not_yet_valid: { status: 401, title: 'The access token is not valid', fix: 'The token is used before its nbf: check the clocks.', clause: 'RFC 7519 §4.1.5', surfaces: guarded, oauth: 'invalid_token' },
  token_expired: { status: 401, title: 'The access token has expired', fix: 'Request a new token, or use the refresh token.', clause: 'RFC 7519 §4.1.4', surfaces: guarded, oauth: 'invalid_token' },
  token_revoked: { status: 401, title: 'The access token is not valid', fix: 'The token, its grant or its client was revoked: request a new one.', clause: 'RFC 7009 §2', surfaces: guarded, oauth: 'invalid_token' },
  token_binding_missing: { status: 401, title: 'The access token is not valid', fix: 'Only bound tokens are taken here: request the token over the mutual-TLS door (RFC 8705 §3) or with a DPoP proof (RFC 9449 §5).', clause: 'RFC 8705 §3', surfaces: guarded, oauth: 'invalid_token' },
  token_binding_mismatch: { status: 401, title: 'The access token is not valid', fix: 'The token is bound to another certificate: call with the certificate it was requested with (RFC 8705 §3).', clause: 'RFC 8705 §3', surfaces: guarded, oauth: 'invalid_token' },
  token_proof_missing: { status: 401, title: 'The access token is not valid', fix: 'The token is bound to a DPoP key: send it as Authorization: DPoP, with a DPoP header that holds a proof for this request (RFC 9449 §7.1).', clause: 'RFC 9449 §7.1', surfaces: guarded, oauth: 'invalid_token' },
  token_proof_unexpected: { status: 401, title: 'The access token is not valid', fix: 'The token is not bound to a DPoP key: send it as Authorization: Bearer, or request one with a DPoP proof at the token endpoint (RFC 9449 §5).', clause: 'RFC 9449 §7.1', surfaces: guarded, oauth: 'invalid_token' },
  token_proof_mismatch: { status: 401, title: 'Invalid DPoP key binding', fix: 'Sign the DPoP proof with the key that the token was requested with: its thumbprint is the token\'s cnf.jkt (RFC 9449 §6.1).', clause: 'RFC 9449 §6.1', surfaces: guarded, oauth: 'invalid_token' },
  token_proof_invalid: { status: 401, title: 'The DPoP proof is not valid', fix: 'Make a proof for each request: typ dpop+jwt, the public key in jwk, and htm, htu, iat, jti and ath of this request and token (RFC 9449 §4.2, §4.3).', clause: 'RFC 9449 §4.3', surfaces: guarded, oauth: 'invalid_dpop_proof' },
  token_proof_replayed: { status: 401, title: 'The DPoP proof is not valid', fix: 'A proof is good for one request: make a new one with a new jti (RFC 9449 §11.1).', clause: 'RFC 9449 §11.1', surfaces: guarded, oauth: 'invalid_dpop_proof' },
  token_nonce_required: { status: 401, title: 'The DPoP proof needs a nonce of this server', fix: 'Repeat the request with a new proof that holds the nonce of the DPoP-Nonce header (RFC 9449 §9).', clause: 'RFC 9449 §9', surfaces: guarded, isRetryable: true, oauth: 'use_dpop_nonce' },
  scope_insufficient: { status: 403, title: 'The access token lacks a scope', fix: 'Request the scope that this operation needs.', clause: 'RFC 6750 §3.1', surfaces: guarded, oauth: 'insufficient_scope' },
  credential_not_accepted: { status: 403, title: 'This credential may not do that', fix: 'Operations under /control need the operator\'s token; those under /sandbox the sandbox key, or to read a client\'s token.', surfaces: ['control'] },
  headers_too_large: { status: 431, title: 'The request headers are too large', fix: 'Send fewer or shorter headers.', clause: 'RFC 6585 §5', surfaces: all, oauth: 'invalid_request' },
  request_malformed: { status: 400, title: 'The request is not valid HTTP', fix: 'Send a well-formed HTTP/1.1 request.', clause: 'RFC 9112 §2.2', surfaces: all, oauth: 'invalid_request' },
  body_too_large: { status: 413, title: 'The request body is too large', fix: 'Send a smaller body; the limit is limits.body_bytes_max.', clause: 'RFC 9110 §15.5.14', surfaces: all, oauth: 'invalid_request' },
  body_too_deep: { status: 400, title: 'The request body is nested too deeply', fix: 'Send a flatter body; the limit is limits.body_depth_max.', surfaces: guarded },
  body_malformed: { status: 400, title: 'The request body cannot be parsed', fix: 'Send well-formed JSON in UTF-8 (RFC 8259).', clause: 'RFC 8259 §2', surfaces: guarded },
  body_key_duplicate: { status: 400, title: 'The request body names a member twice', fix: 'Send each member of an object once (RFC 8259 §4).', clause: 'RFC 8259 §4', surfaces: guarded },
  body_key_forbidden: { status: 400, title: 'The request body names a member that is not accepted', fix: 'Remove the member __proto__, or constructor.prototype.', surfaces: guarded },
  media_type_unsupported: { status: 415, title: 'The media type of the request is not supported', fix: 'Send application/json, or a type that the API\'s document lists.', clause: 'RFC 9110 §15.5.16', surfaces: all, oauth: 'invalid_request' },
  body_encoding_unsupported: { status: 415, title: 'The content encoding of the request is not supported', fix: 'Send the body without Content-Encoding.', clause: 'RFC 9110 §8.4', surfaces: all, oauth: 'invalid_request' },
  personal_data_refused: { status: 422, title: 'The request holds data that must not enter a sandbox', fix: 'Replace the values at the named pointers: use a documented test card number, for instance 4242424242424242.', surfaces: guarded },
  response_unsafe: { status: 502, title: 'The response was withheld', fix: 'The upstream answered with data that must not leave it, or in a form that cannot be scrubbed; the operator sees the details.', surfaces: ['api'] },
  abuse_detected: { status: 429, title: 'Abnormal usage was detected', fix: 'The record names the rule and its signals; ask the operator for an exemption if this was a test suite.', surfaces: ['token', 'api'], isRetryable: true, oauth: 'access_denied' },
  upstream_unreachable: { status: 502, title: 'The upstream did not answer', fix: 'Retry later; the operator sees the cause.', clause: 'RFC 9110 §15.6.3', surfaces: ['api'], isRetryable: true },
  upstream_timeout: { status: 504, title: 'The upstream took too long', fix: 'Retry later; the operator sees the cause.', clause: 'RFC 9110 §15.6.5', surfaces: ['api'], isRetryable: true },
  fault_injected: { status: 500, title: 'A fault was asked for', fix: 'This is a fault that the sandbox\'s developer asked for: `sandgate faults list` shows those in force, `sandgate faults end` ends one.', surfaces: ['token', 'api'], oauth: 'server_error' },
  dependency_unavailable: { status: 503, title: 'A dependency is unavailable', fix: 'Retry later; the operator sees the cause.', clause: 'RFC 9110 §15.6.4', surfaces: all, isRetryable: true, oauth: 'temporarily_unavailable' },
  internal_fault: { status: 500, title: 'Something went wrong on our side', fix: 'Report the request id to the operator.', clause: 'RFC 9110 §15.6.1', surfaces: all, oauth: 'server_error' },
  request_invalid: { status: 422, title: 'The request is not acceptable', fix: 'Correct the members named in the detail.', surfaces: ['control'] },
  resource_not_found: { status: 404, title: 'There is no such resource', fix: 'Check the identifier; another sandbox\'s resources are never visible.', surfaces: ['control'] },
  webhook_url_refused: { status: 422, title: 'The webhook URL is not allowed', fix: 'Use a public https URL; loopback, private and metadata addresses need webhooks.allowed_networks in the configuration.', surfaces: ['control'] },
  certificate_name_taken: { status: 409, title: 'The name belongs to another sandbox', fix: 'Ask for another subject alternative name, or register the client by another one: each belongs to the sandbox that asked for it first.', surfaces: ['control'] },
  certificate_not_renewable: { status: 409, title: 'The certificate cannot be renewed', fix: 'Make another certificate with POST /sandbox/certificates.', surfaces: ['control'] },
  quota_exceeded: { status: 409, title: 'A quota is used up', fix: 'Delete what is not needed, or ask the operator for a larger quota.', surfaces: ['control'] },
} as const satisfies Record<string, ErrorEntry>

/** A stable code of the error table. */
export type ErrorCode = keyof typeof errors

/** The entry of a code, with optional members readable. */
export function errorEntry (code: ErrorCode): ErrorEntry {
  return errors[code]
}
