import type { Drift, Suggestion } from '../drift.ts'
import { change, textsOf, writeDuration } from './change.ts'
import { PROFILE_VALUES } from './profile-values.ts'
import type { SuggestionRule } from './suggest-change.ts'

/** Drifts in tokens, in what comes with them, and in the keys that sign them. */
export const suggestForTokens: readonly SuggestionRule[] = [
  [/^(?:token\.expires_in|access_token\.lifetime)$/, suggestLifetime('access_token')],
  [/^id_token\.lifetime$/, suggestLifetime('id_token')],
  [/^token\.rotation$/, ({ production }) => typeof production === 'boolean' ? change('profile.refresh_token_rotation', production) : undefined],
  [/^access_token\.format$/, suggestFormat],
  [/^(?:access_token|id_token)\.header\.alg$/, suggestAlgorithm],
  [/^access_token\.claims\.cnf$/, suggestBinding],
  [/^keys\.types$/, suggestKeySize],
  [/^keys\.algorithms$/, suggestOnlyAlgorithm],
]

const SECONDS_MAX = 1_000_000_000

function suggestLifetime (key: 'access_token' | 'id_token') {
  return ({ production }: Drift): Suggestion | undefined => {
    const isLifetime = typeof production === 'number' && Number.isInteger(production) && production >= 1 && production <= SECONDS_MAX
    return isLifetime ? change(`profile.lifetimes.${key}`, writeDuration(production)) : undefined
  }
}

/** The format belongs to the API that the token is for; asked for without a resource, it is the first one. */
function suggestFormat ({ production }: Drift): Suggestion | undefined {
  const format = production === 'opaque' ? 'opaque' : production === 'JWT' ? 'jwt' : undefined
  return format === undefined ? undefined : change('apis[0].token_format', format, 'For the API whose tokens the test client gets: the first one, unless it has a resource.')
}

function suggestAlgorithm ({ production }: Drift): Suggestion | undefined {
  const allowed: readonly string[] = PROFILE_VALUES.algorithms
  return typeof production === 'string' && allowed.includes(production) ? change('profile.signing_algorithm', production, 'Take it out of profile.more_signing_algorithms, if it is there.') : undefined
}

/** RFC 8705 §3.1 names the certificate `x5t#S256`, RFC 9449 §6.1 the key of a proof `jkt`. */
function suggestBinding ({ production, sandbox }: Drift): Suggestion | undefined {
  const isBound = (value: Drift['production']): boolean => typeof value === 'string' && value.includes('x5t#S256')
  return isBound(production) === isBound(sandbox) ? undefined : change('profile.bind_tokens_to_certificates', isBound(production))
}

const DEFAULT_BITS = 2048

function suggestKeySize ({ production, sandbox }: Drift): Suggestion | undefined {
  const sizesOf = (value: Drift['production']): readonly number[] => (textsOf(value) ?? []).flatMap((type) => type.startsWith('RSA ') ? [Number(type.slice(4))] : [])
  const [[there, ...more], here] = [sizesOf(production), sizesOf(sandbox)]
  const isPossible = there !== undefined && more.length === 0 && there >= 2048 && there <= 4096
  // Without an RSA key yet, one will come with the algorithm, and of the default size.
  const isOther = here.length === 0 ? there !== DEFAULT_BITS : here.some((bits) => bits !== there)
  return isPossible && isOther ? change('profile.rsa_key_bits', there, 'It counts for keys that are generated: remove the old ones from var_directory, or replace keys.signing_keys_file.') : undefined
}

function suggestOnlyAlgorithm (drift: Drift): Suggestion | undefined {
  const [there, here] = [textsOf(drift.production) ?? [], textsOf(drift.sandbox) ?? []]
  const [only] = there
  return only !== undefined && there.length === 1 && here.length === 1 ? suggestAlgorithm({ ...drift, production: only }) : undefined
}
