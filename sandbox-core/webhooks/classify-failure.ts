/**
 * Why an attempt failed without a usable answer: a stable code, and a detail of our own words or a system's error code.
 * Messages of errors are left out, since a receiver's certificate or headers can speak through them.
 */
export type AttemptFailure = { readonly code: string, readonly detail: string }

const KINDS: ReadonlyArray<readonly [RegExp, string, string]> = [
  [/^(ENOTFOUND|EAI_|ENODATA|ESERVFAIL|EREFUSED$|ETIMEOUT$|ECANCELLED|ENONAME)/, 'name_unresolved', 'The host name could not be resolved'],
  [/^(ECONNREFUSED)$/, 'connection_refused', 'Nothing listens at the address and port'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'connection_lost', 'The connection ended before the answer was complete'],
  [/^(ERR_TLS_|ERR_SSL_|EPROTO|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/, 'tls_failed', 'No trusted TLS connection could be made'],
  [/^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES)/, 'response_malformed', 'The answer is not acceptable HTTP']
]

/** Sorts an error of the resolver, the socket, TLS or the HTTP parser. */
export function classifyFailure (fault: unknown): AttemptFailure {
  const code = codeOf(fault)
  const [, name, sentence] = KINDS.find(([pattern]) => pattern.test(code)) ?? [/./, 'connection_failed', 'The exchange failed']
  return { code: name, detail: `${sentence} (${code}).` }
}

function codeOf (fault: unknown): string {
  if (typeof fault !== 'object' || fault === null) return 'UNKNOWN'
  if ('code' in fault && typeof fault.code === 'string' && /^[A-Z0-9_]{1,64}$/.test(fault.code)) return fault.code
  if ('name' in fault && fault.name === 'HTTPParserError') return 'HPE_INVALID'
  return 'cause' in fault && fault.cause !== fault ? codeOf(fault.cause) : 'UNKNOWN'
}
