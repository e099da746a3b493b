import fc from 'fast-check'
import t from 'tap'
import type { Json } from '../../../kernel/index.ts'
import { grouped, makeCard, makeIban, makeScrubber } from '../../support/scrub-samples.ts'

const scrubber = makeScrubber()
const OPTIONS = { seed: 20260115, numRuns: 400 }

const card = fc.record({ brand: fc.constantFrom(['45', 16], ['52', 16], ['37', 15], ['6011', 16], ['3540', 16]), seed: fc.nat(1e9) })
  .map(({ brand, seed }) => makeCard(brand[0] as string, brand[1] as number, seed))
const email = fc.emailAddress({ size: 'small' }).filter((address) => !/[/?#&=%{}]/.test(address))
const phone = fc.tuple(fc.constantFrom('1415555', '447911', '336123', '4915112', '9198765'), fc.integer({ min: 1000000, max: 9999999 }))
  .map(([prefix, rest]) => `+${`${prefix}${rest}`.slice(0, 12)}`)
const iban = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 18, maxLength: 18 }).map((digits) => makeIban('DE', digits.join('')))
const ssn = fc.tuple(fc.integer({ min: 100, max: 665 }), fc.integer({ min: 10, max: 99 }), fc.integer({ min: 1000, max: 9999 })).map((parts) => parts.join('-'))
const filler = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(' ', '@', '%40', '-', '.', '+', '0', '4111', '\u200b', 'tel ', '://', 'eyJ', 'Bearer ', '=', '"'))
const mixed = fc.array(fc.oneof(filler, card, email, phone, iban, ssn), { maxLength: 6 }).map((parts) => parts.join(''))

t.test('scrubbing twice is scrubbing once, whatever stands around a value', async () => {
  fc.assert(fc.property(mixed, (text) => {
    const once = scrubber.scrubText(text, 's').value
    return scrubber.scrubText(once, 's').value === once && scrubber.scrubText(once, 's').removals.length === 0
  }), OPTIONS)
})

t.test('scrubbing a body, a query or a path twice is scrubbing it once', async () => {
  fc.assert(fc.property(fc.dictionary(fc.oneof(mixed, fc.constantFrom('phone', 'ssn', 'cvc', 'card_number', 'email')), fc.oneof(mixed, fc.array(mixed), fc.nat(1e10))), (body) => {
    const once = scrubber.scrubJson(body, 's').value
    return scrubber.scrubJson(once, 's').value === once
  }), OPTIONS)
  fc.assert(fc.property(fc.array(fc.tuple(mixed, mixed)), (pairs) => {
    const once = scrubber.scrubQuery(pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&'), 's').value
    return scrubber.scrubQuery(once, 's').value === once
  }), { ...OPTIONS, numRuns: 200 })
  fc.assert(fc.property(fc.array(mixed), (segments) => {
    const once = scrubber.scrubPath(`/${segments.map(encodeURIComponent).join('/')}`, 's').value
    return scrubber.scrubPath(once, 's').value === once
  }), { ...OPTIONS, numRuns: 200 })
})

t.test('the same value gives the same pseudonym alone and within a text', async () => {
  fc.assert(fc.property(fc.oneof(email, phone, iban, ssn), (value) => {
    const alone = scrubber.scrubText(value, 's').value
    return scrubber.scrubText(`see ${value}, please`, 's').value === `see ${alone}, please`
  }), OPTIONS)
})

t.test('nothing of a value is left where it stood', async () => {
  fc.assert(fc.property(fc.oneof(card, phone, iban, ssn), (value) => !scrubber.scrubText(`x ${value} y`, 's').value.includes(value)), OPTIONS)
  fc.assert(fc.property(email, (value) => {
    const { value: left } = scrubber.scrubText(`x ${value} y`, 's')
    return /@example\.(?:com|org|net)$|\.(?:test|example|invalid)$/.test(value) || !left.includes(value.slice(value.indexOf('@')))
  }), OPTIONS)
})

t.test('a card is refused however it is grouped, and never stands in the result', async () => {
  const layout = fc.constantFrom<[readonly number[], string]>([[16], ''], [[4, 4, 4, 4], ' '], [[4, 4, 4, 4], '-'], [[4, 4, 4, 4], '.'], [[4, 4, 4, 4], '\u2009'], [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], '\u200b'])
  fc.assert(fc.property(fc.nat(1e9), layout, (seed, [sizes, separator]) => {
    const digits = makeCard('4539', 16, seed)
    const result = scrubber.scrubJson({ note: `pay ${grouped(digits, sizes, separator)} now` }, 's')
    return result.refusedPointers[0] === '/note' && !JSON.stringify(result).replaceAll(/[^\d]/g, '').includes(digits)
  }), OPTIONS)
})

t.test('formats are kept: an IBAN stays a valid IBAN, a phone number stays in the form of E.164, an SSN has a part that is never issued', async (t) => {
  fc.assert(fc.property(iban, (value) => {
    const made = scrubber.scrubText(value, 's').value
    return made === makeIban('DE', made.slice(4)) && made.length === value.length
  }), OPTIONS)
  fc.assert(fc.property(phone, (value) => /^\+[1-9]\d{9,13}$/.test(scrubber.scrubText(value, 's').value)), OPTIONS)
  fc.assert(fc.property(ssn, (value) => /^9\d\d-(?:0[1-9]|[1-4]\d)-(?!0000)\d{4}$/.test(scrubber.scrubText(value, 's').value)), OPTIONS)
  t.pass('held for all runs')
})

t.test('any body is survived, and a clean one is the same object', async () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
    const result = scrubber.scrubJson(value as Json, 's')
    return result.removals.length > 0 || result.value === value
  }), OPTIONS)
})
