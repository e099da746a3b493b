import type { DataKind } from '../../../gateway/scrub/index.ts'
import { grouped, makeCard, makeIban } from '../../support/scrub-samples.ts'

/** A made-up text and the kinds that must be found in it; a kind may be found more often than it is named. */
export interface Sample {
  readonly text: string
  readonly kind: DataKind
}

const BRANDS: ReadonlyArray<readonly [string, number]> = [
  ['4539', 16], ['4716', 16], ['4485', 16], ['4929', 19], ['453201', 13], ['5312', 16], ['5467', 16], ['2345', 16], ['2699', 16],
  ['3411', 15], ['3765', 15], ['6011', 16], ['6441', 16], ['6521', 16], ['3041', 14], ['3654', 14], ['3899', 14], ['3540', 16],
  ['6229', 16], ['6217', 19], ['5018', 16], ['6304', 18], ['6759', 16], ['2201', 16], ['9792', 16],
]

const CARDS = BRANDS.map(([prefix, length], at) => makeCard(prefix, length, at + 7))
const VISA = makeCard('4556', 16, 41)
const AMEX = makeCard('3787', 15, 42)
const MASTERCARD = makeCard('5213', 16, 43)

/** Every card number that the positive texts hold. */
export const cards: readonly string[] = [...CARDS, VISA, AMEX, MASTERCARD]

function toFullWidth (digits: string): string {
  return digits.replaceAll(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))
}

const cardTexts: readonly string[] = [
  ...CARDS,
  ...CARDS.filter((card) => card.length === 16).slice(0, 12).map((card) => grouped(card, [4, 4, 4, 4], ' ')),
  grouped(VISA, [4, 4, 4, 4], '-'), grouped(VISA, [4, 4, 4, 4], '.'), grouped(VISA, [4, 4, 4, 4], ' - '), grouped(VISA, [4, 4, 4, 4], '\u00a0'),
  grouped(VISA, [4, 4, 4, 4], '\u200b'), grouped(VISA, [4, 4, 4, 4], '\u2011'), grouped(VISA, [8, 8], ' '), grouped(VISA, [2, 2, 2, 2, 2, 2, 2, 2], ' '),
  [...VISA].join(' '), [...VISA].join('\u200d'), grouped(VISA, [3, 5, 5, 3], '-'), toFullWidth(VISA), toFullWidth(grouped(VISA, [4, 4, 4, 4], ' ')),
  [...VISA].map((digit) => String.fromCharCode(0x660 + Number(digit))).join(''), [...VISA].map((digit) => String.fromCharCode(0x966 + Number(digit))).join(''),
  [...VISA].map((digit) => String.fromCodePoint(0x1d7ce + Number(digit))).join(''),
  grouped(AMEX, [4, 6, 5], ' '), grouped(AMEX, [4, 6, 5], '-'), `Please charge ${VISA} for the order.`, `card:${MASTERCARD},exp:12/29`,
  `card=${MASTERCARD}&cvc=1`, `my number is ${grouped(MASTERCARD, [4, 4, 4, 4], ' ')} 123 12/29`, `%B${VISA}^DOE/JANE^2912101`, `;${VISA}=29121010000012345678?`,
  `x${VISA}y`, `"${VISA}"`, `(${grouped(AMEX, [4, 6, 5], ' ')})`, `first 4242 4242 4242 4242 then ${grouped(VISA, [4, 4, 4, 4], ' ')}`,
  [...VISA].map((digit) => `%3${digit}`).join(''), Buffer.from(VISA).toString('base64'), Buffer.from(`pan ${VISA}`).toString('base64url'), `${VISA}@example.com`,
]

const ibanTexts: readonly string[] = [
  'DE89370400440532013000', 'DE89 3704 0044 0532 0130 00', 'de89 3704 0044 0532 0130 00', 'GB29 NWBK 6016 1331 9268 19', 'FR1420041010050500013M02606',
  'NL91ABNA0417164300', 'ES9121000418450200051332', 'IT60X0542811101000000123456', 'CH9300762011623852957', 'BE68539007547034', 'NO9386011117947',
  'pay to NL91 ABNA 0417 1643 00 please', 'IBAN:ES91 2100 0418 4502 0005 1332.', 'AT61-1904-3002-3457-3201', makeIban('PL', '109010140000071219812874'),
  makeIban('SE', '50000000058398257466'), makeIban('LC', 'HEMM000100010012001200023015'), makeIban('BR', '00360305000010009795493C1'),
]

