import { isJsonObject, type Json, type JsonObject } from '../../../kernel/index.ts'
import { parseJson, shapeMembers, shapeValue, tellName, type Roles } from './shape-value.ts'

/** Facts of a successful token response (RFC 6749 §5.1) and of the tokens in it, by type and never by value. */
export function shapeTokenResponse (response: JsonObject, roles: Roles): Record<string, Json> {
  const access = response['access_token']
  const id = response['id_token']
  const token = typeof access === 'string' ? readJwt(access) : undefined
  return {
    ...shapeMembers('token.members.', response, roles),
    'token.token_type': typeof response['token_type'] === 'string' ? tellName(response['token_type']) : null,
    'token.expires_in': typeof response['expires_in'] === 'number' ? response['expires_in'] : null,
    'token.expires_in_agrees': agreement(response['expires_in'], token),
    ...(typeof access === 'string' ? shapeToken('access_token', access, roles) : {}),
    ...(typeof id === 'string' ? shapeToken('id_token', id, roles) : {}),
  }
}

/** Format, header and claims of a token (RFC 7519 §5, RFC 9068 §2). */
function shapeToken (area: string, token: string, roles: Roles): Record<string, Json> {
  const jwt = readJwt(token)
  if (jwt === undefined) return { [`${area}.format`]: 'opaque' }
  const { header, claims } = jwt
  return {
    [`${area}.format`]: claims === undefined ? 'encrypted JWT' : 'JWT',
    ...shapeMembers(`${area}.header.`, header, roles),
    [`${area}.header.alg`]: tellName(text(header['alg'])),
    [`${area}.header.typ`]: header['typ'] === undefined ? null : tellName(text(header['typ'])),
    ...(claims === undefined ? {} : shapeMembers(`${area}.claims.`, claims, roles)),
    ...(claims?.['scope'] === undefined ? {} : { [`${area}.claims.scope`]: shapeScope(claims['scope'], roles) }),
    [`${area}.lifetime`]: claims === undefined ? null : lifetimeOf(claims),
  }
}

interface Jwt { readonly header: JsonObject, readonly claims: JsonObject | undefined }

/** Header and claims without a look at the signature: what is asked is what it looks like. */
function readJwt (token: string): Jwt | undefined {
  const parts = token.split('.')
  if (parts.length !== 3 && parts.length !== 5) return undefined
  const header = decode(parts[0])
  if (header === undefined || typeof header['alg'] !== 'string') return undefined
  return { header, claims: parts.length === 3 ? decode(parts[1]) : undefined }
}

function decode (part: string | undefined): JsonObject | undefined {
  const value = parseJson(Buffer.from(part ?? '', 'base64url').toString('utf8'))
  return isJsonObject(value) ? value : undefined
}

function lifetimeOf ({ exp, iat }: JsonObject): number | null {
  return typeof exp === 'number' && typeof iat === 'number' ? exp - iat : null
}

function agreement (expiresIn: Json | undefined, jwt: Jwt | undefined): Json {
  const lifetime = jwt?.claims === undefined ? null : lifetimeOf(jwt.claims)
  if (lifetime === null || typeof expiresIn !== 'number') return null
  return Math.abs(lifetime - expiresIn) <= 2
}

function shapeScope (scope: Json, roles: Roles): string {
  return typeof scope === 'string' ? 'string, separated by spaces' : shapeValue(scope, roles)
}

function text (value: Json | undefined): string {
  return typeof value === 'string' ? value : 'not a string'
}
