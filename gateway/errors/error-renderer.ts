import { errorEntry, type ErrorCode, type Refusal } from '../../kernel/index.ts'

/** The parts of a refusal that may be sent: the internal detail cannot be reached through this type. */
export type PublicRefusal = Omit<Refusal, 'internalDetail' | 'evidence' | 'claimedClientId'>

/** What goes over the wire for a refusal. */
export interface RenderedRefusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** What a renderer may know of the request. */
export interface RefusalContext {
  readonly requestId: string
  readonly hasCredentials: boolean
  /** The credentials came with the DPoP scheme (RFC 9449 §7.1). */
  readonly isDpop?: boolean
}

/** Renders refusals in the form of one surface. `requestId` is named so that the client's owner can ask why. */
export type RefusalRenderer = (refusal: PublicRefusal, context: RefusalContext) => RenderedRefusal

/** `Retry-After` (RFC 9110 §10.2.3) when there is something to wait for. */
export function retryHeaders (refusal: PublicRefusal): Record<string, string> {
  return refusal.retryAfterSeconds === undefined ? {} : { 'retry-after': String(refusal.retryAfterSeconds) }
}

/** What clients may authenticate with at the API. */
export interface ChallengeOptions {
  /** JWS algorithms of DPoP proofs; empty when production has no DPoP. */
  readonly dpopAlgorithms: readonly string[]
  /** Production takes DPoP-bound tokens alone. */
  readonly isDpopRequired: boolean
}

/**
 * The challenge of a protected resource, RFC 6750 §3 and RFC 9449 §7.1: without an error code when the request had no
 * credentials at all, because it is then no error but a question, and then for every scheme that is taken. A token that came
 * without its certificate is an invalid one (RFC 8705 §3). The nonce goes along where one is wanted (RFC 9449 §9).
 */
export function challengeOf (refusal: PublicRefusal, { hasCredentials, isDpop }: RefusalContext, options: ChallengeOptions): Record<string, string> {
  const { status, oauth, title } = errorEntry(refusal.code)
  if (status !== 401 && oauth !== 'insufficient_scope') return {}
  const algs = `algs="${options.dpopAlgorithms.join(' ')}"`
  const nonce: Record<string, string> = refusal.dpopNonce === undefined ? {} : { 'dpop-nonce': refusal.dpopNonce }
  if (!hasCredentials || oauth === undefined) {
    const dpop = options.dpopAlgorithms.length === 0 ? [] : [`DPoP realm="api", ${algs}`]
    return { 'www-authenticate': [...(options.isDpopRequired ? [] : ['Bearer realm="api"']), ...dpop].join(', ') }
  }
  const error = `realm="api", error="${oauth === 'invalid_client' ? 'invalid_token' : oauth}", error_description="${title}"`
  const usesDpop = options.dpopAlgorithms.length > 0 && (isDpop === true || DPOP_CODES.has(refusal.code)) && refusal.code !== 'token_proof_unexpected'
  return { 'www-authenticate': usesDpop ? `DPoP ${error}, ${algs}` : `Bearer ${error}`, ...nonce }
}

/** Refusals that ask for the DPoP scheme whatever the request used. */
const DPOP_CODES: ReadonlySet<string> = new Set<ErrorCode>(['token_proof_missing', 'token_proof_mismatch', 'token_proof_invalid', 'token_proof_replayed', 'token_nonce_required'])
