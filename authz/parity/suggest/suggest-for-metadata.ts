import { isDeepStrictEqual } from 'node:util'
import type { Drift, Suggestion } from '../drift.ts'
import { change, flagOf, switchTo, textsOf } from './change.ts'
import { PROFILE_VALUES, RESERVED_PATHS } from './profile-values.ts'
import type { SuggestionRule } from './suggest-change.ts'

/** Members of metadata that are addresses, and their keys in `profile.paths`. */
const ENDPOINTS: ReadonlyMap<string, string> = new Map([
  ['authorization_endpoint', 'authorization'], ['token_endpoint', 'token'], ['introspection_endpoint', 'introspection'],
  ['revocation_endpoint', 'revocation'], ['userinfo_endpoint', 'userinfo'], ['jwks_uri', 'jwks'], ['end_session_endpoint', 'end_session'],
  ['pushed_authorization_request_endpoint', 'pushed_authorization_request'], ['device_authorization_endpoint', 'device_authorization'],
  ['backchannel_authentication_endpoint', 'backchannel_authentication'], ['registration_endpoint', 'registration'],
])

/** Features that come and go with their endpoint. */
const FEATURES: ReadonlyMap<string, (drift: Drift) => Suggestion | undefined> = new Map([
  ['pushed_authorization_request_endpoint', switchTo('profile.pushed_authorization_requests', 'allowed', 'off')],
  ['registration_endpoint', switchTo('profile.registration', 'with_initial_token', 'off')],
])

export const suggestForMetadata: readonly SuggestionRule[] = [
  [/^metadata\.(?:[a-z_]+_endpoint|jwks_uri)$/, suggestEndpoint],
  [/^metadata\.grant_types_supported$/, suggestList('profile.grants', PROFILE_VALUES.grants)],
  [/^metadata\.token_endpoint_auth_methods_supported$/, suggestList('profile.client_authentication_methods', PROFILE_VALUES.methods)],
  [/^metadata\.response_types_supported$/, suggestList('profile.response_types', PROFILE_VALUES.responseTypes)],
  [/^metadata\.subject_types_supported$/, suggestList('profile.subject_types', PROFILE_VALUES.subjectTypes)],
  [/^metadata\.id_token_signing_alg_values_supported$/, suggestAlgorithms],
  [/^metadata\.authorization_details_types_supported$/, suggestDetails],
  [/^metadata\.require_pushed_authorization_requests$/, switchTo('profile.pushed_authorization_requests', 'required', 'allowed')],
  [/^metadata\.require_signed_request_object$/, switchTo('profile.request_objects', 'required', 'allowed')],
  [/^metadata\.request_parameter_supported$/, switchTo('profile.request_objects', 'allowed', 'off')],
  [/^metadata\.response_modes_supported$/, suggestSignedResponses],
  [/^metadata\.authorization_signing_alg_values_supported$/, switchTo('profile.signed_responses', true, false)],
  [/^metadata\.dpop_signing_alg_values_supported$/, switchTo('profile.dpop', 'allowed', 'off')],
  [/^metadata\.claims_parameter_supported$/, switchTo('profile.claims_parameter', true, false)],
  [/^metadata\.tls_client_certificate_bound_access_tokens$/, switchTo('profile.bind_tokens_to_certificates', true, false)],
  [/^metadata\.backchannel_logout(?:_session)?_supported$/, suggestLogout],
  [/^metadata\.(?:id_token|userinfo)_encryption_(?:alg|enc)_values_supported$/, switchTo('profile.encryption', true, false)],
  [/^metadata\.introspection_signing_alg_values_supported$/, switchTo('profile.introspection_jwt', true, false)],
  [/^metadata\.userinfo_signing_alg_values_supported$/, suggestSignedUserinfo],
]

