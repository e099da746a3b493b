import { findMatches } from './find-matches.ts'
import type { View } from './view.ts'

/**
 * A run whose first nine bytes are printable ASCII, told from the letters alone: of each four, the first holds the upper six
 * bits of a byte from 0x20 to 0x7e, and so on. Of random ids, one in some thousands passes. Runs from 16 characters, a secret
 * of 12 bytes, to 64 Ki, beyond which it is a file.
 */
const PRINTABLE_BASE64 = /(?<![A-Za-z0-9+/_-])(?:[I-Za-f][C-HS-Xi-nyz0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]){3}[A-Za-z0-9+/_-]{4,65524}={0,2}/g

/** A run of base64 or base64url whose content is printable text. */
export interface EncodedRun {
  readonly start: number
  readonly end: number
  readonly decoded: string
  /** Encodes in the alphabet, and with or without the padding, of the original. */
  readonly encode: (text: string) => string
}

/** Runs of base64 with readable content, each decoded once. Base64 within base64, or split over lines, is not tried. */
export function findBase64 (text: string): readonly EncodedRun[] {
  const runs: EncodedRun[] = []
  for (const match of findMatches(text, PRINTABLE_BASE64)) {
    const written = match[0]
    const decoded = Buffer.from(written, 'base64')
    if (!isPrintable(decoded)) continue
    const alphabet = /[_-]/.test(written) ? 'base64url' : 'base64'
    const isPadded = written.endsWith('=') || written.length % 4 === 0
    runs.push({
      start: match.index,
      end: match.index + written.length,
      decoded: decoded.toString('latin1'),
      encode: (plain) => encode(plain, alphabet, isPadded),
    })
  }
  return runs
}

/**
 * A text with its percent-escapes decoded (RFC 3986 §2.1), once and leniently: what is no escape stays as it is. Undefined
 * when it holds none.
 */
export function decodePercent (text: string, isForm = false): View | undefined {
  if (!/%[0-9A-Fa-f]{2}/.test(text) && !(isForm && text.includes('+'))) return undefined
  const parts: string[] = []
  const starts = new Uint32Array(text.length)
  let length = 0
  for (let at = 0; at < text.length;) {
    const { decoded, end } = decodeAt(text, at, isForm)
    for (let unit = 0; unit < decoded.length; unit++) starts[length++] = at
    parts.push(decoded)
    at = end
  }
  return { text: parts.join(''), starts: starts.subarray(0, length) }
}

/** Percent-encodes a component (RFC 3986 §2.1); half a surrogate pair becomes U+FFFD instead of an exception. */
export function encodePercent (text: string | number): string {
  return encodeURIComponent(String(text).toWellFormed())
}

function decodeAt (text: string, at: number, isForm: boolean): { decoded: string, end: number } {
  const first = byteAt(text, at)
  if (first < 0) {
    const character = text.charAt(at)
    return { decoded: isForm && character === '+' ? ' ' : character, end: at + 1 }
  }
  const size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
  const bytes: number[] = []
  for (let step = 0; step < size; step++) bytes.push(byteAt(text, at + step * 3))
  const decoded = bytes.includes(-1) ? '\ufffd' : Buffer.from(bytes).toString('utf8')
  return decoded.includes('\ufffd') ? { decoded: '\ufffd', end: at + 3 } : { decoded, end: at + size * 3 }
}

function byteAt (text: string, at: number): number {
  if (text.charCodeAt(at) !== 37) return -1
  const hex = text.slice(at + 1, at + 3)
  return /^[0-9A-Fa-f]{2}$/.test(hex) ? Number.parseInt(hex, 16) : -1
}

function isPrintable (bytes: Buffer): boolean {
  if (bytes.length === 0) return false
  for (const byte of bytes) if ((byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) || byte > 0x7e) return false
  return true
}

function encode (plain: string, alphabet: 'base64' | 'base64url', isPadded: boolean): string {
  const encoded = Buffer.from(plain, 'utf8').toString(alphabet)
  if (!isPadded) return encoded.replace(/=+$/, '')
  return alphabet === 'base64url' ? encoded.padEnd(Math.ceil(encoded.length / 4) * 4, '=') : encoded
}
