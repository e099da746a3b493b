import type { Drift, Severity } from '../drift.ts'
import type { ComparedFact } from './compare-observations.ts'

const WEIGHTS: Readonly<Record<Severity, number>> = { breaking: 10, likely: 3, cosmetic: 1 }

/** What the share is multiplied by while a difference of a kind is open; the worst kind counts. */
const FACTORS: ReadonlyArray<readonly [severity: Severity, factor: number]> = [['breaking', 0.9], ['likely', 0.98]]

/**
 * From 0 to 100, one decimal, rounded down: the share of compared facts that agree, each weighted by what a difference in it
 * would mean (10 breaking, 3 likely, 1 cosmetic), times 0.9 while anything breaking is open and 0.98 while anything likely is. So
 * 100 means that nothing differs, 98 that nothing does that a client notices, 90 that nothing breaks one; and every difference
 * that is closed shows. Accepted differences count as agreeing.
 */
export function computeScore (compared: readonly ComparedFact[], drifts: readonly Drift[]): number {
  const open = new Map(drifts.map(({ id, severity }) => [id, severity]))
  const all = compared.reduce((sum, { severity }) => sum + WEIGHTS[severity], 0)
  const lost = compared.reduce((sum, { id }) => sum + (open.has(id) ? WEIGHTS[open.get(id) ?? 'cosmetic'] : 0), 0)
  const share = all === 0 ? 0 : 100 * (1 - lost / all)
  const factor = FACTORS.find(([severity]) => drifts.some((drift) => drift.severity === severity))?.[1] ?? 1
  return Math.floor(share * factor * 10) / 10
}
