import { countOutcomes, isPassed, type Check, type Report } from './report.ts'
import { showValue, stripControls } from './show-value.ts'

/** The report as JUnit XML, as CI servers read it: a suite for each area, a case for each check, cosmetic differences as output. */
export function renderJunit (report: Report): string {
  const areas = [...new Set(report.checks.map(({ area }) => area))]
  const { skipped } = countOutcomes(report)
  const failures = report.checks.filter(isFailure).length + (isPassed(report) ? 0 : 1)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeXml(report.title)}" tests="${report.checks.length + 1}" failures="${failures}" skipped="${skipped}" timestamp="${escapeXml(report.madeAt)}">`,
    ...areas.map((area) => suite(area, report.checks.filter((check) => check.area === area), report)),
    scoreSuite(report),
    '</testsuites>',
    '',
  ].join('\n')
}

function suite (area: string, checks: readonly Check[], { title }: Report): string {
  return [
    `  <testsuite name="${escapeXml(area)}" tests="${checks.length}" failures="${checks.filter(isFailure).length}" skipped="${checks.filter(({ outcome }) => outcome === 'skipped').length}">`,
    ...checks.map((check) => `    <testcase classname="${escapeXml(`${title}.${area}`)}" name="${escapeXml(`${check.id}: ${check.title}`)}">${content(check)}</testcase>`),
    '  </testsuite>',
  ].join('\n')
}

function scoreSuite ({ score, threshold, title, scoring }: Report): string {
  const failure = threshold !== undefined && score < threshold ? `<failure message="${escapeXml(`${score} is below ${threshold}`)}">${escapeXml(scoring)}</failure>` : `<system-out>${escapeXml(`${score} of 100`)}</system-out>`
  return `  <testsuite name="score" tests="1" failures="${failure.startsWith('<failure') ? 1 : 0}" skipped="0">\n    <testcase classname="${escapeXml(`${title}.score`)}" name="score">${failure}</testcase>\n  </testsuite>`
}

/** Cosmetic differences fail nobody's build. */
function isFailure ({ outcome, drifts }: Check): boolean {
  return outcome === 'different' && drifts.some(({ severity }) => severity !== 'cosmetic')
}

function content (check: Check): string {
  const text = check.drifts.map(({ id, severity, production, sandbox, explanation }) => `${id} (${severity})\n  production: ${showValue(production)}\n  sandbox: ${showValue(sandbox)}\n  ${explanation}`).join('\n')
  if (check.outcome === 'skipped') return `<skipped message="${escapeXml(check.why ?? '')}"/>`
  if (isFailure(check)) return `<failure message="${escapeXml(check.drifts[0]?.explanation ?? '')}">${escapeXml(text)}</failure>`
  return text === '' ? '' : `<system-out>${escapeXml(text)}</system-out>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\t': '&#9;' }

/** XML has no form at all for most control characters (XML 1.0 §2.2). */
function escapeXml (text: string): string {
  return stripControls(text).replaceAll(/[&<>"\n\t]/g, (character) => ENTITIES[character] ?? '')
}
