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
  /** `cnf.jkt` (RFC 9449 §6.1). */
  readonly jkt?: string
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
  const binding = readBinding(cnf)
  if (binding.kind === 'malformed') return binding
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
      ...binding.value,
      ...(nbf === undefined ? {} : { nbfMs: nbf * 1000 }),
    },
  }
}

/** The same of an opaque access token, from what the library stored of it; undefined when that is not one. */
export function readOpaqueClaims (id: string, stored: JsonObject): TokenClaims | undefined {
  const { clientId, accountId, scope, aud, iat, exp, issuedAtMs, 'x5t#S256': thumbprint, jkt } = stored
  if (typeof clientId !== 'string' || typeof exp !== 'number' || typeof iat !== 'number') return undefined
  return {
    jti: id,
    clientId,
    scopes: Object.freeze(typeof scope === 'string' && scope !== '' ? scope.split(' ') : []),
    audiences: typeof aud === 'string' ? [aud] : [],
    issuedAtMs: typeof issuedAtMs === 'number' ? issuedAtMs : iat * 1000,
    expMs: exp * 1000,
    isOpaque: true,
    ...(typeof accountId === 'string' ? { subject: accountId } : {}),
    ...(typeof thumbprint === 'string' ? { thumbprint } : {}),
    ...(typeof jkt === 'string' ? { jkt } : {}),
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

/** A confirmation that we cannot check must not pass for none (RFC 7800 §3.1); every one that is there must be checked. */
function readBinding (cnf: JsonObject[string] | undefined): { readonly kind: 'read', readonly value: Pick<TokenClaims, 'thumbprint' | 'jkt'> } | { readonly kind: 'malformed', readonly detail: string } {
  if (cnf === undefined) return { kind: 'read', value: {} }
  const { 'x5t#S256': thumbprint, jkt, ...others } = isJsonObject(cnf) ? cnf : {}
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) return malformed(`cnf has ${unknown}, and only x5t#S256 (RFC 8705 §3.1) and jkt (RFC 9449 §6.1) are understood`)
  if (thumbprint === undefined && jkt === undefined) return malformed('cnf has neither x5t#S256 (RFC 8705 §3.1) nor jkt (RFC 9449 §6.1)')
  if (!isTextOrAbsent(thumbprint) || !isTextOrAbsent(jkt)) return malformed('cnf.x5t#S256 and cnf.jkt must be strings')
  return { kind: 'read', value: { ...(thumbprint === undefined ? {} : { thumbprint }), ...(jkt === undefined ? {} : { jkt }) } }
}

function isTextOrAbsent (value: JsonObject[string] | undefined): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function malformed (detail: string): { readonly kind: 'malformed', readonly detail: string } {
  return { kind: 'malformed', detail }
}
