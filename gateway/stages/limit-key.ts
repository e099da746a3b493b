import { pass, whenSettled, type Verdict } from '../../kernel/index.ts'
import type { Limit, LimitOutcome } from '../limits/index.ts'
import type { AddressFacts, Arrival, KeyBudgetFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'
import { verdictOfLimit } from '../pipeline/verdict-of-limit.ts'

/**
 * Spends one unit of the client's budget. The token surface has a plan of its own, counted by the client that the request
 * claims to be and the address that claims it: nothing is proved yet, and whoever knows a client's id (it stands in every
 * authorization URL) must not be able to spend that client's budget. A request that claims none has only its address's.
 *
 * @refuses client_limit_exceeded 429
 */
export function limitKey ({ limit, tokenLimit }: { readonly limit: Limit, readonly tokenLimit: Limit }): Stage<Arrival & AddressFacts & { readonly clientKey: string }, KeyBudgetFacts> {
  const settle = (keyBudget: LimitOutcome): Verdict<KeyBudgetFacts> => verdictOfLimit(keyBudget, 'limit-key', 'client_limit_exceeded', { keyBudget })
  return {
    name: 'limit-key',
    phase: 'arrival',
    onFault: 'pass-and-report',
    decide: ({ surface, clientKey, addressKey }) => {
      if (clientKey === '') return pass({ keyBudget: undefined })
      return whenSettled(surface === 'token' ? tokenLimit(`${clientKey} ${addressKey}`) : limit(clientKey), settle)
    },
  }
}
