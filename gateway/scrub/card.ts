import { hasIssuerOfLength, isLuhnValid } from './card-brands.ts'
import type { Claims, DetectContext } from './span.ts'

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

/** Groups with nothing but separators between them. */
interface Run {
  readonly groups: Group[]
  /** The digits of all groups, and where in them each group begins. */
  readonly digits: string
  readonly offsets: readonly number[]
}

/** A card number that takes the groups from `first` to `last` of a run. */
interface Reading {
  readonly first: number
  readonly last: number
  readonly digits: string
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
  let groups: Group[] = []
  const matcher = /\d+/g
  for (let match = matcher.exec(text); match !== null; match = matcher.exec(text)) {
    const group = { start: match.index, end: match.index + match[0].length }
    const last = groups.at(-1)
    if (last !== undefined && !isSeparator(text, last.end, group.start)) {
      readRun(text, groups, context, claims)
      groups = []
    }
    groups.push(group)
  }
  readRun(text, groups, context, claims)
}

function isSeparator (text: string, start: number, end: number): boolean {
  if (end - start > SEPARATORS_MAX) return false
  for (let at = start; at < end; at++) if (!' -._\t/'.includes(text.charAt(at))) return false
  return true
}

function readRun (text: string, groups: Group[], context: DetectContext, claims: Claims): void {
  const offsets: number[] = []
  let length = 0
  for (const { start, end } of groups) {
    offsets.push(length)
    length += end - start
  }
  if (length < LENGTH_MIN) return
  const run = { groups, offsets, digits: groups.map(({ start, end }) => text.slice(start, end)).join('') }
  for (let first = 0; first < groups.length; first++) {
    const reading = readFrom(text, run, first, context, claims)
    if (reading === undefined) continue
    const span = { start: (groups[first] as Group).start, end: (groups[reading.last] as Group).end, kind: 'card' } as const
    claims.add(context.isTestCard(reading.digits) ? span : { ...span, replacement: CARD_REMOVED, pans: [reading.digits] })
    first = reading.last
  }
}

/** The number that begins with a group. A documented test card outweighs a longer reading; else the longest is taken. */
function readFrom (text: string, run: Run, first: number, context: DetectContext, claims: Claims): Reading | undefined {
  const from = run.offsets[first] as number
  let found: Reading | undefined
  for (let last = first; last < run.groups.length; last++) {
    const to = run.offsets[last + 1] ?? run.digits.length
    if (to - from > LENGTH_MAX) break
    if (to - from < LENGTH_MIN || !isLuhnValid(run.digits, from, to)) continue
    const reading = { first, last, digits: run.digits.slice(from, to) }
    if (context.isTestCard(reading.digits)) return reading
    if (isCard(text, run.groups, reading, context) && !claims.isTaken((run.groups[first] as Group).start, (run.groups[last] as Group).end)) found = reading
  }
  return found
}

function isCard (text: string, groups: readonly Group[], reading: Reading, context: DetectContext): boolean {
  const { first, last, digits } = reading
  if (/^(\d)\1*$/.test(digits)) return false
  if (context.hint === 'card') return true
  if (!hasIssuerOfLength(digits)) return false
  if (context.hint === 'product-code' && digits.length < 15) return false
  const group = groups[first] as Group
  if (first !== last) return isGroupedLikeCard(text, groups, reading)
  return !isFraction(text, groups, first) && !isInHexToken(text, group) && !isAfterPlus(text, group, digits)
}

/** `0.4111111111111111`: the digits after a decimal point. */
function isFraction (text: string, groups: readonly Group[], at: number): boolean {
  const before = groups[at - 1]
  const group = groups[at] as Group
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
function isGroupedLikeCard (text: string, run: readonly Group[], { first, last, digits }: Reading): boolean {
  const groups = run.slice(first, last + 1)
  const sizes = groups.map(({ start, end }) => end - start)
  const [size] = sizes as [number]
  const isPlain = new Set(groups.slice(1).map(({ start }, at) => text.slice((groups[at] as Group).end, start))).size === 1
  if (size <= 6 && sizes.every((each, at) => each === size || (at === sizes.length - 1 && each < size))) return size > 1 || isPlain
  if (/^(?:4-6-[45]|6-13|4-4-4-4-[1-3]|8-8|4-4-8|8-4-4|4-12)$/.test(sizes.join('-'))) return true
  return digits.length >= 15 && isPlain && first === 0 && last === run.length - 1 && text.charAt((groups[0] as Group).start - 1) !== '+'
}
