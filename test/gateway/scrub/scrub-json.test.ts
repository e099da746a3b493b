import t from 'tap'
import type { Json } from '../../../kernel/index.ts'
import { makeCard, makeScrubber } from '../../support/scrub-samples.ts'

const CARD = makeCard('4556', 16, 41)
const scrubber = makeScrubber()

t.test('a card that is no test card is refused by its pointer and stands nowhere in the result', async (t) => {
  const result = scrubber.scrubJson({ payment_method: { card: { number: CARD } }, note: [`again ${CARD}`] }, 'sandbox')
  t.strictSame(result.refusedPointers, ['/payment_method/card/number', '/note/0'])
  t.equal(result.cardFingerprints.length, 1, 'one card, one fingerprint')
  t.notMatch(JSON.stringify(result), CARD)
})

t.test('a card sent as a JSON number is refused', async (t) => {
  const result = scrubber.scrubJson({ n: Number(CARD) }, 'sandbox')
  t.strictSame([result.value, result.refusedPointers], [{ n: 0 }, ['/n']])
})

t.test('a 19-digit number that lost its last digits is refused under a card\'s name only', async (t) => {
  t.strictSame(scrubber.scrubJson({ card_number: 6212345678901234000 }, 'sandbox').refusedPointers, ['/card_number'])
  t.strictSame(scrubber.scrubJson({ id: 6212345678901234000 }, 'sandbox').refusedPointers, [])
})

t.test('a card as an object key is refused and does not stand in the pointer', async (t) => {
  const result = scrubber.scrubJson({ a: { [CARD]: { email: 'ann@corp.com' } } }, 'sandbox')
  t.strictSame(result.refusedPointers, ['/a/[card removed]'])
  t.strictSame(result.removals.map(({ pointer }) => pointer), ['/a/[card removed]', '/a/[card removed]/email'])
  t.notMatch(JSON.stringify(result), CARD)
})

t.test('a card in a member that is always replaced is still refused', async (t) => {
  const result = scrubber.scrubJson({ cvc: CARD, pin: Number(CARD) }, 'sandbox')
  t.strictSame(result.refusedPointers, ['/cvc', '/pin'])
  t.notMatch(JSON.stringify(result), CARD)
})

t.test('under a card\'s name an unknown issuer is enough', async (t) => {
  const unknown = makeCard('7000', 16, 2)
  t.strictSame(scrubber.scrubJson({ card_number: unknown, card: { number: unknown }, order: { number: unknown } }, 'sandbox').refusedPointers, ['/card_number', '/card/number'])
})

t.test('documented and configured test cards pass, however they are written', async (t) => {
  const own = makeScrubber({ testCards: [CARD.replace(/(\d{4})/g, '$1 ')] })
  const body = { a: '4242 4242 4242 4242', b: 4242424242424242, c: CARD, d: '5555-5555-5555-4444' }
  t.equal(own.scrubJson(body, 'sandbox').value, body)
})

t.test('what a person may be known by is replaced in kind, and types stay', async (t) => {
  const { value } = scrubber.scrubJson({ email: 'ann@corp.com', phone: 4155552671, mobile: '07911123456', ssn: '219099998', tax_id: 219099998, iban: 'DE89370400440532013000' }, 'sandbox')
  t.match(value, { email: /^[a-p]{16}@example\.test$/, mobile: /^0\d{10}$/, ssn: /^9\d{8}$/, tax_id: Number, iban: /^DE\d{2}9999\d{14}$/ })
  t.match(String((value as { phone: number }).phone), /^[2-9]\d{2}55501\d{2}$/)
})

