import { pass, type ErrorCode, type Verdict } from '../../kernel/index.ts'
import type { LimitOutcome } from '../limits/index.ts'

/** The verdict on a spent budget: refused in enforce mode, noted in report mode. */
export function verdictOfLimit<Facts> (outcome: LimitOutcome, stage: string, code: ErrorCode, facts: Facts): Verdict<Facts> {
  if (outcome.isAllowed && !outcome.isExceeded) return pass(facts)
  const detail = `${outcome.name}: ${outcome.limit} in ${outcome.windowMs} ms are spent${outcome.isDegraded ? ' (the shared store is lost)' : ''}`
  if (outcome.isAllowed) return { kind: 'pass', adds: facts, findings: [{ stage, code, detail }] }
  const retryAfterSeconds = Math.max(1, Math.ceil(outcome.retryAfterMs / 1000))
  return { kind: 'refuse', adds: facts, refusal: { code, internalDetail: detail, retryAfterSeconds, violatedPolicies: [outcome.name] } }
}