const emailTexts: readonly string[] = [
  'ann@corp.com', 'Ann.Lee@Corp.Co.Uk', 'a@b.io', 'first.last+tag@sub.domain.org', 'o\'brien@post.ie', 'x_y-z@my-host.museum', 'mailto:ann@corp.com',
  '<ann@corp.com>', 'Ann Lee <ann@corp.com>', 'ann@corp.com,bob@corp.com', 'reach me at ann@corp.com.', '"ann@corp.com"', 'email=ann@corp.com',
  '?to=ann@corp.com&x=1', 'jörg@müller.de', '用户@例子.中国', 'ann\uff20corp.com', 'ann@corp\uff0ecom', 'ann%40corp.com', 'https://x.com/?e=ann%40corp.com',
  Buffer.from('ann.lee@corp.com').toString('base64'), Buffer.from('{"email":"ann@corp.com"}').toString('base64url'), 'ann@corp.xn--p1ai', 'root@mail.internal.corp',
  'tel 5 and ann@corp.com', 'ann@example.co', 'ann@testing.com', 'ann@example.com.evil.net',
]

const phoneTexts: readonly string[] = [
  '+14155552671', '+1 415 555 2671', '+1 (415) 555-2671', '+1-415-555-2671', '+447911123456', '+44 7911 123456', '+44 (0)20 7123 4567', '+33612345678',
  '+33 6 12 34 56 78', '+49 30 901820', '+49 151 12345678', '+34 612 345 678', '+39 06 6982 1234', '+81 3-1234-5678', '+86 139 1234 5678', '+91 98765 43210',
  '+55 11 91234-5678', '+61 412 345 678', '+353 85 123 4567', '+46 70 123 45 67', '+380 44 123 4567', '(415) 555-2671', '415-555-2671', '415.555.2671',
  '1-415-555-2671', 'call (212) 736-5000 today', '07911 123456', '020 7123 4567', '(0161) 123 4567', '06 12 34 56 78', '06.12.34.56.78', '0170/1234567',
  '030-12345678', '0044 7911 123456', 'phone: 4155552671', 'tel 030 901820', 'mobile 07911123456', 'call me on 415 555 2671', 'WhatsApp 447911123456',
  '\uff0b14155552671', '+1\u00a0415\u2011555\u20112671',
]

const ssnTexts: readonly string[] = ['219-09-9998', '123-45-6789', 'ssn 219099998', 'SSN: 219 09 9998', 'social security number is 219-09-9998', 'id (457-55-5462)']
const itinTexts: readonly string[] = ['912-70-1234', 'itin 912-91-1234', '900-50-0001']

