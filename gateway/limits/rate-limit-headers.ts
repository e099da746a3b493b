import type { LimitOutcome } from './create-limit.ts'

/** `draft`: draft-ietf-httpapi-ratelimit-headers. `legacy`: the trio RateLimit-Limit, -Remaining, -Reset of its early versions. */
export type RateLimitHeaderStyle = 'draft' | 'legacy' | 'both'

/**
 * The headers that tell a client about its budgets: `RateLimit-Policy` and `RateLimit` as structured fields (RFC 9651
 * lists of strings with the parameters q, w and r, t), the legacy trio for the tightest budget, and `Retry-After` when a
 * limit refused (RFC 9110 §10.2.3). For a refused limit `t` and `Retry-After` name the same moment.
 *
 * Only limits in enforce mode are told: a limit in report mode must not change a byte of the response.
 */
export function formatRateLimitHeaders (outcomes: readonly LimitOutcome[], style: RateLimitHeaderStyle): Record<string, string> {
  const headers: Record<string, string> = {}
  let policies = ''
  let states = ''
  let tightest: LimitOutcome | undefined
  for (const outcome of outcomes) {
    if (outcome.mode !== 'enforce') continue
    const separator = policies === '' ? '' : ', '
    policies += separator + outcome.policy
    states += `${separator}"${outcome.name}";r=${outcome.remaining};t=${secondsUntil(outcome)}`
    if (tightest === undefined || isTighter(outcome, tightest)) tightest = outcome
  }
  if (tightest === undefined) return headers
  if (style !== 'legacy') {
    headers['RateLimit-Policy'] = policies
    headers['RateLimit'] = states
  }
  if (style !== 'draft') {
    headers['RateLimit-Limit'] = String(tightest.limit)
    headers['RateLimit-Remaining'] = String(tightest.remaining)
    headers['RateLimit-Reset'] = String(secondsUntil(tightest))
  }
  const retryAfter = retryAfterSeconds(outcomes)
  if (retryAfter !== undefined) headers['Retry-After'] = String(retryAfter)
  return headers
}

/** Seconds, rounded up and at least 1, until every limit that refused may allow again. Undefined when none refused. */
export function retryAfterSeconds (outcomes: readonly LimitOutcome[]): number | undefined {
  let seconds: number | undefined
  for (const outcome of outcomes) {
    if (!outcome.isAllowed) seconds = Math.max(seconds ?? 1, secondsUntil(outcome))
  }
  return seconds
}

/** One limit as an item of `RateLimit-Policy`: q units in w whole seconds. `name` needs no escaping by construction. */
export function formatPolicy (name: string, limit: number, windowMs: number): string {
  return `"${name}";q=${limit};w=${toSeconds(windowMs)}`
}

function secondsUntil (outcome: LimitOutcome): number {
  return outcome.isAllowed ? Math.ceil(outcome.resetMs / 1000) : toSeconds(outcome.retryAfterMs)
}

function toSeconds (ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}

/** The legacy trio has room for one budget: a refusing one before all, else the one with the least left. */
function isTighter (one: LimitOutcome, other: LimitOutcome): boolean {
  if (one.isAllowed !== other.isAllowed) return !one.isAllowed
  return one.isAllowed ? one.remaining < other.remaining : one.retryAfterMs > other.retryAfterMs
}
