import type { Claims, DetectContext } from './span.ts'
import type { Pseudonym } from './pseudonym.ts'

/** Lengths by country, from the IBAN registry (ISO 13616). */
const LENGTHS: ReadonlyMap<string, number> = new Map(`
  AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18
  FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20
  LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24
  SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
`.trim().split(/\s+/).map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]))

/** Characters of the BBAN that mark a made-up account: the bank code 9999 or XXXX, which no registry assigns. */
const MARK_LENGTH = 4

/**
 * Finds IBANs, compact or in groups, of a known country, of its length, and with the right check digits (ISO 7064 MOD
 * 97-10). Each is replaced by one of the same country, length and layout, with a bank code that is nobody's.
 */
export function detectIbans (text: string, context: DetectContext, claims: Claims): void {
  if (!/[A-Za-z]{2}\d{2}/.test(text)) return
  const matcher = /[A-Za-z]{2}\d{2}/g
  for (let match = matcher.exec(text); match !== null; match = matcher.exec(text)) {
    matcher.lastIndex = match.index + 1
    if (match.index > 0 && isAlphanumeric(text.charCodeAt(match.index - 1))) continue
    const length = LENGTHS.get(match[0].slice(0, 2).toUpperCase())
    const end = length === undefined ? -1 : readEnd(text, match.index, length)
    if (end < 0 || claims.isTaken(match.index, end)) continue
    const written = text.slice(match.index, end)
    const iban = compact(written)
    if (!hasValidCheckDigits(iban)) continue
    const span = { start: match.index, end, kind: 'iban' } as const
    claims.add(isSynthetic(iban) ? span : { ...span, replacement: layOut(written, makeIban(iban, context.pseudonym('iban', iban))) })
    matcher.lastIndex = end
  }
}

/** The end of `length` letters and digits with single separators between them, or -1; no more may follow unseparated. */
function readEnd (text: string, start: number, length: number): number {
  let at = start
  for (let count = 0; count < length; at++) {
    const code = text.charCodeAt(at)
    if (isAlphanumeric(code)) count++
    else if (!isGap(text, at)) return -1
  }
  return at < text.length && isAlphanumeric(text.charCodeAt(at)) ? -1 : at
}

function isGap (text: string, at: number): boolean {
  return ' -.'.includes(text.charAt(at)) && at < text.length && isAlphanumeric(text.charCodeAt(at - 1))
}

function isAlphanumeric (code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
}

function compact (written: string): string {
  return written.replaceAll(/[ .-]/g, '').toUpperCase()
}

function hasValidCheckDigits (iban: string): boolean {
  return remainder97(iban.slice(4) + iban.slice(0, 4)) === 1
}

function remainder97 (text: string): number {
  let rest = 0
  for (const character of text) {
    const value = Number.parseInt(character, 36)
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97
  }
  return rest
}

function isSynthetic (iban: string): boolean {
  return /^[9X]{4}/.test(iban.slice(4))
}

function makeIban (iban: string, pseudonym: Pseudonym): string {
  const bban = [...iban.slice(4)].map((character, at) => {
    const isDigit = character <= '9'
    if (at < MARK_LENGTH) return isDigit ? '9' : 'X'
    return isDigit ? pseudonym.digits(1) : String.fromCharCode(65 + pseudonym.below(26))
  }).join('')
  const country = iban.slice(0, 2)
  return `${country}${String(98 - remainder97(`${bban}${country}00`)).padStart(2, '0')}${bban}`
}

/** The new characters in the places, and the case, of the old ones. */
function layOut (written: string, iban: string): string {
  let at = 0
  return written.replaceAll(/[A-Za-z0-9]/g, (old) => {
    const character = iban.charAt(at++)
    return old >= 'a' && at <= 2 ? character.toLowerCase() : character
  })
}
