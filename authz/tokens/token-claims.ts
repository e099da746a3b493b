import { isJsonObject, type JsonObject } from '../../kernel/index.ts'

/** The claims of an access token that anything depends on, typed. */
export interface TokenClaims {
  readonly jti: string
  readonly clientId: string
  /** The test user's `sub`; absent when the client acts for itself. */
  readonly subject?: string
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  /** `cnf.x5t#S256` (RFC 8705 §3.1). */
  readonly thumbprint?: string
  /** To the millisecond for our own tokens, whose `jti` begins with it; else that of `iat`. */
  readonly issuedAtMs: number
  readonly expMs: number
  readonly nbfMs?: number
  readonly isOpaque?: true
}

/** Reads the payload of an authentic token; every claim of RFC 9068 §2.2 must be there and have its type. */
export function readTokenClaims (payload: JsonObject): { readonly kind: 'read', readonly claims: TokenClaims } | { readonly kind: 'malformed', readonly detail: string } {
  const { jti, sub, client_id: clientId, iat, exp, nbf, aud, scope, cnf } = payload
  if (typeof jti !== 'string' || typeof sub !== 'string' || typeof clientId !== 'string') return malformed('jti, sub and client_id must be strings (RFC 9068 §2.2)')
  if (typeof iat !== 'number' || typeof exp !== 'number') return malformed('iat and exp must be numbers (RFC 9068 §2.2)')
  if (nbf !== undefined && typeof nbf !== 'number') return malformed('nbf must be a number (RFC 7519 §4.1.5)')
  if (scope !== undefined && typeof scope !== 'string') return malformed('scope must be a string (RFC 9068 §2.2.3)')
  const audiences = typeof aud === 'string' ? [aud] : Array.isArray(aud) ? aud.filter((item) => typeof item === 'string') : []
  const thumbprint = readThumbprint(cnf)
  if (thumbprint.kind === 'malformed') return thumbprint
  return {
    kind: 'read',
    claims: {
      jti,
      clientId,
      scopes: Object.freeze(scope === undefined || scope === '' ? [] : scope.split(' ')),
      audiences,
      issuedAtMs: readIssuingTimeMs(jti, iat),
      expMs: exp * 1000,
      ...(sub === clientId ? {} : { subject: sub }),
      ...(thumbprint.value === undefined ? {} : { thumbprint: thumbprint.value }),
      ...(nbf === undefined ? {} : { nbfMs: nbf * 1000 }),
    },
  }
}

/** Makes a `jti` that also says when the token was issued, to the millisecond: `iat` alone cannot order it against a clock advanced in the same second. */
export function stampTokenId (id: string, issuedAtMs: number): string {
  return `${issuedAtMs.toString(36)}.${id}`
}

function readIssuingTimeMs (jti: string, iat: number): number {
  const stamp = /^([0-9a-z]{1,11})\./.exec(jti)?.[1]
  return stamp === undefined ? iat * 1000 : Number.parseInt(stamp, 36)
}

/** A confirmation that we cannot check must not pass for none (RFC 7800 §3.1). */
function readThumbprint (cnf: JsonObject[string] | undefined): { readonly kind: 'read', readonly value?: string } | { readonly kind: 'malformed', readonly detail: string } {
  if (cnf === undefined) return { kind: 'read' }
  const value = isJsonObject(cnf) ? cnf['x5t#S256'] : undefined
  return typeof value === 'string' ? { kind: 'read', value } : malformed('cnf has no x5t#S256, and no other confirmation is understood (RFC 8705 §3.1)')
}

function malformed (detail: string): { readonly kind: 'malformed', readonly detail: string } {
  return { kind: 'malformed', detail }
}
