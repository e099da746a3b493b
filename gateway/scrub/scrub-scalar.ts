import { isLuhnValid } from './card-brands.ts'
import type { MemberHint } from './member-name.ts'
import { replacePhoneNumber } from './phone.ts'
import { formatRemoved, isRemovedMark, type Pseudonyms } from './pseudonym.ts'
import type { ScanText } from './scan-text.ts'
import type { DataKind, DetectContext } from './span.ts'
import { replaceSsnNumber } from './ssn.ts'

/** A scalar in which something was found. */
export interface FoundScalar {
  readonly value: string | number
  readonly kinds: readonly DataKind[]
  readonly pans: readonly string[]
}

/** Scrubs one string or number; undefined when it is clean. `isAlways`: replaced whatever it looks like. */
export type ScrubScalar = (value: string | number, scope: string, hint: MemberHint | undefined, isAlways: boolean) => FoundScalar | undefined

/** Codes of digits (a PIN, a CVC) become zeros of the same length, which validation by format accepts. */
const CODE_LENGTH_MAX = 8

/** Makes the scrubbing of scalars. Numbers stay numbers, so that a body keeps its types. */
export function createScrubScalar (deps: { readonly scan: ScanText, readonly pseudonyms: Pseudonyms, readonly isTestCard: (digits: string) => boolean }): ScrubScalar {
  const { scan, pseudonyms, isTestCard } = deps

  function scrubNumber (value: number, scope: string, hint: MemberHint | undefined): FoundScalar | undefined {
    const size = Math.abs(value)
    if (size < 1_000_000 || !Number.isInteger(value)) return undefined
    const context: DetectContext = { hint, isTestCard, pseudonym: (kind, canonical) => pseudonyms.of(scope, kind, canonical) }
    const replaced = hint === 'phone' ? replacePhoneNumber(size, context) : hint === 'ssn' ? replaceSsnNumber(size, context) : undefined
    if (replaced !== undefined) return { value: replaced, kinds: [hint === 'phone' ? 'phone' : 'ssn'], pans: [] }
    if (size < 1e12 || size >= 1e19) return undefined
    const digits = BigInt(size).toString()
    if (Number.isSafeInteger(value)) {
      const found = scan(digits, scope, hint)
      return found !== undefined && found.pans.length > 0 ? { value: 0, kinds: ['card'], pans: found.pans } : undefined
    }
    return hint === 'card' && /^[2-6]/.test(digits) && !isTestCard(digits) ? { value: 0, kinds: ['card'], pans: [digits] } : undefined
  }

  function scrubAlways (value: string | number, scope: string): FoundScalar | undefined {
    if (typeof value === 'number') {
      if (value === 0) return undefined
      const digits = String(value)
      const isPan = digits.length >= 13 && isLuhnValid(digits) && scan(digits, scope)?.pans.length === 1
      return { value: 0, kinds: isPan ? ['card'] : ['member'], pans: isPan ? [digits] : [] }
    }
    if (value === '' || /^0{1,8}$/.test(value) || isRemovedMark(value)) return undefined
    const pans = scan(value, scope)?.pans ?? []
    const isCode = value.length <= CODE_LENGTH_MAX && /^\d+$/.test(value)
    const replacement = isCode ? '0'.repeat(value.length) : formatRemoved('member', pseudonyms.of(scope, 'member', value))
    return { value: replacement, kinds: pans.length > 0 ? ['card'] : ['member'], pans }
  }

  return (value, scope, hint, isAlways) => {
    if (isAlways) return scrubAlways(value, scope)
    if (typeof value === 'number') return scrubNumber(value, scope, hint)
    const found = scan(value, scope, hint)
    return found === undefined ? undefined : { value: found.text, kinds: found.kinds, pans: found.pans }
  }
}
