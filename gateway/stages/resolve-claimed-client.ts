import { pass, whenSettled, type Verdict } from '../../kernel/index.ts'
import type { Arrival, ClaimFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'
import type { IncomingMessage } from 'node:http'

/** Reads who a token-surface request claims to be, leaving the body for the authorization server. */
export interface ResolveClaimedClientDeps {
  readonly readClaim: (request: IncomingMessage) => Claim | Promise<Claim>
}

interface Claim { readonly claimedClientId?: string, readonly username?: string, readonly grantType?: string }

/**
 * Notes the client that a request to the authorization server claims to be, so that budgets and abuse rules can count
 * attempts before anything is proved. The claim decides nothing else.
 */
export function resolveClaimedClient ({ readClaim }: ResolveClaimedClientDeps): Stage<Arrival, ClaimFacts> {
  const settle = ({ claimedClientId, username, grantType }: Claim): Verdict<ClaimFacts> => pass({ claimedClientId, username, grantType, clientKey: claimedClientId ?? '' })
  return {
    name: 'resolve-claimed-client',
    phase: 'arrival',
    onFault: 'refuse',
    decide: ({ request }) => whenSettled(readClaim(request), settle),
  }
}