const HOST = '<host>'
const PATH = /^(?:\/[A-Za-z0-9._~!$&'()+,;=:@-]+)+$/

function suggestEndpoint (drift: Drift): Suggestion | undefined {
  const member = drift.id.slice('metadata.'.length)
  const key = ENDPOINTS.get(member)
  if (key === undefined) return undefined
  if (drift.production === null || drift.sandbox === null) return FEATURES.get(member)?.(drift)
  const path = typeof drift.production === 'string' && drift.production.startsWith(HOST) ? drift.production.slice(HOST.length) : ''
  const isUsable = PATH.test(path) && !/\/\.{1,2}(?:\/|$)/.test(path) && !RESERVED_PATHS.some((taken) => path === taken || path.startsWith(`${taken}/`))
  return isUsable ? change(`profile.paths.${key}`, path) : undefined
}

/** Production's list, as far as a sandbox can have it; undefined when it has that already. */
function suggestList (path: string, allowed: readonly string[]) {
  return ({ production, sandbox }: Drift): Suggestion | undefined => {
    const [there, here] = [textsOf(production), textsOf(sandbox)]
    if (there === undefined) return undefined
    const known = there.filter((item) => allowed.includes(item))
    if (known.length === 0 || isSameSet(known, (here ?? []).filter((item) => allowed.includes(item)))) return undefined
    const unknown = there.filter((item) => !allowed.includes(item))
    return change(path, known, unknown.length === 0 ? '' : `A sandbox does not have ${unknown.join(', ')}.`)
  }
}

/** The first algorithm signs, the others are for clients that register for them; so both keys are given together. */
function suggestAlgorithms ({ production, sandbox }: Drift): Suggestion | undefined {
  const allowed: readonly string[] = PROFILE_VALUES.algorithms
  const known = (textsOf(production) ?? []).filter((alg) => allowed.includes(alg))
  const own = (textsOf(sandbox) ?? []).filter((alg) => allowed.includes(alg))
  const first = known.includes('RS256') ? 'RS256' : known[0]
  if (first === undefined || isSameSet(known, own)) return undefined
  if (known.length === 1 && own.length === 1) return change('profile.signing_algorithm', first)
  return change('profile', { signing_algorithm: first, more_signing_algorithms: known.filter((alg) => alg !== first) }, known.length === 1 ? '' : 'Which of them is signing_algorithm shows alg in a token of production.')
}

function suggestDetails ({ production }: Drift): Suggestion | undefined {
  const types = production === null ? [] : textsOf(production)
  return types?.every((type) => /^[A-Za-z0-9._:/#-]{1,200}$/.test(type)) === true ? change('profile.authorization_details_types', types) : undefined
}

function suggestSignedResponses ({ production, sandbox }: Drift): Suggestion | undefined {
  const isSigned = (modes: readonly string[] | undefined): boolean => modes?.some((mode) => /(?:^|\.)jwt$/.test(mode)) === true
  const [there, here] = [isSigned(textsOf(production)), isSigned(textsOf(sandbox))]
  return there === here ? undefined : change('profile.signed_responses', there)
}

/** `none` among the algorithms is plain JSON. */
function suggestSignedUserinfo ({ production, sandbox }: Drift): Suggestion | undefined {
  const isSigned = (algorithms: readonly string[] | undefined): boolean => algorithms?.some((alg) => alg !== 'none') === true
  const [there, here] = [isSigned(textsOf(production)), isSigned(textsOf(sandbox))]
  return there === here ? undefined : change('profile.userinfo_jwt', there)
}

function suggestLogout ({ production, sandbox, id }: Drift): Suggestion | undefined {
  const [there, here] = [flagOf(production), flagOf(sandbox)]
  if (there === undefined || there === here) return undefined
  // Without the session, a client is still told of logouts.
  return id.includes('session') && !there ? undefined : change('profile.backchannel_logout', there)
}

function isSameSet (a: readonly string[], b: readonly string[]): boolean {
  return isDeepStrictEqual([...new Set(a)].sort(), [...new Set(b)].sort())
}
