import type { Drift, Suggestion } from '../drift.ts'
import { change, textsOf } from './change.ts'
import type { SuggestionRule } from './suggest-change.ts'

/** Drifts in answers to wrong requests, in headers, and in TLS. */
export const suggestForWire: readonly SuggestionRule[] = [
  [/^error\.missing_pkce\.error$/, suggestPkce],
  [/^error\.[^.]+\.error$/, suggestNonces],
  [/^headers\.[^.]+\.dpop_nonce$/, ({ production }) => typeof production === 'boolean' ? change('profile.dpop_nonces', production ? 'required' : 'off') : undefined],
  [/^headers\.[^.]+\.rate_limit$/, suggestLimitHeaders],
  [/^tls\.(?:issuer|mtls)\.versions$/, suggestMinimumVersion],
]

/** A request without a code challenge is refused with an error (RFC 7636 §4.4.1) where PKCE is required. */
function suggestPkce ({ production, sandbox }: Drift): Suggestion | undefined {
  if (typeof production === 'string' && sandbox === null) return change('profile.pkce', 'required')
  return production === null && typeof sandbox === 'string' ? change('profile.pkce', 'allowed', 'Only where production goes on to its login page; it may also refuse with a page.') : undefined
}

/** RFC 9449 §8. */
function suggestNonces ({ production, sandbox }: Drift): Suggestion | undefined {
  const [there, here] = [production === 'use_dpop_nonce', sandbox === 'use_dpop_nonce']
  return there === here ? undefined : change('profile.dpop_nonces', there ? 'required' : 'off')
}

type Style = 'draft' | 'legacy' | 'both'

function suggestLimitHeaders ({ production, sandbox }: Drift): Suggestion | undefined {
  const [there, here] = [styleOf(production), styleOf(sandbox)]
  return there === undefined || there === here ? undefined : change('limits.headers', there)
}

function styleOf (value: Drift['production']): Style | undefined {
  const names = textsOf(value) ?? []
  const [draft, legacy] = [names.some((name) => name === 'ratelimit' || name === 'ratelimit-policy'), names.includes('ratelimit-limit')]
  return draft && legacy ? 'both' : draft ? 'draft' : legacy ? 'legacy' : undefined
}

/** TLS 1.3 cannot be switched off, nor anything older than 1.2 on; what is left is where it begins. */
function suggestMinimumVersion ({ production, sandbox }: Drift): Suggestion | undefined {
  const [there, here] = [textsOf(production) ?? [], textsOf(sandbox) ?? []]
  const [wanted, given] = [there.includes('TLSv1.2'), here.includes('TLSv1.2')]
  if (there.length === 0 || wanted === given || (!wanted && !there.includes('TLSv1.3'))) return undefined
  return change('tls.minimum_version', wanted ? 'TLSv1.2' : 'TLSv1.3')
}
