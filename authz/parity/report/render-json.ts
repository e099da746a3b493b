import { countOutcomes, countSeverities, isPassed, type Report } from './report.ts'

/** The report for other programs; members are added over time and none is taken away. */
export function renderJson (report: Report): string {
  const { title, production, sandbox, madeAt, score, threshold, scoring, drifts, accepted, stale, checks, notes } = report
  return `${JSON.stringify({
    format: 'sandgate-parity-report',
    version: 1,
    title,
    production,
    sandbox,
    made_at: madeAt,
    score,
    threshold: threshold ?? null,
    passed: isPassed(report),
    scoring,
    counts: { ...countOutcomes(report), ...countSeverities(drifts) },
    drifts,
    accepted,
    stale,
    checks: checks.map(({ drifts: found, ...check }) => ({ ...check, drifts: found.map(({ id }) => id) })),
    notes,
  }, null, 2)}\n`
}
