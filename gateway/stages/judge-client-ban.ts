import { PASS } from '../../kernel/index.ts'
import type { Arrival } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'
import { verdictOfBan, type BanDeps } from '../pipeline/verdict-of-ban.ts'

/**
 * Turns away a client that a rule has banned, once it is known who it is.
 *
 * @refuses client_banned 403
 */
export function judgeClientBan ({ findBan, clock }: BanDeps): Stage<Arrival & { readonly clientKey: string }, object> {
  return {
    name: 'judge-client-ban',
    phase: 'arrival',
    onFault: 'pass-and-report',
    decide: ({ clientKey }) => clientKey === '' ? PASS : verdictOfBan(findBan({ clientId: clientKey }), 'client_banned', clock),
  }
}
