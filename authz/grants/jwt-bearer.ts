import { createLocalJWKSet, errors as joseErrors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose'
import { errors, type FindAccount, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { Clock, SandboxId } from '../../kernel/index.ts'
import type { ProtectedApi } from '../authorization-profile.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import { JWT_BEARER } from '../grant-types.ts'
import type { TestUsers } from '../interaction/users/test-users.ts'
import { issueForUser } from './issue-for-user.ts'

const LIFETIME_SECONDS_MAX = 3600

export interface JwtBearerDeps {
  readonly provider: Provider
  readonly apis: readonly ProtectedApi[]
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly clock: Clock
  readonly findAccount: FindAccount
  /** JWS algorithms that clients may sign with. */
  readonly algorithms: readonly string[]
}

/**
 * The JWT bearer grant (RFC 7523 §2.1): a client presents an assertion that it has signed with one of its registered keys
 * (`iss` is its `client_id`), about a test user of its sandbox (`sub` is the user's `sub` or user name), for this server (`aud`
 * is the issuer or the token endpoint). Each assertion is taken once and lives at most an hour.
 */
export function registerJwtBearer (deps: JwtBearerDeps): void {
  deps.provider.registerGrantType(JWT_BEARER, async (ctx) => { await answer(deps, ctx) }, ['assertion', 'scope', 'resource', 'audience'])
}

async function answer (deps: JwtBearerDeps, ctx: KoaContextWithOIDC): Promise<void> {
  const assertion = ctx.oidc.params?.['assertion']
  if (typeof assertion !== 'string' || assertion === '') throw new errors.InvalidRequest('missing required parameter(s) (assertion)')
  const record = await deps.clients.find(ctx.oidc.client?.clientId ?? '')
  if (record === undefined) throw new errors.InvalidGrant('the client does not exist any more')
  if (record.jwks === undefined) throw new errors.InvalidGrant('the client has registered no keys to verify an assertion with')
  const claims = await verifyAssertion(deps, ctx, assertion, { clientId: record.clientId, jwks: record.jwks as unknown as JSONWebKeySet })
  await useOnce(deps.provider, record.clientId, claims)
  const accountId = await findUser(deps.users, record.sandboxId, claims.sub ?? '')
  if (accountId === undefined) throw new errors.InvalidGrant(`the assertion's sub ${JSON.stringify(claims.sub)} is no test user of the client's sandbox`)
  await issueForUser(deps.provider, ctx, { accountId }, { apis: deps.apis, findAccount: deps.findAccount, gty: 'jwt_bearer' })
}

/** RFC 7523 §3: signature, issuer, subject, audience and times. */
async function verifyAssertion ({ algorithms, clock }: JwtBearerDeps, ctx: KoaContextWithOIDC, assertion: string, { clientId, jwks }: { readonly clientId: string, readonly jwks: JSONWebKeySet }): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(assertion, createLocalJWKSet(jwks), {
      algorithms: [...algorithms],
      issuer: clientId,
      audience: [...ctx.oidc.clientJwtAuthExpectedAudience()],
      requiredClaims: ['sub', 'exp', 'jti'],
      clockTolerance: 5,
      currentDate: new Date(clock.nowMs()),
    })
    const { exp = 0, iat = Math.floor(clock.nowMs() / 1000) } = payload
    if (exp - iat > LIFETIME_SECONDS_MAX) throw new errors.InvalidGrant(`the assertion lives ${exp - iat} s; at most ${LIFETIME_SECONDS_MAX} s are taken`)
    return payload
  } catch (fault) {
    if (fault instanceof joseErrors.JOSEError) throw new errors.InvalidGrant(`the assertion is refused: ${fault.message}`)
    throw fault
  }
}

async function useOnce (provider: Provider, clientId: string, { jti, exp }: JWTPayload): Promise<void> {
  const { ReplayDetection } = provider as unknown as { ReplayDetection: { unique: (issuer: string, jti: string, exp: number) => Promise<boolean> } }
  if (!await ReplayDetection.unique(clientId, `assertion:${jti}`, exp ?? 0)) throw new errors.InvalidGrant('the assertion was used before (jti)')
}

async function findUser (users: TestUsers, sandboxId: SandboxId, subject: string): Promise<string | undefined> {
  const user = await users.get(sandboxId, subject) ?? (await users.list(sandboxId)).find(({ username }) => username === subject)
  return user?.sub
}
