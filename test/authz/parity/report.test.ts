/* eslint-disable no-control-regex -- what must not get through */
import t from 'tap'
import type { Drift } from '../../../authz/parity/drift.ts'
import { renderHtml } from '../../../authz/parity/report/render-html.ts'
import { renderJson } from '../../../authz/parity/report/render-json.ts'
import { renderJunit } from '../../../authz/parity/report/render-junit.ts'
import { renderText } from '../../../authz/parity/report/render-text.ts'
import { isPassed, type Report } from '../../../authz/parity/report/report.ts'
import { findChromium, launchChromium } from '../../support/chromium.ts'

const EVIL = '"><script>alert(1)</script>&\u0000\u001b[2J\u202e]]>\ud800'
const evil: Drift = { id: `token.${EVIL}`, area: 'token', severity: 'breaking', production: { [EVIL]: EVIL }, sandbox: [EVIL], explanation: EVIL, suggestion: { path: `profile.${EVIL}`, value: EVIL, note: EVIL } }
const cosmetic: Drift = { id: 'headers.token.pragma', area: 'headers', severity: 'cosmetic', production: ['no-cache'], sandbox: null, explanation: 'pragma differs.' }

const report: Report = {
  title: 'Auth parity',
  production: `https://as.example/${EVIL}`,
  sandbox: 'https://localhost:8443',
  madeAt: '2026-11-24T12:00:00.000Z',
  score: 88.5,
  threshold: 90,
  scoring: 'It is counted.',
  drifts: [evil, cosmetic],
  accepted: [{ drift: { ...cosmetic, id: 'keys.count' }, reason: EVIL, expires: '2027-01-01' }],
  stale: [{ id: EVIL, reason: 'x', expires: '2026-01-01', why: 'has expired' }],
  checks: [
    { id: 'token.x', area: 'token', title: EVIL, outcome: 'different', drifts: [evil] },
    { id: 'headers.token', area: 'headers', title: 'headers', outcome: 'different', drifts: [cosmetic] },
    { id: 'metadata.issuer', area: 'metadata', title: 'issuer', outcome: 'same', drifts: [] },
    { id: 'error.par', area: 'error', title: 'par', outcome: 'skipped', why: `production ${EVIL}`, drifts: [] },
  ],
  notes: [EVIL],
}

t.test('nothing that another machine said writes to the terminal', (t) => {
  t.notMatch(renderText(report), /[\u0000\u001b\u202e]/)
  t.match(renderText(report), /88\.5 of 100, below the threshold of 90/)
  t.end()
})

t.test('nothing that another machine said is markup in the HTML, and nothing is loaded or run', (t) => {
  const page = renderHtml(report)
  t.notMatch(page, /<script|\u0000|\u202e/)
  t.notMatch(page, /\b(?:src|href)=/)
  t.match(page, /default-src 'none'/)
  t.match(page, /prefers-color-scheme:dark/)
  t.end()
})

t.test('the JUnit file is well-formed, fails for what breaks or is noticed, and for a score below the threshold', (t) => {
  const xml = renderJunit(report)
  t.notMatch(xml, /<script|[\u0000\u001b]/)
  t.same(openTags(xml), [], 'every element is closed')
  t.match(xml, /<testsuites name="Auth parity" tests="5" failures="2" skipped="1"/)
  t.match(xml, /headers\.token: headers"><system-out>/, 'a cosmetic difference fails nobody\'s build')
  t.match(xml, /<failure message="88\.5 is below 90">/)
  t.notMatch(renderJunit({ ...report, threshold: 80 }), /is below/)
  t.end()
})

t.test('the JSON has the verdict, the counts and each difference', (t) => {
  t.match(JSON.parse(renderJson(report)), { format: 'sandgate-parity-report', version: 1, score: 88.5, threshold: 90, passed: false, counts: { breaking: 1, cosmetic: 1, skipped: 1, same: 1 }, drifts: [{ severity: 'breaking' }, { id: 'headers.token.pragma' }] })
  t.equal(isPassed(report), false)
  t.equal(isPassed({ ...report, score: 90 }), true, 'the threshold itself is enough')
  t.equal(isPassed({ ...report, threshold: undefined }), true)
  t.end()
})

t.test('the HTML passes an accessibility check in light and dark, and shows nothing wider than a phone', { skip: findChromium() === undefined ? 'no Chromium on this machine' : false }, async (t) => {
  const { default: axe } = await import('axe-core')
  const browser = await launchChromium(t, findChromium() ?? '')
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ colorScheme, bypassCSP: true, viewport: { width: 390, height: 800 } })
    await page.setContent(renderHtml(report))
    await page.evaluate(axe.source)
    const found = await page.evaluate<{ violations: Array<{ id: string, nodes: Array<{ html: string }> }> }>('axe.run()')
    t.same(found.violations.map(({ id, nodes }) => [id, nodes[0]?.html]), [], colorScheme)
    t.ok(await page.evaluate('document.documentElement.scrollWidth <= 390'), 'no sideways scrolling of the page')
    await page.close()
  }
})

/** Elements of an XML text that are not closed in their order. */
function openTags (xml: string): string[] {
  const open: string[] = []
  for (const [, end, name = '', rest = ''] of xml.matchAll(/<(\/?)([a-z-]+)((?:\s+[\w-]+="[^"<]*")*\s*\/?)>/g)) {
    if (end === '/') {
      if (open.pop() !== name) return [...open, name]
    } else if (!rest.endsWith('/')) open.push(name)
  }
  return open
}
