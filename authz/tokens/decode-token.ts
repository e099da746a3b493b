import { isJsonObject, type JsonObject } from '../../kernel/index.ts'

/** A compact JWS taken apart (RFC 7515 §7.1); nothing in it is believed yet. */
export interface DecodedToken {
  readonly kind: 'decoded'
  readonly header: JsonObject
  readonly payload: JsonObject
  readonly signingInput: Buffer
  readonly signature: Buffer
}

export interface MalformedToken { readonly kind: 'malformed', readonly detail: string }

/** Longest token looked at, in characters: those of this server have about 700. */
export const TOKEN_LENGTH_MAX = 8192

/**
 * Takes a compact JWS apart, strictly: three segments of canonical base64url without padding (RFC 7515 §2), two of them JSON
 * objects in UTF-8. A signature spelled in another way than the signer spelled it is malformed, so that one token has one text.
 */
export function decodeToken (token: string): DecodedToken | MalformedToken {
  if (token.length > TOKEN_LENGTH_MAX) return malformed(`the token has ${token.length} characters; at most ${TOKEN_LENGTH_MAX} are read`)
  const segments = token.split('.')
  if (segments.length !== 3) return malformed(`a JWT in compact form has 3 segments, this token has ${segments.length}`)
  const [head = '', body = '', tail = ''] = segments
  const header = parseObject(decodeBase64url(head))
  if (header === undefined) return malformed('the header is not a JSON object in base64url')
  const payload = parseObject(decodeBase64url(body))
  if (payload === undefined) return malformed('the payload is not a JSON object in base64url')
  const signature = tail === '' ? Buffer.alloc(0) : decodeBase64url(tail)
  if (signature === undefined) return malformed('the signature is not canonical base64url')
  return { kind: 'decoded', header, payload, signingInput: Buffer.from(`${head}.${body}`, 'latin1'), signature }
}

function malformed (detail: string): MalformedToken {
  return { kind: 'malformed', detail }
}

function decodeBase64url (text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined
}

function parseObject (bytes: Buffer | undefined): JsonObject | undefined {
  if (bytes === undefined) return undefined
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
