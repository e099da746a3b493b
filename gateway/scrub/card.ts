import { hasIssuerOfLength, isLuhnValid } from './card-brands.ts'
import type { Claims, DetectContext, Span } from './span.ts'

/** What stands where a card number stood. */
export const CARD_REMOVED = '[card removed]'

const LENGTH_MIN = 13
const LENGTH_MAX = 19
/** Separators that may stand between two digits of one number: `4111 - 1111`. */
const SEPARATORS_MAX = 3

/** Digits without a break. */
interface Group {
  readonly start: number
  readonly end: number
}

/**
 * Finds card numbers: 13 to 19 digits, bare or in groups, that an issuer's range and length allow and whose check digit is
 * right. Documented test cards are claimed and left alone.
 *
 * A number begins and ends where a group does, so nothing is found inside a longer id. Decimal fractions, UUIDs, long
 * hexadecimal tokens and numbers after a `+` are passed over; a member named for a card needs no known issuer, and one
 * named for a product code is not read as a 13-digit card.
 */
export function detectCards (text: string, context: DetectContext, claims: Claims): void {
  let run: Group[] = []
  const matcher = /\d+/g
  for (let match = matcher.exec(text); match !== null; match = matcher.exec(text)) {
    const group = { start: match.index, end: match.index + match[0].length }
    const last = run.at(-1)
    if (last !== undefined && !isSeparator(text, last.end, group.start)) {
      readRun(text, run, context, claims)
      run = []
    }
    run.push(group)
  }
  readRun(text, run, context, claims)
}

function isSeparator (text: string, start: number, end: number): boolean {
  if (end - start > SEPARATORS_MAX) return false
  for (let at = start; at < end; at++) if (!' -._\t/'.includes(text.charAt(at))) return false
  return true
}

function readRun (text: string, run: readonly Group[], context: DetectContext, claims: Claims): void {
  for (let first = 0; first < run.length; first++) {
    const found = readFrom(text, run, first, context, claims)
    if (found !== undefined) {
      claims.add(found.span)
      first = found.last
    }
  }
}

/** The number that begins with a group. A documented test card outweighs a longer reading; else the longest is taken. */
function readFrom (text: string, run: readonly Group[], first: number, context: DetectContext, claims: Claims): { span: Span, last: number } | undefined {
  const start = (run[first] as Group).start
  let found: { span: Span, last: number } | undefined
  let digits = ''
  for (let last = first; last < run.length; last++) {
    const group = run[last] as Group
    if (digits.length + group.end - group.start > LENGTH_MAX) break
    digits += text.slice(group.start, group.end)
    if (digits.length < LENGTH_MIN) continue
    if (context.isTestCard(digits)) return { span: { start, end: group.end, kind: 'card' }, last }
    if (isCard(text, run, first, last, digits, context) && !claims.isTaken(start, group.end)) {
      found = { span: { start, end: group.end, kind: 'card', replacement: CARD_REMOVED, pans: [digits] }, last }
    }
  }
  return found
}

function isCard (text: string, run: readonly Group[], first: number, last: number, digits: string, context: DetectContext): boolean {
  if (!isLuhnValid(digits) || /^(\d)\1*$/.test(digits)) return false
  if (context.hint === 'card') return true
  if (!hasIssuerOfLength(digits)) return false
  if (context.hint === 'product-code' && digits.length < 15) return false
  if (first === last) return !isFraction(text, run, first) && !isInHexToken(text, run[first] as Group) && !isAfterPlus(text, run[first] as Group, digits)
  return isGroupedLikeCard(text, run, first, last, digits)
}

/** `0.4111111111111111`: the digits after a decimal point. */
function isFraction (text: string, run: readonly Group[], at: number): boolean {
  const before = run[at - 1]
  const group = run[at] as Group
  return before !== undefined && before.end === group.start - 1 && text.charAt(before.end) === '.' && before.end - before.start <= 6
}

function isAfterPlus (text: string, group: Group, digits: string): boolean {
  return digits.length <= 15 && text.charAt(group.start - 1) === '+'
}

/** Part of 32 or more hexadecimal digits: a hash, a trace id. */
function isInHexToken (text: string, group: Group): boolean {
  let start = group.start
  let end = group.end
  while (start > 0 && group.start - start < 64 && isHex(text.charCodeAt(start - 1))) start--
  while (end < text.length && end - group.end < 64 && isHex(text.charCodeAt(end))) end++
  return end - start >= 32
}

function isHex (code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70)
}

/**
 * True for the groups that people write (4-4-4-4, 4-6-5, 4-6-4, 6-13, equal groups) and for any grouping at all when
 * nothing else stands in the run: that is how one would hide a number.
 */
function isGroupedLikeCard (text: string, run: readonly Group[], first: number, last: number, digits: string): boolean {
  const groups = run.slice(first, last + 1)
  const sizes = groups.map(({ start, end }) => end - start)
  const isPlain = groups.every((group, at) => at === 0 || text.slice((groups[at - 1] as Group).end, group.start) === text.slice((groups[0] as Group).end, (groups[1] as Group).start))
  const size = sizes[0] as number
  if (size <= 6 && sizes.every((each, at) => each === size || (at === sizes.length - 1 && each < size))) return size > 1 || isPlain
  if (/^(?:4-6-[45]|6-13|4-4-4-4-[1-3]|8-8|4-4-8|8-4-4|4-12)$/.test(sizes.join('-'))) return true
  return digits.length >= 15 && isPlain && first === 0 && last === run.length - 1 && text.charAt((groups[0] as Group).start - 1) !== '+'
}
