/**
 * A text as the detectors see it, and where each of its characters stands in the original. `starts` is absent when the
 * two are the same.
 */
export interface View {
  readonly text: string
  readonly starts?: Uint32Array
}

/** First code points of the runs of ten decimal digits outside ASCII (Unicode category Nd, BMP). */
const DIGIT_ZEROS = [
  0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50, 0x0ed0,
  0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0x2080, 0xa620,
  0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
]

/** The same beyond the BMP; the mathematical digits are five runs in a row. */
const ASTRAL_ZEROS = [0x104a0, 0x11066, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e950, 0x1fbf0]

/** Single characters that read as a digit: superscripts and circled digits. */
const DIGIT_LIKE: ReadonlyArray<readonly [number, string]> = [
  [0x2070, '0'], [0xb9, '1'], [0xb2, '2'], [0xb3, '3'], [0x24ea, '0'],
  ...[4, 5, 6, 7, 8, 9].map((digit): readonly [number, string] => [0x2070 + digit, String(digit)]),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit): readonly [number, string] => [0x245f + digit, String(digit)]),
]

/** Nothing to see: zero-width spaces and joiners, soft hyphen, marks of direction, variation selectors, keycaps. */
const INVISIBLE = [0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x202a,
  0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069, 0x20e3, 0xfe0e, 0xfe0f, 0xfeff]

const SPACES = [0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x202f, 0x205f, 0x3000]
const DASHES = [0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2043, 0x2212, 0xfe58, 0xfe63]
const DOTS = [0xb7, 0x2022, 0x2024, 0x22c5, 0x3002, 0xfe52, 0xff61]

const KEEP = 0
const DROP = 1

function buildTable (): Uint8Array {
  const table = new Uint8Array(0x10000)
  for (let code = 0xff01; code <= 0xff5e; code++) table[code] = code - 0xfee0
  for (const zero of DIGIT_ZEROS) for (let digit = 0; digit < 10; digit++) table[zero + digit] = 0x30 + digit
  for (const [code, digit] of DIGIT_LIKE) table[code] = digit.charCodeAt(0)
  for (const code of INVISIBLE) table[code] = DROP
  for (const code of SPACES) table[code] = 0x20
  for (const code of DASHES) table[code] = 0x2d
  for (const code of DOTS) table[code] = 0x2e
  return table
}

/** By UTF-16 code unit: 0 keep, 1 drop, else the ASCII character that it stands for. */
const FOLDED = buildTable()

/** True for a code unit that `foldText` may change. */
export function isFoldable (code: number): boolean {
  return FOLDED[code] !== KEEP || (code >= 0xd800 && code <= 0xdbff)
}

/**
 * Writes a text the way a reader sees it: digits of every script and full-width forms become ASCII, spaces and dashes
 * become plain ones, invisible characters go. One pass; the result remembers where each character came from.
 */
export function foldText (text: string): View {
  const codes = new Uint16Array(text.length)
  const starts = new Uint32Array(text.length)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const folded = FOLDED[code] as number
    if (folded === DROP) continue
    starts[length] = at
    const astral = folded === KEEP && code >= 0xd800 && code <= 0xdbff ? astralDigit(text.codePointAt(at) as number) : -1
    codes[length++] = astral >= 0 ? 0x30 + astral : folded === KEEP ? code : folded
    if (astral >= 0) at++
  }
  return { text: decodeUnits(codes.subarray(0, length)), starts: starts.subarray(0, length) }
}

/** Where a stretch of a view stands in the original text of `length` characters. */
export function originalSpan (view: View, start: number, end: number, length: number): { start: number, end: number } {
  const { starts } = view
  if (starts === undefined) return { start, end }
  return { start: starts[start] ?? length, end: starts[end] ?? length }
}

/** The view on a view: positions of `outer` carried through `inner` to the original. */
export function composeViews (inner: View, outer: View): View {
  if (outer.starts === undefined) return inner
  const { starts } = inner
  if (starts === undefined) return outer
  return { text: outer.text, starts: outer.starts.map((at) => starts[at] as number) }
}

function astralDigit (codePoint: number): number {
  for (const zero of ASTRAL_ZEROS) if (codePoint >= zero && codePoint < zero + 10) return codePoint - zero
  return -1
}

function decodeUnits (codes: Uint16Array): string {
  let text = ''
  for (let at = 0; at < codes.length; at += 8192) text += String.fromCharCode(...codes.subarray(at, at + 8192))
  return text
}
