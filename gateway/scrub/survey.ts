import { isFoldable } from './view.ts'

/** What a text holds that some detector may care about; 0: no detector can find anything. */
export const HAS_DIGITS = 1
export const HAS_AT = 2
export const HAS_PERCENT = 4
export const HAS_FOLDABLE = 8
export const HAS_LONG_TOKEN = 16
export const HAS_ASSIGNMENT = 32
export const HAS_MANY_DIGITS = 64

/** Fewest digits that any detector of numbers looks at: a local telephone number. */
const DIGITS_MIN = 7
/** Fewest digits of a card number. */
const MANY_DIGITS_MIN = 12
/** Shortest secret token, and shortest base64 of a card number. */
const TOKEN_LENGTH_MIN = 16

const DIGIT = 1
const TOKEN = 2
const AT = 3
const PERCENT = 4
const QUOTE = 5
const EQUALS = 6

function buildClasses (): Uint8Array {
  const classes = new Uint8Array(128)
  for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-./+') classes[character.charCodeAt(0)] = TOKEN
  for (const character of '0123456789') classes[character.charCodeAt(0)] = DIGIT
  classes['@'.charCodeAt(0)] = AT
  classes['%'.charCodeAt(0)] = PERCENT
  classes['"'.charCodeAt(0)] = QUOTE
  classes['='.charCodeAt(0)] = EQUALS
  return classes
}

const CLASSES = buildClasses()

/**
 * One pass over the characters of a text, so that the clean ones, which are nearly all, cost no more than that.
 *
 * @returns the `HAS_` flags that are set
 */
export function surveyText (text: string): number {
  let flags = 0
  let digits = 0
  let run = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127) {
      if (isFoldable(code)) flags |= HAS_FOLDABLE
      run = 0
      continue
    }
    const kind = CLASSES[code] as number
    if (kind === TOKEN) run++
    else if (kind === DIGIT) {
      run++
      digits++
    } else {
      if (kind !== 0) flags |= kind === AT ? HAS_AT : kind === PERCENT ? HAS_PERCENT : HAS_ASSIGNMENT
      run = 0
      continue
    }
    if (run === TOKEN_LENGTH_MIN) flags |= HAS_LONG_TOKEN
  }
  if (digits >= MANY_DIGITS_MIN) flags |= HAS_MANY_DIGITS
  return digits >= DIGITS_MIN ? flags | HAS_DIGITS : flags
}
