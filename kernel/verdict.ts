import type { ErrorCode } from './errors.ts'
import type { Json } from './json.ts'

/** A surface of the front door; each has a pipeline of its own. `ops` is local and has none. */
export type Surface = 'token' | 'api' | 'control'

/** Every rule and limit has one. `report` notes what it would have done and does nothing. */
export type Mode = 'enforce' | 'report' | 'off'

/** Something noted but not refused: a rule or limit in report mode, a dependency that failed under a tolerant stage. */
export interface Finding {
  readonly stage: string
  /** Stable snake_case, as in the error table, or the id of a rule. */
  readonly code: string
  /** For the record and the log; never sent to a client. */
  readonly detail: string
}

/**
 * Why a request is refused. Renderers can read only what `PublicRefusal` has; the rest is for the record, the log and the
 * client's owner.
 */
export interface Refusal {
  readonly code: ErrorCode
  /** Sent to the client. Absent: the title of the code. Never holds a secret or personal data. */
  readonly publicDetail?: string
  /** The exact cause, with the value seen and the value expected; never a secret. */
  readonly internalDetail: string
  /** JSON Pointers (RFC 6901) to the offending members of the body. Sent to the client. */
  readonly pointers?: readonly string[]
  /** Seconds until a retry may succeed, rounded up. Sent as `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfterSeconds?: number
  /** The nonce that a DPoP proof must carry. Sent as `DPoP-Nonce` (RFC 9449 §9). */
  readonly dpopNonce?: string
  /** Names of the rate-limit policies or rules that were violated. */
  readonly violatedPolicies?: readonly string[]
  /** The client that the request claimed to be, when it is known to exist: it owns the explanation. */
  readonly claimedClientId?: string
  /** What goes over the wire in place of the code's own form: an answer that production would give, or a dropped connection. For faults on demand alone. */
  readonly wire?: WireAnswer | 'drop'
  /** More members for the record alone. */
  readonly evidence?: { readonly [name: string]: Json }
}

/** An answer as it is sent. */
export interface WireAnswer { readonly status: number, readonly headers: Readonly<Record<string, string>>, readonly text: string }

/** What a stage decides. A refusal too may have learnt something (what is left of a budget), for the stages that still see it. */
export type Verdict<Adds> =
  | { readonly kind: 'pass', readonly adds: Adds, readonly findings?: readonly Finding[] }
  | { readonly kind: 'refuse', readonly refusal: Refusal, readonly adds?: Adds, readonly findings?: readonly Finding[] }

/** The verdict of a stage that has nothing to add. */
export const PASS: Verdict<object> = Object.freeze({ kind: 'pass', adds: Object.freeze({}) })

/** Shorthand for a passing verdict that adds facts. */
export function pass<Adds> (adds: Adds): Verdict<Adds> {
  return { kind: 'pass', adds }
}

/** Shorthand for a refusing verdict. */
export function refuse (refusal: Refusal): Verdict<never> {
  return { kind: 'refuse', refusal }
}
