import type { Violation } from '../problem.ts'
import type { CrossCheck } from './check.ts'

interface Demand { readonly algorithms: readonly string[], readonly methods: readonly string[] }

const STRONG_METHODS = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']

/** What a security profile demands of settings that it cannot repair itself. */
const DEMANDS: ReadonlyMap<string, Demand> = new Map([
  // FAPI 1.0 Advanced §8.6 and §5.2.2-14.
  ['fapi-1-advanced', { algorithms: ['PS256', 'ES256'], methods: STRONG_METHODS }],
  // FAPI 2.0 Security Profile §5.4.1 and §5.3.2.1.
  ['fapi-2-security', { algorithms: ['PS256', 'ES256', 'EdDSA'], methods: STRONG_METHODS }],
  ['fapi-2-message-signing', { algorithms: ['PS256', 'ES256', 'EdDSA'], methods: STRONG_METHODS }],
])

/** Refuses a FAPI profile with algorithms that it forbids, or without any client authentication that it allows. */
export const checkSecurityProfile: CrossCheck = {
  reads: [['profile', 'security'], ['profile', 'signing_algorithm'], ['profile', 'more_signing_algorithms'], ['profile', 'client_authentication_methods'], ['profile', 'dpop']],
  run: ({ profile }) => {
    const demand = DEMANDS.get(profile.security)
    if (demand === undefined) return []
    const hint = `profile.security is ${profile.security}.`
    const weak = [['signing_algorithm', profile.signing_algorithm] as const, ...profile.more_signing_algorithms.map((algorithm, index) => [['more_signing_algorithms', index], algorithm] as const)]
      .filter(([, algorithm]) => !demand.algorithms.includes(algorithm))
      .map(([key, algorithm]): Violation => ({ path: ['profile', ...[key].flat()], part: 'value', found: algorithm, expected: demand.algorithms.join(' or '), hint }))
    if (profile.client_authentication_methods.some((method) => demand.methods.includes(method))) return weak
    return [...weak, { path: ['profile', 'client_authentication_methods'], part: 'value', found: profile.client_authentication_methods.join(', '), expected: `at least one of ${demand.methods.join(', ')}`, hint }]
  }
}
