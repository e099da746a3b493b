import type { Drift, Severity } from '../drift.ts'

/** One thing that was compared, as a test of its own. */
export interface Check {
  readonly id: string
  readonly area: string
  readonly title: string
  readonly outcome: 'same' | 'different' | 'accepted' | 'skipped'
  /** Of skipped ones. */
  readonly why?: string
  readonly drifts: readonly Drift[]
}

/** What came of comparing a subject in production with the same in the sandbox. It knows nothing of what the subject is. */
export interface Report {
  readonly title: string
  readonly production: string
  readonly sandbox: string
  /** RFC 3339. */
  readonly madeAt: string
  /** From 0 to 100. */
  readonly score: number
  readonly threshold: number | undefined
  /** How the score came about, in a sentence. */
  readonly scoring: string
  /** What is open, most likely to break something first. */
  readonly drifts: readonly Drift[]
  readonly accepted: ReadonlyArray<{ readonly drift: Drift, readonly reason: string, readonly expires: string }>
  readonly stale: ReadonlyArray<{ readonly id: string, readonly reason: string, readonly expires: string, readonly why: string }>
  readonly checks: readonly Check[]
  readonly notes: readonly string[]
}

/** True unless the score is below the threshold. */
export function isPassed ({ score, threshold }: Report): boolean {
  return threshold === undefined || score >= threshold
}

/** How many of each there are. */
export function countOutcomes ({ checks }: Report): Readonly<Record<Check['outcome'], number>> {
  const count = (outcome: Check['outcome']): number => checks.filter((check) => check.outcome === outcome).length
  return { same: count('same'), different: count('different'), accepted: count('accepted'), skipped: count('skipped') }
}

/** How many differences there are of each severity. */
export function countSeverities (drifts: readonly Drift[]): Readonly<Record<Severity, number>> {
  const count = (severity: Severity): number => drifts.filter((drift) => drift.severity === severity).length
  return { breaking: count('breaking'), likely: count('likely'), cosmetic: count('cosmetic') }
}

/** Why things were skipped, the most common reason first. */
export function groupSkipped ({ checks }: Report): ReadonlyArray<{ readonly why: string, readonly titles: readonly string[] }> {
  const groups = new Map<string, string[]>()
  for (const { outcome, why = '', title } of checks) if (outcome === 'skipped') groups.set(why, [...groups.get(why) ?? [], title])
  return [...groups].map(([why, titles]) => ({ why, titles })).sort((a, b) => b.titles.length - a.titles.length || (a.why < b.why ? -1 : 1))
}
