import { readDer } from './asn1.ts'
import { decodeUtf8, oidOfAttributeType, readStringValue } from './attribute-types.ts'

/**
 * True when two distinguished names in RFC 4514 form are the same name.
 *
 * Compared are the parsed names: the order of RDNs counts, the order within a multi-valued RDN does not; attribute types
 * match by object identifier, whether written as a name in any case or in dotted decimals; escapes and the `#` form are
 * decoded first (RFC 4514 §2.4, §3). Values match exactly, case and spaces included, because RFC 8705 §2.1.2 uses the
 * comparison to authenticate a client and a laxer one would let two names pass for one.
 *
 * @returns false also when either name is malformed, names an unknown attribute type, or is empty: such names identify nobody
 */
export function isSameDistinguishedName (a: string, b: string): boolean {
  const left = parseDistinguishedName(a)
  const right = parseDistinguishedName(b)
  if (left === undefined || right === undefined || left.length === 0) return false
  return left.length === right.length && left.every((rdn, index) => rdn === right[index])
}

/** True for a non-empty, well-formed RFC 4514 name of known attribute types: one that `isSameDistinguishedName` can match. */
export function isDistinguishedName (text: string): boolean {
  const parsed = parseDistinguishedName(text)
  return parsed !== undefined && parsed.length > 0
}

/** Parses by RFC 4514 §3 into one comparable text per RDN. */
function parseDistinguishedName (text: string): string[] | undefined {
  if (!text.isWellFormed()) return undefined
  if (text === '') return []
  const rdns: string[] = []
  let attributes: string[] = []
  let at = 0
  for (;;) {
    const attribute = parseAttribute(text, at)
    if (attribute === undefined) return undefined
    attributes.push(attribute.comparable)
    const separator = text[attribute.end]
    at = attribute.end + 1
    if (separator === '+') continue
    rdns.push(JSON.stringify(attributes.sort()))
    attributes = []
    if (separator === undefined) return rdns
  }
}

interface ParsedAttribute { readonly comparable: string, readonly end: number }

/** Parses `type=value` up to an unescaped comma, plus sign or the end. */
function parseAttribute (text: string, start: number): ParsedAttribute | undefined {
  const equals = text.indexOf('=', start)
  if (equals < 0) return undefined
  const oid = oidOfAttributeType(text.slice(start, equals))
  if (oid === undefined) return undefined
  const value = text[equals + 1] === '#' ? parseHexValue(text, equals + 2) : parseStringValue(text, equals + 1)
  return value && { comparable: `${oid}=${value.comparable}`, end: value.end }
}

/** A string type in the `#` form compares like the same string written out; any other type by its bytes. */
function parseHexValue (text: string, start: number): ParsedAttribute | undefined {
  const digits = /^(?:[0-9a-f]{2})+/i.exec(text.slice(start))?.[0] ?? ''
  const end = start + digits.length
  const element = readDer(Buffer.from(digits, 'hex'))
  if (element === undefined || !isAtBoundary(text, end)) return undefined
  const string = readStringValue(element)
  return { comparable: string === undefined ? `#${digits.toLowerCase()}` : `"${string}`, end }
}

function parseStringValue (text: string, start: number): ParsedAttribute | undefined {
  const bytes: Buffer[] = []
  let at = start
  let lastIsPlainSpace = false
  while (!isAtBoundary(text, at)) {
    const unit = parseUnit(text, at)
    const isPlainSpace = text[at] === ' '
    if (unit === undefined || (isPlainSpace && at === start)) return undefined
    bytes.push(unit.bytes)
    lastIsPlainSpace = isPlainSpace
    at = unit.end
  }
  const string = lastIsPlainSpace ? undefined : decodeUtf8(Buffer.concat(bytes))
  return string === undefined ? undefined : { comparable: `"${string}`, end: at }
}

/** One character, one escaped character, or one escaped byte (`pair` in RFC 4514 §3). */
function parseUnit (text: string, at: number): { readonly bytes: Buffer, readonly end: number } | undefined {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  if (character !== '\\') {
    return '\0";<>'.includes(character) ? undefined : { bytes: Buffer.from(character), end: at + character.length }
  }
  const hex = text.slice(at + 1, at + 3)
  if (/^[0-9a-f]{2}$/i.test(hex)) return { bytes: Buffer.from(hex, 'hex'), end: at + 3 }
  const escaped = text[at + 1]
  return escaped !== undefined && '\\"+,;<> #='.includes(escaped) ? { bytes: Buffer.from(escaped), end: at + 2 } : undefined
}

function isAtBoundary (text: string, at: number): boolean {
  return at === text.length || text[at] === ',' || text[at] === '+'
}
