import type { JsonObject } from '../../kernel/index.ts'
import { decodeJws, parseStrictObject, type DecodedJws, type MalformedJws } from './compact-jws.ts'

/** A JWT in compact form taken apart (RFC 7519 §7.2); nothing in it is believed yet. */
export type DecodedToken = Omit<DecodedJws, 'payload'> & { readonly payload: JsonObject }

/** Takes a JWT apart as strictly as `decodeJws` does; its payload too is a JSON object in UTF-8 that names no member twice. */
export function decodeToken (token: string): DecodedToken | MalformedJws {
  const decoded = decodeJws(token)
  if (decoded.kind === 'malformed') return decoded
  const payload = parseStrictObject(decoded.payload)
  if (payload === undefined) return { kind: 'malformed', detail: 'the payload is not a JSON object in base64url, or names a member twice' }
  return { ...decoded, payload }
}
