import { PASS, refuse, type Clock, type Verdict } from '../../kernel/index.ts'
import type { Ban } from '../abuse/index.ts'

/** The bans in force, from memory. */
export interface BanDeps {
  readonly findBan: (by: { readonly address: string } | { readonly clientId: string }) => Ban | undefined
  readonly clock: Clock
}

/** The verdict on a ban that was found: refused until it ends, with the rule that set it as the cause. */
export function verdictOfBan (ban: Ban | undefined, code: 'address_banned' | 'client_banned', clock: Clock): Verdict<object> {
  if (ban === undefined) return PASS
  return refuse({
    code,
    internalDetail: `banned by rule ${ban.ruleId} until ${new Date(ban.endsAtMs).toISOString()}: ${ban.explanation}`,
    retryAfterSeconds: Math.max(1, Math.ceil((ban.endsAtMs - clock.nowMs()) / 1000)),
    evidence: { ban: ban.id, rule: ban.ruleId },
  })
}
