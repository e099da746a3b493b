import type { Drift, Severity } from '../drift.ts'
import { html, type SafeHtml } from '../../interaction/pages/html.ts'
import { reportStyle } from './report-style.ts'
import { countOutcomes, countSeverities, groupSkipped, isPassed, type Check, type Report } from './report.ts'
import { showValue, stripControls } from './show-value.ts'

const WORDS: Readonly<Record<Severity, string>> = { breaking: 'breaks clients', likely: 'noticed by some', cosmetic: 'cosmetic' }

/** The report as one HTML file that needs nothing beside it and no script. Everything in it is escaped. */
export function renderHtml (report: Report): string {
  return stripControls(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${report.title}: ${report.score}</title>
<style>${{ markup: reportStyle }}</style>
</head>
<body>
${head(report)}
<main>
${driftSection(report)}
${acceptedSection(report)}
${checkSection(report)}
${noteSection(report)}
</main>
<footer><p>${report.scoring}</p><p>Made at <time datetime="${report.madeAt}">${report.madeAt.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC')}</time> by sandgate.</p></footer>
</body>
</html>
`.markup)
}

function head (report: Report): SafeHtml {
  const { same, different, accepted, skipped } = countOutcomes(report)
  const { breaking, likely, cosmetic } = countSeverities(report.drifts)
  const verdict = report.threshold === undefined ? undefined : html`<p class="verdict ${isPassed(report) ? 'passed' : 'failed'}">${isPassed(report) ? 'Reaches' : 'Below'} the threshold of ${report.threshold}</p>`
  return html`<header>
<div class="score"><p class="number">${report.score}</p><p class="of">of 100</p></div>
<div>
<h1>${report.title}</h1>
<dl class="sides"><dt>Production</dt><dd>${report.production}</dd><dt>Sandbox</dt><dd>${report.sandbox}</dd></dl>
<meter min="0" max="100" low="90" high="98" optimum="100" value="${report.score}">${report.score} of 100</meter>
${verdict}
<ul class="counts">
<li class="breaking"><b>${breaking}</b> that break clients</li><li class="likely"><b>${likely}</b> that some notice</li><li class="cosmetic"><b>${cosmetic}</b> cosmetic</li>
<li><b>${same}</b> checks the same</li><li><b>${different}</b> different</li><li><b>${accepted}</b> accepted</li><li><b>${skipped}</b> skipped</li>
</ul>
</div>
</header>`
}

function driftSection ({ drifts }: Report): SafeHtml {
  if (drifts.length === 0) return html`<section><h2>No differences</h2><p class="good">Everything that was compared is the same.</p></section>`
  return html`<section><h2 id="drift">Differences</h2>
<p>Those that most likely break a client come first.</p>
<div class="scroll" role="region" aria-labelledby="drift" tabindex="0"><table>
<thead><tr><th scope="col">Severity</th><th scope="col">What</th><th scope="col">Production</th><th scope="col">Sandbox</th></tr></thead>
<tbody>${drifts.map(row)}</tbody>
</table></div></section>`
}

function row ({ id, severity, production, sandbox, explanation, suggestion }: Drift): SafeHtml {
  const change = suggestion === undefined ? undefined : html`<p class="change">Change <code>${suggestion.path}: ${JSON.stringify(suggestion.value)}</code>${suggestion.note === '' ? undefined : html` <span>${suggestion.note}</span>`}</p>`
  return html`
<tr><td><span class="tag ${severity}">${WORDS[severity]}</span></td><th scope="row"><code>${id}</code><p>${explanation}</p>${change}</th><td>${showValue(production)}</td><td>${showValue(sandbox)}</td></tr>`
}

function acceptedSection ({ accepted, stale }: Report): SafeHtml | undefined {
  if (accepted.length + stale.length === 0) return undefined
  return html`<section><h2>Accepted differences</h2><ul>${accepted.map(({ drift, reason, expires }) => html`<li><code>${drift.id}</code> ${reason} <small>until ${expires}</small></li>`)}</ul>
${stale.length === 0 ? undefined : html`<h3>Entries to remove</h3><ul>${stale.map(({ id, why, expires }) => html`<li><code>${id}</code> ${why} <small>until ${expires}</small></li>`)}</ul>`}</section>`
}

function checkSection (report: Report): SafeHtml {
  const areas = [...new Set(report.checks.map(({ area }) => area))]
  const skipped = groupSkipped(report)
  return html`<section><h2>What was compared</h2>
${areas.map((area) => checkList(area, report.checks.filter((check) => check.area === area)))}
${skipped.length === 0 ? undefined : html`<h3>Skipped</h3><ul>${skipped.map(({ why, titles }) => html`<li>${titles.length} because ${why}</li>`)}</ul>`}</section>`
}

function checkList (area: string, checks: readonly Check[]): SafeHtml {
  const same = checks.filter(({ outcome }) => outcome === 'same').length
  const asked = checks.filter(({ outcome }) => outcome !== 'skipped').length
  return html`<details><summary>${area.replaceAll('_', ' ')} <small>${same} of ${asked} the same</small></summary>
<ul class="checks">${checks.map(({ id, title, outcome, why }) => html`<li class="${outcome}"><span>${outcome}</span> <code>${id}</code> ${title}${why === undefined ? undefined : html` <small>${why}</small>`}</li>`)}</ul></details>`
}

function noteSection ({ notes }: Report): SafeHtml | undefined {
  return notes.length === 0 ? undefined : html`<section><h2>Notes</h2><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></section>`
}
