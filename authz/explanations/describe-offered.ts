import { OPENID_SCOPES, type AuthorizationProfile, type ProtectedApi } from '../authorization-profile.ts'
import { rulesOf } from '../security-profile.ts'
import type { Offered } from './failure-facts.ts'

/** What a client may ask of this server, in the words of the profile, for the expected side of explanations. */
export function describeOffered (profile: AuthorizationProfile, apis: readonly ProtectedApi[]): Offered {
  return {
    scopes: [...new Set([...OPENID_SCOPES, ...apis.flatMap((api) => api.scopes)])],
    responseTypes: [...profile.responseTypes],
    grantTypes: [...profile.grants],
    resources: apis.map((api) => api.audience),
    clientAlgorithms: [...rulesOf(profile).clientAlgorithms],
    authorizationDetailsTypes: [...profile.authorizationDetailsTypes],
  }
}
