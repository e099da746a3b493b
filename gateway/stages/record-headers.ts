import { pass } from '../../kernel/index.ts'
import type { LimitOutcome } from '../limits/index.ts'
import type { AnyFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/**
 * Puts the request's id and what is left of its budgets on the answer (draft-ietf-httpapi-ratelimit-headers), on refusals
 * too, and the nonce for the client's next DPoP proof (RFC 9449 §8.2). The narrower budget is what a client should plan by, so both are named.
 */
export function recordHeaders ({ formatLimits }: { readonly formatLimits: (outcomes: readonly LimitOutcome[]) => Readonly<Record<string, string>> }): Stage<AnyFacts, { readonly replyHeaders: Readonly<Record<string, string>> }> {
  return {
    name: 'record-headers',
    phase: 'headers',
    onFault: 'pass-and-report',
    decide: ({ requestId, addressBudget, keyBudget, dpopNonce }) => {
      const outcomes = keyBudget === undefined ? (addressBudget === undefined ? [] : [addressBudget]) : addressBudget === undefined ? [keyBudget] : [keyBudget, addressBudget]
      return pass({ replyHeaders: { 'x-request-id': requestId ?? '', ...formatLimits(outcomes), ...(dpopNonce === undefined ? {} : { 'dpop-nonce': dpopNonce }) } })
    },
  }
}
