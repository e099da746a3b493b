import { isJsonObject, type JsonObject } from '../../kernel/index.ts'

/** A compact JWS taken apart (RFC 7515 §7.1); nothing in it is believed yet. */
export interface DecodedJws {
  readonly kind: 'decoded'
  readonly header: JsonObject
  /** The header as it was spelled. */
  readonly headerSegment: string
  readonly payload: Buffer
  readonly signingInput: Buffer
  /** Empty when the third segment is. */
  readonly signature: Buffer
}

export interface MalformedJws { readonly kind: 'malformed', readonly detail: string }

/** Longest JWS looked at, in characters: the tokens of this server have about 700. */
const JWS_LENGTH_MAX = 8192

/**
 * Takes a compact JWS apart, strictly: three segments of canonical base64url without padding (RFC 7515 §2), the first a JSON
 * object in UTF-8 that names no member twice (§4). A text spelled in another way than the signer spelled it is malformed, so
 * that one JWS has one text.
 */
export function decodeJws (text: string): DecodedJws | MalformedJws {
  if (text.length > JWS_LENGTH_MAX) return malformed(`the token has ${text.length} characters; at most ${JWS_LENGTH_MAX} are read`)
  const segments = text.split('.')
  if (segments.length !== 3) return malformed(`a JWT in compact form has 3 segments, this token has ${segments.length}`)
  const [head = '', body = '', tail = ''] = segments
  const headerBytes = decodeBase64url(head)
  const header = headerBytes === undefined ? undefined : parseStrictObject(headerBytes)
  if (header === undefined) return malformed('the header is not a JSON object in base64url, or names a member twice')
  const payload = decodeBase64url(body)
  if (payload === undefined) return malformed('the payload is not canonical base64url')
  const signature = decodeBase64url(tail)
  if (signature === undefined) return malformed('the signature is not canonical base64url')
  return { kind: 'decoded', header, headerSegment: head, payload, signingInput: Buffer.from(`${head}.${body}`, 'latin1'), signature }
}

/** A JSON object in UTF-8 without duplicate members at any depth (RFC 7515 §4, RFC 7519 §4); undefined for everything else. */
export function parseStrictObject (bytes: Buffer): JsonObject | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) && countMemberNames(text) === countMembers(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Names that are written down: strings with a colon behind them. */
function countMemberNames (text: string): number {
  let count = 0
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) count++
  return count
}

/** Names that are left after parsing, where the last of equal names wins. */
function countMembers (root: JsonObject): number {
  let count = 0
  const rest: unknown[] = [root]
  while (rest.length > 0) {
    const value = rest.pop()
    if (typeof value !== 'object' || value === null) continue
    const inner: unknown[] = Object.values(value)
    if (!Array.isArray(value)) count += inner.length
    rest.push(...inner)
  }
  return count
}

function decodeBase64url (text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function malformed (detail: string): MalformedJws {
  return { kind: 'malformed', detail }
}
