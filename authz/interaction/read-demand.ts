import { isJsonObject, type Json } from '../../kernel/index.ts'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import type { SignInDemand } from './judge-sign-in.ts'

/** What an authorization request says about how the user is to sign in. */
export type AcrDemand = SignInDemand & {
  /** A context class that is essential and that this server does not have (OpenID Connect Core §5.5.1.1). */
  readonly unmet?: string
}

type Params = Readonly<Record<string, unknown>>

/** A parameter of a request as text; empty when it is missing or no text. */
export function textOf (params: Params | undefined, name: string): string {
  const value = params?.[name]
  return typeof value === 'string' ? value : ''
}

/**
 * Reads the wanted context classes: `acr_values` is a wish, in order of preference (OpenID Connect Core §3.1.2.1); `acr` in
 * `claims.id_token` may be essential (§5.5.1.1). The first one that this server has decides.
 */
export function readAcrDemand (params: Params, acr: AuthorizationProfile['acr']): AcrDemand {
  const known = [acr.singleFactor, acr.multiFactor]
  const request = readAcrRequest(params['claims'])
  if (request.isEssential && request.values.length > 0) {
    const chosen = request.values.find((value) => known.includes(value))
    return chosen === undefined ? { isMultiFactor: false, unmet: request.values.join(' ') } : { isMultiFactor: chosen === acr.multiFactor }
  }
  const wished = typeof params['acr_values'] === 'string' ? params['acr_values'].split(' ') : request.values
  return { isMultiFactor: wished.find((value) => known.includes(value)) === acr.multiFactor }
}

function readAcrRequest (claims: unknown): { readonly isEssential: boolean, readonly values: readonly string[] } {
  const idToken = memberOf(parse(claims), 'id_token')
  const acr = memberOf(idToken, 'acr')
  if (!isJsonObject(acr)) return { isEssential: false, values: [] }
  const { value, values, essential } = acr
  const listed = Array.isArray(values) ? values.filter((item) => typeof item === 'string') : []
  return { isEssential: essential === true, values: typeof value === 'string' ? [value] : listed }
}

/** Names of the claims that the `claims` parameter asks for, in either place. */
export function readRequestedClaims (params: Params): string[] {
  const claims = parse(params['claims'])
  return [...new Set(['id_token', 'userinfo'].flatMap((place) => Object.keys(memberOf(claims, place) ?? {})))]
}

function memberOf (value: Json | undefined, name: string): Json | undefined {
  const member = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  return isJsonObject(member) ? member : undefined
}

function parse (text: unknown): Json | undefined {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