t.test('members that are always replaced give nothing away: codes become zeros, texts a mark', async (t) => {
  const { value } = scrubber.scrubJson({ cvc: '123', card: { CVV: '9876' }, pin: 1234, password: 'hunter2', secret: { deep: ['x', null, true] } }, 'sandbox')
  t.match(value, { cvc: '000', card: { CVV: '0000' }, pin: 0, password: /^\[removed:member:[a-p]{10}\]$/, secret: { deep: [/^\[removed:member:/, null, true] } })
  t.equal(scrubber.scrubJson(value, 'sandbox').value, value, 'and stay as they are the second time')
})

t.test('allowed members and all below them are never touched', async (t) => {
  const own = makeScrubber({ allow: ['/metadata/**', '/items/*/code', '/**/raw'] })
  const body = { metadata: { a: CARD, b: { c: 'ann@corp.com' } }, items: [{ code: CARD }], x: { raw: { email: 'ann@corp.com' } } }
  t.equal(own.scrubJson(body, 'sandbox').value, body)
  t.strictSame(own.scrubJson({ items: [{ name: CARD }] }, 'sandbox').refusedPointers, ['/items/0/name'])
})

t.test('a clean body comes back as the same object', async (t) => {
  const body = { id: 'cus_NffrFeUfNV2Hib', created: 1700000000, tags: ['a', { b: null }], email: 'ann@example.com' }
  const result = scrubber.scrubJson(body, 'sandbox')
  t.equal(result.value, body)
  t.strictSame([result.removals, result.refusedPointers, result.cardFingerprints], [[], [], []])
})

t.test('only what lies on the way to a change is copied, and the original stays', async (t) => {
  const body = { changed: { email: 'ann@corp.com' }, same: { a: [1] } }
  const value = scrubber.scrubJson(body, 'sandbox').value as typeof body
  t.not(value.changed, body.changed)
  t.equal(value.same, body.same)
  t.equal(body.changed.email, 'ann@corp.com')
  t.strictSame(Object.keys(value), ['changed', 'same'])
})

t.test('keys that become one name stay two members', async (t) => {
  const value = scrubber.scrubJson({ 'ann@corp.com': 1, 'Ann@Corp.com': 2 }, 'sandbox').value as Record<string, number>
  t.strictSame(Object.values(value), [1, 2])
  t.equal(scrubber.scrubJson(value, 'sandbox').value, value)
})

t.test('a member named __proto__ is data like any other and changes no prototype', async (t) => {
  const value = scrubber.scrubJson(JSON.parse('{"__proto__":{"email":"ann@corp.com"},"constructor":{"prototype":"bob@corp.com"}}') as Json, 'sandbox').value as object
  t.equal(Object.getPrototypeOf(value), Object.prototype)
  t.ok(Object.hasOwn(value, '__proto__'))
  t.notMatch(JSON.stringify(value), /corp\.com/)
  t.notOk('email' in {})
})

t.test('inherited members are not taken for the body\'s own', async (t) => {
  const body = Object.create({ email: 'ann@corp.com' }) as { [key: string]: Json }
  t.equal(scrubber.scrubJson(body, 'sandbox').value, body)
})

t.test('what lies deeper than 200 levels goes unseen and is therefore removed', async (t) => {
  const nest = (levels: number): Json => levels === 0 ? 'ann@corp.com' : [nest(levels - 1)]
  t.match(JSON.stringify(scrubber.scrubJson(nest(199), 'sandbox').value), /example\.test/)
  const deep = scrubber.scrubJson(nest(5000), 'sandbox')
  t.strictSame(deep.removals.map(({ kind }) => kind), ['too_deep'])
  t.notMatch(JSON.stringify(deep.value), /corp\.com/)
})

t.test('scalars at the top are scrubbed', async (t) => {
  t.match(scrubber.scrubJson('ann@corp.com', 'sandbox').value, /example\.test$/)
  t.strictSame(scrubber.scrubJson(CARD, 'sandbox').refusedPointers, [''])
  for (const value of [null, true, 1, '']) t.equal(scrubber.scrubJson(value, 'sandbox').value, value)
})

t.test('in mode report nothing changes and nothing is refused, but all is told', async (t) => {
  const body = { email: 'ann@corp.com', [CARD]: CARD }
  const result = makeScrubber({ mode: 'report' }).scrubJson(body, 'sandbox')
  t.equal(result.value, body)
  t.strictSame(result.refusedPointers, [])
  t.strictSame(result.removals.map(({ kind }) => kind), ['email', 'card', 'card'])
  t.notMatch(JSON.stringify(result.removals), CARD)
  t.equal(result.cardFingerprints.length, 1)
})

t.test('in mode off nothing is looked at', async (t) => {
  const off = makeScrubber({ mode: 'off' })
  const body = { number: CARD }
  t.strictSame([off.scrubJson(body, 'sandbox').value, off.scrubJson(body, 'sandbox').removals, off.scrubText(CARD, 'sandbox').value], [body, [], CARD])
})
