import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * An unguessable identifier for things outside any sandbox's determinism (clients, sandboxes, deliveries): `prefix_` and
 * `length` base-62 characters from the system's random source. Within a sandbox, ids come from its seed instead.
 */
export function randomId (prefix: string, length = 20): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += ALPHABET.charAt(byte % 62)
    }
  }
  return `${prefix}_${text}`
}

/** `bytes` of system randomness as base64url, for secrets and tokens. */
export function randomToken (bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}
