import type { Drift, Severity } from '../drift.ts'
import type { ComparedFact } from './compare-observations.ts'

const WEIGHTS: Readonly<Record<Severity, number>> = { breaking: 10, likely: 3, cosmetic: 1 }

/** While one such difference is left, the score is at most this. */
const CEILINGS: Readonly<Record<Severity, number>> = { breaking: 89, likely: 97, cosmetic: 99.9 }

/**
 * From 0 to 100, one decimal, rounded down: the share of compared facts that agree, each weighted by what a difference in it
 * would mean (10 breaking, 3 likely, 1 cosmetic), and under a ceiling that the worst difference sets. So 100 means that nothing
 * differs, and a threshold of 90 that nothing breaking does. Accepted differences count as agreeing.
 */
export function computeScore (compared: readonly ComparedFact[], drifts: readonly Drift[]): number {
  const open = new Map(drifts.map(({ id, severity }) => [id, severity]))
  const all = compared.reduce((sum, { severity }) => sum + WEIGHTS[severity], 0)
  const lost = compared.reduce((sum, { id }) => sum + (open.has(id) ? WEIGHTS[open.get(id) ?? 'cosmetic'] : 0), 0)
  const share = all === 0 ? 0 : 100 * (1 - lost / all)
  return Math.floor(Math.min(share, ...[...open.values()].map((severity) => CEILINGS[severity])) * 10) / 10
}
