import { createHmac, createSecretKey } from 'node:crypto'
import type { Clock, Secret } from '../../kernel/index.ts'

/** Draws from the HMAC of one value: the same value gives the same draws, in the same order. */
export interface Pseudonym {
  /** `count` letters a–p, four bits each: never digits, so that no detector mistakes them for a number. */
  readonly letters: (count: number) => string
  /** `count` decimal digits, at most 32. */
  readonly digits: (count: number) => string
  /** A whole number from 0 to `bound` - 1, `bound` at most 65536. */
  readonly below: (bound: number) => number
}

/** Makes pseudonyms and fingerprints under one key. */
export interface Pseudonyms {
  readonly of: (scope: string, kind: string, canonical: string) => Pseudonym
  /** HMAC-SHA256 of a card number under a key that is another each UTC day: tells cards apart and nothing else. */
  readonly fingerprint: (pan: string) => string
}

const DAY_MS = 86_400_000

/**
 * Keyed pseudonyms (HMAC-SHA256). They cannot be reversed without the key, and the scope is part of what is hashed, so
 * that two sandboxes give one person two names.
 */
export function createPseudonyms (deps: { readonly key: Secret, readonly clock: Clock }): Pseudonyms {
  const key = createSecretKey(deps.key.reveal(), 'utf8')
  let day = { number: -1, key }

  function dayKey (): typeof key {
    const number = Math.floor(deps.clock.nowMs() / DAY_MS)
    if (number !== day.number) day = { number, key: createSecretKey(createHmac('sha256', key).update(`card-day\0${number}`).digest()) }
    return day.key
  }

  return {
    of: (scope, kind, canonical) => drawFrom(createHmac('sha256', key).update(`${scope}\0${kind}\0${canonical}`).digest()),
    fingerprint: (pan) => createHmac('sha256', dayKey()).update(pan).digest('base64url').slice(0, 22),
  }
}

/** `[removed:kind:hmac]`, for what has no format worth keeping. */
export function formatRemoved (kind: string, pseudonym: Pseudonym): string {
  return `[removed:${kind}:${pseudonym.letters(10)}]`
}

/** True for a text that is nothing but one mark of this scrubber. */
export function isRemovedMark (text: string): boolean {
  return /^\[(?:removed:[a-z_]{1,24}:[a-p]{10}|card removed)\]$/.test(text)
}

function drawFrom (bytes: Buffer): Pseudonym {
  let at = 0
  const next = (): number => bytes[at++ % bytes.length] as number
  return {
    letters: (count) => {
      let text = ''
      while (text.length < count) {
        const byte = next()
        text += String.fromCharCode(97 + (byte >> 4), 97 + (byte & 15))
      }
      return text.slice(0, count)
    },
    digits: (count) => {
      let text = ''
      for (let drawn = 0; drawn < count; drawn++) text += String.fromCharCode(48 + next() % 10)
      return text
    },
    below: (bound) => (next() * 256 + next()) % bound,
  }
}
