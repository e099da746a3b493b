import { findMatches } from './find-matches.ts'
import { drawReservedNumber, hasCountryCode, isReservedNumber, reservedCountryCode } from './phone-ranges.ts'
import type { Claims, DetectContext } from './span.ts'

const INTERNATIONAL = /(?<![\w+])\+(?:[ .()/-]{0,2}\d){8,15}(?!\d)/g
const INTERNATIONAL_00 = /(?<![\w.+-])00[1-9]\d{0,2} (?:[ .()/-]{0,2}\d){6,12}(?![\w-])/g
/** (415) 555-2671, 415-555-2671, 1-415-555-2671 (North America). */
const NANP = /(?<![\w.+/-]|\d )(?:1[ .-])?(?:\([2-9]\d{2}\) ?[2-9]\d{2}[ .-]\d{4}|[2-9]\d{2}-[2-9]\d{2}-\d{4}|[2-9]\d{2}\.[2-9]\d{2}\.\d{4})(?![\w-]|\.\d)/g
/** 07911 123456, 020 7946 0958, (0161) 496 0000 (United Kingdom); 030 12345678, 0170/1234567 (Germany and others). */
const TRUNK_ZERO = /(?<![\w.+/-]|\d )(?:\(0[1-9]\d{1,3}\) ?|0[1-9]\d{1,3}[ /-])(?:\d{5,8}|\d{3,4}[ -]\d{3,4})(?![\w-]|[ .]\d)/g
/** 06 12 34 56 78 (France). */
const PAIRS = /(?<![\w.+/-]|\d )0[1-9](?:[ .-]\d{2}){4}(?![\w-]|[ .]\d)/g
const AFTER_WORD = /\b(?:phone|telephone|tel|mobile|cell|fax|call|calling|dial|ring|whatsapp|sms|text|msisdn|handy|telefon|telefono|teléfono|téléphone|portable|mobil|rufnummer)\b[^\d+(\n]{0,20}(\+?\(?\d(?:[ .()/-]{0,2}\d){6,14})(?![\w-])/gi
const WHOLE = /^\s{0,4}\+?\(?\d(?:[ .()/-]{0,3}\d){6,14}(?: ?(?:x|ext\.?|#) ?\d{1,6})?\s{0,4}$/i

const NATIONAL = [INTERNATIONAL_00, NANP, TRUNK_ZERO, PAIRS]

const DATE = /^(?:\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4})(?:\D|$)/

/**
 * Finds telephone numbers: international ones by their `+` or `00`; national ones where the way they are written says what
 * they are; bare digits only after a word or under a member's name that does. Each is replaced by a number that the
 * country's regulator set aside, in the same layout where the lengths allow. `+1 415…`, `(415) …` and a member `phone` with
 * the same digits are one number and get one pseudonym.
 *
 * The ranges are small (a hundred to some tens of thousands a country), so two people may share a pseudonym.
 */
export function detectPhones (text: string, context: DetectContext, claims: Claims): void {
  if (context.hint === 'phone' && WHOLE.test(text)) {
    const start = text.length - text.trimStart().length
    claim(text.trim().replace(/ ?(?:x|ext\.?|#) ?\d{1,6}$/i, ''), start, context, claims)
  }
  if (text.includes('+')) for (const match of findMatches(text, INTERNATIONAL)) claimInternational(match[0], match.index, context, claims)
  for (const pattern of NATIONAL) {
    for (const match of findMatches(text, pattern)) claim(match[0], match.index, context, claims)
  }
  if (!/[A-Za-z]{3}/.test(text)) return
  for (const match of findMatches(text, AFTER_WORD)) {
    const written = match[1] as string
    if (!DATE.test(written)) claim(written, match.index + match[0].length - written.length, context, claims)
  }
}

/** A number that stands for itself in JSON, under a name that says what it is. */
export function replacePhoneNumber (value: number, context: DetectContext): number | undefined {
  const digits = String(value)
  if (!/^\d{7,15}$/.test(digits)) return undefined
  const made = pseudonymOf(digits, context)
  return made === undefined ? undefined : Number(made.replaceAll(/\D/g, ''))
}

/** Cuts what follows the longest number that the country has: `+1 415 555 2671 12` ends before the 12. */
function claimInternational (written: string, start: number, context: DetectContext, claims: Claims): void {
  const digits = written.replaceAll(/\D/g, '')
  if (!hasCountryCode(digits)) return
  const max = digits.startsWith('1') || digits.startsWith('7') ? 11 : digits.startsWith('44') || digits.startsWith('353') ? 12 : digits.startsWith('33') ? 11 : 15
  let cut = written
  while (cut.replaceAll(/\D/g, '').length > max) {
    const shorter = cut.replace(/[ .()/-]{1,2}\d{1,15}$/, '')
    if (shorter === cut) break
    cut = shorter
  }
  if (cut.replaceAll(/\D/g, '').length >= 8) claim(cut, start, context, claims)
}

function claim (written: string, start: number, context: DetectContext, claims: Claims): void {
  const end = start + written.length
  if (claims.isTaken(start, end)) return
  const replacement = pseudonymOf(written, context)
  claims.add(replacement === undefined ? { start, end, kind: 'phone' } : { start, end, kind: 'phone', replacement })
}

/** The pseudonym in the layout of what was written; undefined when it is synthetic already. */
function pseudonymOf (written: string, context: DetectContext): string | undefined {
  const digits = written.replaceAll(/\D/g, '')
  const { e164, trunk } = readNumber(digits, written.includes('+'))
  if (isReservedNumber(e164)) return undefined
  const made = drawReservedNumber(e164, context.pseudonym('phone', e164))
  const code = reservedCountryCode(e164)
  const shown = trunk === 'none' ? made : trunk + (trunk === '00' ? made : made.slice(code.length))
  return layOut(written, shown)
}

/** Digits in E.164 order as far as they tell their country, and what stood before them instead of the country code. */
function readNumber (digits: string, hasPlus: boolean): { e164: string, trunk: 'none' | '' | '0' | '00' } {
  if (hasPlus) return { e164: digits.replace(/^(44|33|49|61|353|46)0/, '$1'), trunk: 'none' }
  if (digits.startsWith('00') && digits.length >= 10) return { e164: digits.slice(2), trunk: '00' }
  if (/^[2-9]\d{2}[2-9]\d{6}$/.test(digits)) return { e164: `1${digits}`, trunk: '' }
  if (/^0[1-9]\d{8}$/.test(digits)) return { e164: `33${digits.slice(1)}`, trunk: '0' }
  if (/^0(?:7[1-9]|[12])\d{8,9}$/.test(digits)) return { e164: `44${digits.slice(1)}`, trunk: '0' }
  if (digits.startsWith('0')) return { e164: `49${digits.slice(1)}`, trunk: '0' }
  return digits.length >= 11 ? { e164: digits, trunk: 'none' } : { e164: `1${digits}`, trunk: '' }
}

function layOut (written: string, digits: string): string {
  if (written.replaceAll(/\D/g, '').length !== digits.length) return written.includes('+') ? `+${digits}` : digits
  let at = 0
  return written.replaceAll(/\d/g, () => digits.charAt(at++))
}
