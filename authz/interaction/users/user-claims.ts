import { isJsonObject, type Json, type JsonObject } from '../../../kernel/index.ts'

type Shape = 'text' | 'flag' | 'number' | 'address'

/** The claims of OpenID Connect Core §5.1 by the scope that asks for them (§5.4). */
export const SCOPE_CLAIMS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  openid: ['sub'],
  profile: ['name', 'family_name', 'given_name', 'middle_name', 'nickname', 'preferred_username', 'profile', 'picture', 'website', 'gender', 'birthdate', 'zoneinfo', 'locale', 'updated_at'],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
})

const STANDARD = new Set(Object.values(SCOPE_CLAIMS).flat())
const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ...[...STANDARD].map((name) => [name, 'text'] as const),
  ['email_verified', 'flag'], ['phone_number_verified', 'flag'], ['updated_at', 'number'], ['address', 'address'],
])
/** Claims that the authorization server itself states (OpenID Connect Core §2, RFC 7519 §4.1), and those that are members of their own. */
const OURS = new Set(['sub', 'iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'nonce', 'auth_time', 'acr', 'amr', 'azp', 'sid', 'at_hash', 'c_hash', 's_hash', 'events', 'cnf', '_claim_names', '_claim_sources', 'preferred_username', 'name', 'email', '__proto__', 'constructor', 'prototype'])
const ADDRESS_MEMBERS = new Set(['formatted', 'street_address', 'locality', 'region', 'postal_code', 'country'])

const CLAIMS_MAX = 50
const NAME_LENGTH_MAX = 128
const BYTES_MAX = 4096

/** True for a claim of production's own, which no standard scope asks for. */
export function isCustomClaim (name: string): boolean {
  return !STANDARD.has(name) && !OURS.has(name)
}

/**
 * Finds what is wrong with claims that somebody wants a test user to have. Standard claims must have their type; a claim that
 * the server states itself cannot be chosen; others may be any JSON.
 *
 * @returns the claim and what is wrong with it; undefined when nothing is
 */
export function findClaimFault (claims: JsonObject): { readonly name: string, readonly fault: string } | undefined {
  const entries = Object.entries(claims)
  if (entries.length > CLAIMS_MAX) return { name: '', fault: `a user has at most ${CLAIMS_MAX} claims` }
  if (Buffer.byteLength(JSON.stringify(claims)) > BYTES_MAX) return { name: '', fault: `all claims together have at most ${BYTES_MAX} bytes` }
  for (const [name, value] of entries) {
    const fault = judgeClaim(name, value)
    if (fault !== undefined) return { name, fault }
  }
  return undefined
}

function judgeClaim (name: string, value: Json): string | undefined {
  if (name === '' || name.length > NAME_LENGTH_MAX) return `a claim's name has 1 to ${NAME_LENGTH_MAX} characters`
  if (OURS.has(name)) return 'is set by the authorization server or has a member of its own, so it cannot be among the claims'
  switch (SHAPES.get(name)) {
    case undefined: return undefined
    case 'text': return typeof value === 'string' ? undefined : 'must be a string (OpenID Connect Core §5.1)'
    case 'flag': return typeof value === 'boolean' ? undefined : 'must be true or false (OpenID Connect Core §5.1)'
    case 'number': return typeof value === 'number' ? undefined : 'must be a number of seconds since 1970 (OpenID Connect Core §5.1)'
    case 'address': return isAddress(value) ? undefined : `must be an object with some of ${[...ADDRESS_MEMBERS].join(', ')}, each a string (OpenID Connect Core §5.1.1)`
  }
}

function isAddress (value: Json): boolean {
  return isJsonObject(value) && Object.entries(value).every(([member, text]) => ADDRESS_MEMBERS.has(member) && typeof text === 'string')
}
