import t from 'tap'
import { makeCard, makeScrubber } from '../../support/scrub-samples.ts'

const CARD = makeCard('4556', 16, 41)
const scrubber = makeScrubber()

t.test('a card in a text is masked and not refused', async (t) => {
  const result = scrubber.scrubText(`declined: ${CARD}.`, 'sandbox')
  t.strictSame([result.value, result.refusedPointers], ['declined: [card removed].', []])
  t.equal(result.cardFingerprints.length, 1)
})

t.test('two cards in one token are both counted', async (t) => {
  const other = makeCard('5213', 16, 43)
  t.equal(scrubber.scrubText(Buffer.from(`${CARD},${other}`).toString('base64'), 'sandbox').cardFingerprints.length, 2)
})

t.test('a scheme, a host and the words around a secret stay', async (t) => {
  t.match(scrubber.scrubText('Authorization: Bearer mF_9.B5f-4.1JqM0aBc9 sent', 'sandbox').value, /^Authorization: Bearer \[removed:bearer_token:[a-p]{10}\] sent$/)
  t.match(scrubber.scrubText('https://admin:hunter22@db.corp.com/x', 'sandbox').value, /^https:\/\/admin:\[removed:password:[a-p]{10}\]@db\.corp\.com\/x$/)
})

t.test('a replacement keeps the layout of what it replaces', async (t) => {
  t.match(scrubber.scrubText('GB29 NWBK 6016 1331 9268 19', 'sandbox').value, /^GB\d\d XXXX \d{4} \d{4} \d{4} \d\d$/)
  t.match(scrubber.scrubText('219-09-9998', 'sandbox').value, /^9\d\d-[0-4]\d-\d{4}$/)
  t.match(scrubber.scrubText('+1 (415) 555-2671', 'sandbox').value, /^\+1 \([2-9]\d\d\) 555-01\d\d$/)
  t.match(scrubber.scrubText('+44 7911 123456', 'sandbox').value, /^\+44 \d{4} \d{6}$/)
})

t.test('base64 and percent-encoding keep their form', async (t) => {
  const encoded = scrubber.scrubText(Buffer.from('to: ann@corp.com').toString('base64'), 'sandbox').value
  t.match(Buffer.from(encoded, 'base64').toString(), /^to: [a-p]{16}@example\.test$/)
  t.match(scrubber.scrubText('a%20b ann%40corp.com 50%', 'sandbox').value, /^a%20b [a-p]{16}%40example\.test 50%$/)
})

t.test('sandboxes and keys give different pseudonyms, a day gives none', async (t) => {
  const one = scrubber.scrubText('ann@corp.com', 'one').value
  t.not(scrubber.scrubText('ann@corp.com', 'two').value, one)
  t.equal(makeScrubber({ clock: { nowMs: () => Date.UTC(2030, 1, 1) } }).scrubText('ann@corp.com', 'one').value, one)
})

t.test('a card\'s fingerprint is the same within a day (UTC), in all sandboxes, and another the next day', async (t) => {
  const at = (nowMs: number): string | undefined => makeScrubber({ clock: { nowMs: () => nowMs } }).scrubText(CARD, String(nowMs)).cardFingerprints[0]
  t.equal(at(Date.UTC(2026, 0, 15)), at(Date.UTC(2026, 0, 15, 23, 59, 59, 999)))
  t.not(at(Date.UTC(2026, 0, 15)), at(Date.UTC(2026, 0, 16)))
  t.not(at(Date.UTC(2026, 0, 15)), scrubber.scrubText(makeCard('4556', 16, 1), 'x').cardFingerprints[0])
})

t.test('headers for a log hold no credential, in any mode', async (t) => {
  const headers = { Authorization: 'Bearer x', cookie: 'a=b', 'set-cookie': ['a=b'], 'proxy-authorization': 'Basic eA==', 'x-api-key': 'k', 'x-user': ['ann@corp.com', 'b'], accept: '*/*', te: undefined }
  const { value, removals } = scrubber.scrubHeaders(headers, 'sandbox')
  t.match(value, { Authorization: '[removed]', cookie: '[removed]', 'set-cookie': '[removed]', 'proxy-authorization': '[removed]', 'x-api-key': '[removed]', 'x-user': [/example\.test$/, 'b'], accept: '*/*' })
  t.strictSame(removals, [{ pointer: '/headers/x-user', kind: 'email' }])
  for (const mode of ['report', 'off'] as const) t.equal(makeScrubber({ mode }).scrubHeaders(headers, 'sandbox').value['cookie'], '[removed]')
})
