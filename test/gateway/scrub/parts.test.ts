import t from 'tap'
import { hasIssuerOfLength, isLuhnValid } from '../../../gateway/scrub/card-brands.ts'
import { hintOfName } from '../../../gateway/scrub/member-name.ts'
import { compilePaths } from '../../../gateway/scrub/paths.ts'
import { documentedTestCards } from '../../../gateway/scrub/test-cards.ts'
import { makeScrubber } from '../../support/scrub-samples.ts'

t.test('every number in the list of test cards would be refused if it were not there', async (t) => {
  for (const card of documentedTestCards) t.ok(isLuhnValid(card) && hasIssuerOfLength(card), card)
})

t.test('patterns name members by *, one step, and **, any number of steps', async (t) => {
  const matches = (pattern: string, ...path: Array<string | number>): boolean => compilePaths([pattern], { ignoreCase: false }).matches(path)
  t.notOk(matches('/a/b', 'a'))
  t.notOk(matches('/a/b', 'a', 'b', 'c'))
  t.notOk(matches('/a/*/c', 'a', 'c'))
  t.notOk(matches('/**/c', 'c', 'd'))
  t.notOk(matches('/A', 'a'))
  t.ok(matches('/a/b', 'a', 'b'))
  t.ok(matches('/a/*/c', 'a', 7, 'c'))
  t.ok(matches('/**/c', 'c'))
  t.ok(matches('/**/c', 'a', 0, 'c'))
  t.ok(matches('/a/**', 'a'))
  t.ok(matches('/a/**/c/**/e', 'a', 'b', 'c', 'c', 'd', 'e'))
  t.ok(matches('/a~1b/m~0n', 'a/b', 'm~n'))
  t.ok(matches(''))
  t.ok(compilePaths(['/**/Pin'], { ignoreCase: true }).matches(['x', 'PIN']))
})

t.test('names are read as people write them', async (t) => {
  for (const name of ['phone', 'phoneNumber', 'phone_number', 'customer[phone]', 'billing.phone', 'home-phone', 'Mobile', 'phones[0]']) t.equal(hintOfName(name), 'phone', name)
  for (const name of ['headphones_model', 'phonetic', 'ibanez', 'number', 'emailed_at', 'x'.repeat(10_000)]) t.not(hintOfName(name), 'iban', name)
  for (const name of ['phonetic', 'emailed_at', 'number', 'assn_id']) t.equal(hintOfName(name), undefined, name)
  t.equal(hintOfName('number', 'card'), 'card')
})

t.test('half a surrogate pair is survived everywhere', async (t) => {
  const scrubber = makeScrubber()
  const text = `\udc00${'\u{10000}'.repeat(40)}@corp.com\ud800`
  t.notMatch(scrubber.scrubText(text, 's').value, /corp/)
  t.notMatch(scrubber.scrubJson({ [text]: text }, 's').value, /corp/)
  t.notMatch(scrubber.scrubQuery(`a=${text}%F0%90&${text}`, 's').value, /corp/)
  t.notMatch(scrubber.scrubPath(`/${text}`, 's').value, /corp/)
})
