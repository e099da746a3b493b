import { whenSettled, type Verdict } from '../../kernel/index.ts'
import type { Limit, LimitOutcome } from '../limits/index.ts'
import type { AddressBudgetFacts, AddressFacts, Arrival } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'
import { verdictOfLimit } from '../pipeline/verdict-of-limit.ts'

/**
 * Spends one unit of the address's budget before any cryptography is done for it.
 *
 * @refuses address_limit_exceeded 429
 */
export function limitAddress ({ limit }: { readonly limit: Limit }): Stage<Arrival & AddressFacts, AddressBudgetFacts> {
  const settle = (addressBudget: LimitOutcome): Verdict<AddressBudgetFacts> => verdictOfLimit(addressBudget, 'limit-address', 'address_limit_exceeded', { addressBudget })
  return {
    name: 'limit-address',
    phase: 'arrival',
    onFault: 'pass-and-report',
    decide: ({ addressKey }) => whenSettled(limit(addressKey), settle),
  }
}
