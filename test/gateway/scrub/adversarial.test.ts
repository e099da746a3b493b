import t from 'tap'
import { makeCard, makeScrubber } from '../../support/scrub-samples.ts'

const SIZE = 1_000_000
/** Smaller, as there are many of them; what is quadratic would still take minutes. */
const REPEATED_SIZE = 300_000
const scrubber = makeScrubber()

/** Shapes that make a backtracking expression, or a scan that starts anew at every character, take hours at this size. */
const UNITS = [
  '4', '4 ', '4-', '1234 ', '4111 ', '4.', '\uff14', '\u200b4', '@', 'a@', 'a@a.', '@a', 'a.', 'a@b.c', '+', '+1 ', '+1(', '(415) ', '0 ', '06 ', '00', '07911 ', '-', '--', '-----BEGIN ',
  '-----BEGIN PRIVATE KEY-----', '-----END', 'eyJ', 'eyJa.', 'eyJaaaaaaaa.', 'eyJ-', 'sk_live_', 'AKIA', 'ghp_', 'Bearer ', 'basic a', '://', '://:', '://a:', '%', '%4', '%40', '%34', 'DE89', 'DE', 'GB29 ',
  'tel ', 'tel(', 'ssn ', 'ssn 2', '123-45-', '219-09-9998 ', 'password=', '"password" ', 'YWFh', 'NDUz', '[removed:', '=', '"', '\n', '\ud835', '\u{1d7d2}', 'ann@corp.com ', '+14155552671,', 'https://u:p@',
  makeCard('4556', 16, 3) + ' ', 'a1b2', 'f0', '12345678-1234-1234-1234-',
]

t.test('300 kB of anything repeated is done with', async (t) => {
  for (const unit of UNITS) {
    const text = unit.repeat(Math.ceil(REPEATED_SIZE / unit.length))
    const result = scrubber.scrubText(text, 'sandbox')
    t.equal(typeof result.value, 'string', JSON.stringify(unit))
  }
})

t.test('a megabyte that fails at its very end is done with', async (t) => {
  for (const text of [`${'1'.repeat(SIZE)}!`, `${'a'.repeat(SIZE)}@`, `@${'a'.repeat(SIZE)}`, `+${'1 '.repeat(SIZE / 2)}x`, `eyJ${'a'.repeat(SIZE)}`, `DE89${' 3'.repeat(SIZE / 2)}`]) {
    t.equal(typeof scrubber.scrubText(text, 'sandbox').value, 'string')
  }
})

t.test('a wide body of made-up names is done with', async (t) => {
  const body = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`name_${at}`, at]))
  t.equal(scrubber.scrubJson(body, 'sandbox').value, body)
})

t.test('a body full of keys that become one name is done with', async (t) => {
  const keys = Array.from({ length: 2048 }, (_, at) => [...'ann@verylong.corp'].map((character, bit) => bit < 11 && (at >> bit) % 2 === 1 ? character.toUpperCase() : character).join(''))
  const value = scrubber.scrubJson(Object.fromEntries(keys.map((key) => [key, 1])), 'sandbox').value as object
  t.equal(Object.keys(value).length, new Set(keys).size)
})

t.test('patterns of paths that could backtrack are done with', async (t) => {
  const own = makeScrubber({ always: [`/${'**/a/'.repeat(20)}b`] })
  let body: { [key: string]: unknown } = { c: 'x' }
  for (let depth = 0; depth < 150; depth++) body = { a: body }
  t.equal(own.scrubJson(body as never, 'sandbox').value, body)
})