const secretTexts: readonly Sample[] = [
  ...['sk_live_4eC39HqLyjWDarjtT1zdp7dc', 'key rk_live_4eC39HqLyjWDarjtT1zdp7dc!', 'AKIAIOSFODNN7EXAMPLE', 'ASIAIOSFODNN7EXAMPLE', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'gho_16C7e42F292c6912E7710c838347Ae178B4a', 'github_pat_11ABCDEFG0123456789abcdefghijklmnop', 'xoxb-123456789012-abcdefGHIJKL', 'xapp-1-A0123-456-abcdef0123',
    'https://hooks.slack.com/services/T0001/B0001/abcdefghijklmnop', 'AIzaSyA1234567890abcdefghijklmnopqrstuv', 'glpat-abcdefghijklmnop1234', 'SG.abcdefghijklmnop12.abcdefghijklmnop34',
    'sk-proj-abcdefghijklmnopqrstuvwx1234', 'npm_abcdefghijklmnopqrstuvwxyz0123456789'].map((text): Sample => ({ text, kind: 'api_key' })),
  { text: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N', kind: 'jwt' },
  { text: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----', kind: 'private_key' },
  { text: 'x -----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04f', kind: 'private_key' },
  { text: 'Authorization: Bearer mF_9.B5f-4.1JqM0aBc9', kind: 'bearer_token' },
  { text: 'authorization: basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==', kind: 'basic_credentials' },
  { text: 'https://admin:hunter22@db.internal/x', kind: 'password' },
  { text: 'password=hunter2&user=ann', kind: 'password' },
  { text: '{"password":"hunter2"}', kind: 'password' },
  { text: 'client_secret=abc123', kind: 'password' },
]

/** Texts that hold personal data or a secret. */
export const positives: readonly Sample[] = [
  ...cardTexts.map((text): Sample => ({ text, kind: 'card' })),
  ...ibanTexts.map((text): Sample => ({ text, kind: 'iban' })),
  ...emailTexts.map((text): Sample => ({ text, kind: 'email' })),
  ...phoneTexts.map((text): Sample => ({ text, kind: 'phone' })),
  ...ssnTexts.map((text): Sample => ({ text, kind: 'ssn' })),
  ...itinTexts.map((text): Sample => ({ text, kind: 'itin' })),
  ...secretTexts,
]

/** The same number with a wrong check digit. */
function spoil (card: string): string {
  return card.slice(0, -1) + String((Number(card.at(-1)) + 1) % 10)
}

/** Texts in which nothing may be found. */
export const negatives: readonly string[] = [
  // Numbers that fail the check digit, or no issuer has, or of another length.
  ...CARDS.map(spoil), ...CARDS.slice(0, 10).map((card) => grouped(spoil(card), [4, 4, 4, 4], ' ')),
  makeCard('1000', 16, 3), makeCard('0000', 16, 4), makeCard('7000', 16, 5), makeCard('9000', 16, 6), makeCard('4000', 12, 7), makeCard('4000', 17, 8),
  makeCard('5500', 15, 9), makeCard('3500', 15, 10), makeCard('4000', 20, 11), makeCard('4000', 24, 12), makeCard('2000', 16, 1), '0000000000000000',
  // Documented test cards.
  '4242424242424242', '4242 4242 4242 4242', '5555555555554444', '378282246310005', '3782 822463 10005', '6011111111111117', '30569309025904', '4111-1111-1111-1111',
  '4242 4242 4242 4242 123 12/34', 'card 4000002500003155 asks for 3DS', '6205500000000000004', '2223003122003222', '4222222222222',
  // Times and dates.
  '1700000000', '1700000000000', '1700000000000000', '1700000000000000000', '2024-01-15T10:30:00.123Z', '2024-01-15 10:30:00+02:00', '20240115103000', '20240115',
  '2024-01-15', '15.01.2024', '01/15/2024', '2024-01-15/2024-02-15', '2024-01-15-10-30-00-123', '10:30:00.123456789',
  // Identifiers.
  '550e8400-e29b-41d4-a716-446655440000', '12345678-1234-1234-1234-123456789012', '4a7d1ed414474e4033ac29ccb8653d9b', '507f1f77bcf86cd799439011',
  '4bf92f3577b34da6a3ce929d0e0e4736', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'cus_NffrFeUfNV2Hib', 'pi_3MtwBwLkdIwHu7ix28a3tqPa',
  'evt_1NG8Du2eZvKYlo2CUI79vXWy', '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'ord-2024-000123', 'INV-2024-0001234', 'SKU 0012-3456-78', 'order 1234567890', '1234567890',
  'tracking 1Z999AA10123456784', 'urn:isbn:9780306406157', 'ISBN 978-0-306-40615-7', 'arn:aws:iam::123456789012:role/x', 'v1.2.3.4567890', 'build 20240115.1234567',
  '175928847299117063', '1146883925071450112', 'PO 4500012345', 'DE123456789', 'AB1234567890', 'ref 0123456789012', 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  // Amounts, measures, addresses.
  '0.4111111111111111', '3.1415926535897932', '12.4539578763621486', '1,234,567,890.00', '1.234.567.890,00', '$1,000,000', '2000', '19.99', '52.5200066,13.4049540',
  '-122.4194155,37.7749295', '192.168.100.200', '10.0.0.1:8443', '2001:db8::ff00:42:8329', '00:1b:44:11:3a:b7', '10117 Berlin', '94103-1234', '1234 5678',
  '100000 x 200000', '5 + 1234567', '2+12345678', '1e21', '12345678901234567890123456789012345', '#12345678', '99999999',
  // Synthetic already.
  'ann@example.com', 'Ann@Example.ORG', 'x@sub.example.net', 'ann@corp.test', 'ann@localhost', 'x@y.invalid', 'x@a.example', '+1 202 555 0143', '(202) 555-0143',
  '+447700900123', '07700 900123', '+33199001234', '900-45-1234', '000-12-3456', '666-12-3456', '123-00-4567', '123-45-0000', 'DE00370400440532013000',
  '[removed:card:abcdefghij]', '[card removed]',
  // Words that look a little like something.
  'logo@2x.png', 'icon@3x.webp', '@ann', 'ann@', 'a @ b', 'ann at corp dot com', 'git@github.com:org/repo.git', 'react@18.2.0', '@scope/package', 'user@host',
  'Basic understanding of authentication', 'bearer of good news and more', 'the bearer authentication scheme', 'sk_test_4eC39HqLyjWDarjtT1zdp7dc', 'eyJ', 'eyJhbGciOiJub25lIn0',
  '-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkq', '-----BEGIN PUBLIC KEY-----', 'https://example.com/path/to/thing?page=2', 'http://localhost:8080/',
  'internationalization', 'requires_payment_method', 'Donaudampfschifffahrtsgesellschaft', 'aGVsbG8gd29ybGQgaG93IGFyZSB5b3U=', '50%25 off', '100%', '%zz%4', 'password must be long',
  'password: required', 'the PIN is four digits', 'A quick brown fox', '日本語のテキスト', 'Привет, мир', '👩‍👩‍👧‍👦 family', 'Łódź 90-001', '', ' ', 'null',
]
