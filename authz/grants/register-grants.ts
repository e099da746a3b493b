import { decodeJwt } from 'jose'
import type { Provider } from 'oidc-provider'
import { isJsonObject, type Clock } from '../../kernel/index.ts'
import type { MaybePromise } from '../../stores/ports.ts'
import type { AuthorizationProfile, ProtectedApi } from '../authorization-profile.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import { JWT_BEARER, TOKEN_EXCHANGE } from '../grant-types.ts'
import type { TestUsers } from '../interaction/users/test-users.ts'
import { createAccountFinder } from '../provider/accounts.ts'
import { rulesOf } from '../security-profile.ts'
import type { IssuedToken } from '../tokens/issued-tokens.ts'
import type { TokenClaims } from '../tokens/token-claims.ts'
import { registerJwtBearer } from './jwt-bearer.ts'
import { registerTokenExchange, type LiveToken } from './token-exchange.ts'

export interface GrantsDeps {
  readonly provider: Provider
  readonly profile: AuthorizationProfile
  readonly apis: readonly ProtectedApi[]
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly clock: Clock
  readonly readLiveClaims: (token: string) => MaybePromise<TokenClaims | undefined>
  readonly findIssued: (jti: string) => MaybePromise<IssuedToken | undefined>
}

/** Registers the grants that production has and oidc-provider has not. */
export function registerGrants (deps: GrantsDeps): void {
  const findAccount = createAccountFinder(deps)
  const { grants } = deps.profile
  if (grants.includes(TOKEN_EXCHANGE)) registerTokenExchange({ ...deps, findAccount, findLiveToken: async (token) => await findLiveToken(deps, token) })
  if (grants.includes(JWT_BEARER)) registerJwtBearer({ ...deps, findAccount, algorithms: rulesOf(deps.profile).clientAlgorithms })
}

async function findLiveToken (deps: GrantsDeps, token: string): Promise<LiveToken | undefined> {
  const claims = await deps.readLiveClaims(token)
  if (claims === undefined) return undefined
  const { clientId, scopes, audiences, subject, isOpaque } = claims
  const limit = { scopes, audiences }
  if (isOpaque === true) return { clientId, limit, ...(subject === undefined ? {} : { accountId: subject }) }
  // The record names the account also where the token's own subject is pairwise.
  const accountId = (await deps.findIssued(claims.jti))?.accountId
  const { act } = decodeJwt(token) as { act?: unknown }
  return { clientId, limit, ...(accountId === undefined ? {} : { accountId }), ...(isJsonObject(act) ? { actor: act } : {}) }
}
