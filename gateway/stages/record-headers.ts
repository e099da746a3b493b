import { pass } from '../../kernel/index.ts'
import type { LimitOutcome } from '../limits/index.ts'
import type { AnyFacts, OriginFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/**
 * Puts the request's id and what is left of its budgets on the answer (draft-ietf-httpapi-ratelimit-headers), on refusals
 * too, and the nonce for the client's next DPoP proof (RFC 9449 §8.2). The narrower budget is what a client should plan by, so both are named. To a
 * script of an origin that may read it, the answer says so (Fetch §3.3.3).
 */
export function recordHeaders ({ formatLimits, exposedHeaders }: { readonly exposedHeaders: string, readonly formatLimits: (outcomes: readonly LimitOutcome[]) => Readonly<Record<string, string>> }): Stage<AnyFacts, { readonly replyHeaders: Readonly<Record<string, string>> }> {
  return {
    name: 'record-headers',
    phase: 'headers',
    onFault: 'pass-and-report',
    decide: ({ requestId, addressBudget, keyBudget, dpopNonce, origin }) => {
      const outcomes = keyBudget === undefined ? (addressBudget === undefined ? [] : [addressBudget]) : addressBudget === undefined ? [keyBudget] : [keyBudget, addressBudget]
      return pass({ replyHeaders: { 'x-request-id': requestId ?? '', ...formatLimits(outcomes), ...(dpopNonce === undefined ? {} : { 'dpop-nonce': dpopNonce }), ...crossOriginHeaders(origin, exposedHeaders) } })
    },
  }
}

function crossOriginHeaders (origin: OriginFacts['origin'], exposedHeaders: string): Readonly<Record<string, string>> {
  if (origin === undefined) return {}
  return { vary: 'Origin', ...(origin.isAllowed ? { 'access-control-allow-origin': origin.value, 'access-control-expose-headers': exposedHeaders } : {}) }
}
