import { createScrubber, type Scrubber, type ScrubberDeps } from '../../gateway/scrub/index.ts'
import { Secret } from '../../kernel/index.ts'

/** A scrubber with a fixed key and clock, and the members that the shipped configuration always replaces. */
export function makeScrubber (over: Partial<ScrubberDeps> = {}): Scrubber {
  return createScrubber({
    key: new Secret('a key for tests only'),
    mode: 'enforce',
    testCards: [],
    allow: [],
    always: ['/**/password', '/**/secret', '/**/cvc', '/**/cvv', '/**/pin'],
    clock: { nowMs: () => Date.UTC(2026, 0, 15, 12) },
    ...over,
  })
}

/** A made-up number with a right check digit: `prefix`, then digits drawn from `seed`, `length` in all. */
export function makeCard (prefix: string, length: number, seed: number): string {
  let digits = prefix
  let state = seed * 2654435761 % 4294967296
  while (digits.length < length - 1) {
    state = (state * 1664525 + 1013904223) % 4294967296
    digits += String(Math.floor(state / 65536) % 10)
  }
  for (let check = 0; check < 10; check++) if (luhnSum(digits + String(check)) % 10 === 0) return digits + String(check)
  return digits
}

/** A made-up IBAN with right check digits. */
export function makeIban (country: string, bban: string): string {
  const value = [...`${bban}${country}00`].map((character) => Number.parseInt(character, 36)).join('')
  return `${country}${String(98n - BigInt(value) % 97n).padStart(2, '0')}${bban}`
}

/** Digits in groups: `grouped('4111111111111111', [4, 4, 4, 4], ' ')`. */
export function grouped (digits: string, sizes: readonly number[], separator: string): string {
  let at = 0
  return sizes.map((size) => {
    at += size
    return digits.slice(at - size, at)
  }).join(separator)
}

function luhnSum (digits: string): number {
  return [...digits].reverse().reduce((sum, digit, at) => {
    const value = Number(digit) * (at % 2 === 1 ? 2 : 1)
    return sum + (value > 9 ? value - 9 : value)
  }, 0)
}
