import { errorEntry, type Refusal } from '../../kernel/index.ts'

/** The parts of a refusal that may be sent: the internal detail cannot be reached through this type. */
export type PublicRefusal = Omit<Refusal, 'internalDetail' | 'evidence' | 'claimedClientId'>

/** What goes over the wire for a refusal. */
export interface RenderedRefusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** Renders refusals in the form of one surface. `requestId` is named so that the client's owner can ask why. */
export type RefusalRenderer = (refusal: PublicRefusal, context: { readonly requestId: string, readonly hasCredentials: boolean }) => RenderedRefusal

/** `Retry-After` (RFC 9110 §10.2.3) when there is something to wait for. */
export function retryHeaders (refusal: PublicRefusal): Record<string, string> {
  return refusal.retryAfterSeconds === undefined ? {} : { 'retry-after': String(refusal.retryAfterSeconds) }
}

/**
 * The challenge of a protected resource, RFC 6750 §3: without an error code when the request had no credentials at all,
 * because it is then no error but a question. A token that came without its certificate is an invalid one (RFC 8705 §3).
 */
export function bearerChallenge (refusal: PublicRefusal, hasCredentials: boolean): Record<string, string> {
  const { status, oauth, title } = errorEntry(refusal.code)
  if (status !== 401 && oauth !== 'insufficient_scope') return {}
  if (!hasCredentials || oauth === undefined) return { 'www-authenticate': 'Bearer realm="api"' }
  return { 'www-authenticate': `Bearer realm="api", error="${oauth === 'invalid_client' ? 'invalid_token' : oauth}", error_description="${title}"` }
}
