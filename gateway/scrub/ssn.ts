import { findMatches } from './find-matches.ts'
import type { Claims, DetectContext } from './span.ts'

const DASHED = /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g
const NAMED = /\b(?:ssn|itin|social security|tax ?id)[^\d\n]{0,20}(\d{3}[ .-]?\d{2}[ .-]?\d{4})(?![\w-])/gi

/**
 * Finds United States social security numbers, by the rules of issue (area not 000, 666 or 900–999, no part all zeros),
 * and individual taxpayer numbers (area 9xx with the groups in use). Dashed ones are found anywhere; others need a word or
 * a member's name that says what they are.
 *
 * Each is replaced by a number of area 9xx and group 01–49, which is issued for neither, in the same layout.
 */
export function detectSsns (text: string, context: DetectContext, claims: Claims): void {
  for (const match of findMatches(text, DASHED)) claim(match[0], match.index, context, claims)
  for (const match of findMatches(text, NAMED)) {
    const written = match[1] as string
    claim(written, match.index + match[0].length - written.length, context, claims)
  }
  if (context.hint !== 'ssn') return
  const whole = /^\s{0,8}(\d{3}[ .-]{0,3}\d{2}[ .-]{0,3}\d{4})\s{0,8}$/.exec(text)
  if (whole !== null) claim(whole[1] as string, text.indexOf(whole[1] as string), context, claims)
}

/** A number that stands for itself in JSON, under a name that says what it is; leading zeros are lost there. */
export function replaceSsnNumber (value: number, context: DetectContext): number | undefined {
  const digits = String(value).padStart(9, '0')
  if (digits.length !== 9 || !/^\d{9}$/.test(digits) || kindOf(digits) === undefined) return undefined
  return Number(makeNumber(digits, context))
}

function claim (written: string, start: number, context: DetectContext, claims: Claims): void {
  const digits = written.replaceAll(/\D/g, '')
  const kind = kindOf(digits)
  if (kind === undefined || claims.isTaken(start, start + written.length)) return
  const made = makeNumber(digits, context)
  let at = 0
  claims.add({ start, end: start + written.length, kind, replacement: written.replaceAll(/\d/g, () => made.charAt(at++)) })
}

function makeNumber (digits: string, context: DetectContext): string {
  const pseudonym = context.pseudonym('ssn', digits)
  const group = String(1 + pseudonym.below(49)).padStart(2, '0')
  return `9${pseudonym.digits(2)}${group}${String(1 + pseudonym.below(9999)).padStart(4, '0')}`
}

function kindOf (digits: string): 'ssn' | 'itin' | undefined {
  const [area, group, serial] = [Number(digits.slice(0, 3)), Number(digits.slice(3, 5)), digits.slice(5)]
  if (area >= 900) return isItinGroup(group) ? 'itin' : undefined
  return area === 0 || area === 666 || group === 0 || serial === '0000' ? undefined : 'ssn'
}

function isItinGroup (group: number): boolean {
  return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) || group >= 94
}
