import type { Drift, Severity } from '../drift.ts'
import { countOutcomes, groupSkipped, isPassed, type Report } from './report.ts'
import { showValue, stripControls } from './show-value.ts'

const HEADINGS: ReadonlyArray<readonly [severity: Severity, heading: string]> = [
  ['breaking', 'Breaks clients'], ['likely', 'Will be noticed by some'], ['cosmetic', 'Cosmetic'],
]

/** The report for a terminal, without colours. */
export function renderText (report: Report): string {
  const counts = countOutcomes(report)
  const verdict = report.threshold === undefined ? '' : isPassed(report) ? `, threshold ${report.threshold} reached` : `, below the threshold of ${report.threshold}`
  return stripControls([
    `${report.title}: ${report.score} of 100${verdict}`,
    `  production  ${report.production}`,
    `  sandbox     ${report.sandbox}`,
    `  ${counts.same} the same, ${counts.different} different, ${counts.accepted} accepted, ${counts.skipped} skipped`,
    ...HEADINGS.flatMap(([severity, heading]) => section(heading, report.drifts.filter((drift) => drift.severity === severity))),
    ...list('Accepted', report.accepted.map(({ drift, reason, expires }) => `${drift.id}: ${reason} (until ${expires})`)),
    ...list('Entries of the accept file to remove', report.stale.map(({ id, why, expires }) => `${id} ${why} (until ${expires})`)),
    ...list('Skipped', groupSkipped(report).map(({ why, titles }) => `${titles.length} because ${why}`)),
    ...list('Notes', report.notes),
  ].join('\n'))
}

function section (heading: string, drifts: readonly Drift[]): string[] {
  return drifts.length === 0 ? [] : ['', `${heading} (${drifts.length})`, ...drifts.flatMap(entry)]
}

function entry ({ id, production, sandbox, explanation, suggestion }: Drift): string[] {
  const change = suggestion === undefined ? [] : [`    change      ${suggestion.path}: ${JSON.stringify(suggestion.value)}${suggestion.note === '' ? '' : ` (${suggestion.note})`}`]
  return [`  ${id}`, `    production  ${showValue(production)}`, `    sandbox     ${showValue(sandbox)}`, `    ${explanation}`, ...change]
}

function list (heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)]
}
