import { createHash } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Base-62 text that follows from a seed and a number alone: the identifiers of a sandbox. */
export function deriveText (seed: string, number: number, length: number): string {
  let text = ''
  for (let block = 0; text.length < length; block++) {
    for (const byte of createHash('sha256').update(`${seed}\n${number}\n${block}`).digest()) {
      if (byte < 248 && text.length < length) text += ALPHABET.charAt(byte % 62)
    }
  }
  return text
}

/** A version 4 UUID (RFC 9562 §5.4) that follows from a seed and a number alone. */
export function deriveUuid (seed: string, number: number): string {
  const bytes = createHash('sha256').update(`${seed}\n${number}\nuuid`).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A short digest of text, for fingerprints that reveal nothing of it at a glance. */
export function digestText (text: string): string {
  return deriveText(text, 0, 16)
}
