import type { AddressFacts, Arrival } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'
import { verdictOfBan, type BanDeps } from '../pipeline/verdict-of-ban.ts'

/**
 * Turns away an address that a rule has banned, until the ban ends. What the ban's rule saw is in the record.
 *
 * @refuses address_banned 403
 */
export function judgeBan ({ findBan, clock }: BanDeps): Stage<Arrival & AddressFacts, object> {
  return {
    name: 'judge-ban',
    phase: 'arrival',
    onFault: 'pass-and-report',
    decide: ({ addressKey }) => verdictOfBan(findBan({ address: addressKey }), 'address_banned', clock),
  }
}
