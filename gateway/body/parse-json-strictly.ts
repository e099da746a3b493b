import type { ErrorCode, Json } from '../../kernel/index.ts'

/** A parsed document, or why it is none. `detail` may be shown to the client: it quotes nothing of the document. */
export type ParsedJson =
  | { readonly kind: 'parsed', readonly value: Json }
  | { readonly kind: 'refused', readonly code: Extract<ErrorCode, 'body_malformed' | 'body_too_deep' | 'body_key_duplicate' | 'body_key_forbidden'>, readonly detail: string }

/**
 * Parses JSON (RFC 8259) as an interoperable sender would write it: UTF-8, no byte-order mark, no member named twice
 * (§4: "names within an object SHOULD be unique", for what receivers do otherwise differs), no `__proto__`.
 *
 * One pass over the bytes bounds the depth and counts the members before anything is built; a second over the result
 * counts what became of them, and a difference is a duplicate. So both cost little beside JSON.parse itself.
 */
export function parseJsonStrictly (bytes: Buffer, depthMax: number): ParsedJson {
  const shape = measure(bytes, depthMax)
  if (shape.isTooDeep) return { kind: 'refused', code: 'body_too_deep', detail: `the body is nested more than ${depthMax} levels deep` }
  let value: Json
  try {
    value = JSON.parse(decoder.decode(bytes)) as Json
  } catch (error) {
    return { kind: 'refused', code: 'body_malformed', detail: error instanceof SyntaxError ? `the body is not JSON${positionOf(error)}` : 'the body is not UTF-8' }
  }
  const members = countMembers(value)
  if (members === FORBIDDEN) return { kind: 'refused', code: 'body_key_forbidden', detail: 'the body names a member __proto__ or constructor.prototype' }
  if (members !== shape.members) return { kind: 'refused', code: 'body_key_duplicate', detail: 'the body names a member of an object twice' }
  return { kind: 'parsed', value }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const FORBIDDEN = -1
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

function measure (bytes: Buffer, depthMax: number): { readonly members: number, readonly isTooDeep: boolean } {
  let depth = 0
  let members = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = endOfString(bytes, at)
    } else if (byte === COLON) {
      members++
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > depthMax) return { members, isTooDeep: true }
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--
    }
  }
  return { members, isTooDeep: false }
}

function endOfString (bytes: Buffer, start: number): number {
  let at = bytes.indexOf(QUOTE, start + 1)
  while (at !== -1 && isEscaped(bytes, at)) at = bytes.indexOf(QUOTE, at + 1)
  return at === -1 ? bytes.length : at
}

function isEscaped (bytes: Buffer, at: number): boolean {
  let slashes = 0
  while (bytes[at - 1 - slashes] === BACKSLASH) slashes++
  return slashes % 2 === 1
}

function countMembers (value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  let total = 0
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) {
      const inner = countMembers(item)
      if (inner === FORBIDDEN) return FORBIDDEN
      total += inner
    }
    return total
  }
  for (const name of Object.keys(value)) {
    const member = (value as { readonly [name: string]: Json })[name] as Json
    if (name === '__proto__' || (name === 'constructor' && typeof member === 'object' && member !== null && 'prototype' in member)) return FORBIDDEN
    const inner = countMembers(member)
    if (inner === FORBIDDEN) return FORBIDDEN
    total += 1 + inner
  }
  return total
}

function positionOf (error: SyntaxError): string {
  const position = /at position (\d+)/.exec(error.message)?.[1]
  return position === undefined ? '' : ` (at character ${position})`
}
