import type { Json, Surface } from '../../kernel/index.ts'

/**
 * What a rule may know of a request. All of it is scrubbed before it comes here; what is absent reads as an empty string
 * in a rule. Every member is described in `variables.ts`, under the name that rules use.
 */
export interface RequestFacts {
  readonly surface: Surface
  readonly method: string
  /** The route template, `/v1/customers/{customer_id}`; empty when nothing is served there. */
  readonly path: string
  /** The path as sent, scrubbed and without its query: it tells one object from another, which the template does not. */
  readonly resource: string
  readonly operationId?: string | undefined
  /** Normalised by the gateway: mapped IPv4 as IPv4, IPv6 by /64. */
  readonly address: string
  /** The client that proved itself. Bans of scope client follow this one and no other. */
  readonly clientId?: string | undefined
  /** The client that the request says it is, proven or not. */
  readonly claimedClientId?: string | undefined
  readonly sandboxId?: string | undefined
  /** The user name that a login tried. */
  readonly username?: string | undefined
  readonly userAgent?: string | undefined
  readonly certificateThumbprint?: string | undefined
  /** `grant_type` of a token request (RFC 6749 §4). */
  readonly grantType?: string | undefined
  /** One keyed hash for each card number that is no documented test number, allowed or refused. */
  readonly cardFingerprints: readonly string[]
  /**
   * True when the request used a documented trigger. Such a request is never counted and never judged: forced declines
   * are what a good test suite does.
   */
  readonly isTriggered?: boolean | undefined
  readonly body?: Json | undefined
}

/** What a rule may know of the answer. */
export interface OutcomeFacts {
  /** HTTP status, 100–599. */
  readonly status: number
  /** A code of the error table, an OAuth error, or the sandboxed API's own error code. */
  readonly code?: string | undefined
  /** The pipeline's stage that refused. */
  readonly stage?: string | undefined
}
