import { errors, type FindAccount, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { buildTokenResponse, checkDpopReplay, checkDpopRequired, checkMtlsCert, resolveAndApplyResource, validateClientScope, validateDpop } from 'oidc-provider/lib/helpers/grants.js'
import { OPENID_SCOPES, type ProtectedApi } from '../authorization-profile.ts'

/** For whom an assertion or a token speaks, as far as it was proved. */
export interface ProvedSubject {
  readonly accountId: string
  /** The most that may be asked for at these audiences; at others, and where nothing is given, what the client is registered for. */
  readonly limit?: { readonly scopes: readonly string[], readonly audiences: readonly string[] }
  /** `act` (RFC 8693 §4.1). */
  readonly actor?: object
}

/**
 * Issues an access token for a user without the user's presence: bound like any other (RFC 8705 §3, RFC 9449 §5), under a grant
 * of its own, so that it can be revoked, and without a refresh token.
 */
export async function issueForUser (provider: Provider, ctx: KoaContextWithOIDC, subject: ProvedSubject, { apis, findAccount, gty, issuedTokenType }: {
  readonly apis: readonly ProtectedApi[]
  readonly findAccount: FindAccount
  /** The grant type's short name, as introspection and records show it. */
  readonly gty: string
  readonly issuedTokenType?: string
}): Promise<void> {
  const { client } = ctx.oidc
  if (client === undefined) throw new Error('a grant was called without a client')
  const proof = await validateDpop(provider, ctx)
  const certificate = checkMtlsCert(provider, ctx)
  checkDpopRequired(provider, ctx, proof)
  const account = await findAccount(ctx, subject.accountId)
  if (account === undefined) throw new errors.InvalidGrant('the subject is no test user of the client\'s sandbox')
  ctx.oidc.entity('Account', account)

  const api = chooseApi(ctx, apis)
  const scopes = chooseScopes(provider, ctx, subject, api)
  const grant = new provider.Grant({ accountId: subject.accountId, clientId: client.clientId })
  grant.addOIDCScope(scopes.filter((scope) => OPENID_SCOPES.includes(scope)).join(' '))
  grant.addResourceScope(api.audience, scopes.join(' '))
  await grant.save()
  ctx.oidc.entity('Grant', grant)

  const token = new provider.AccessToken({ accountId: subject.accountId, client, grantId: grant.jti, gty })
  if (subject.actor !== undefined) ctx.oidc.entity(ACTOR, subject.actor)
  if (certificate !== undefined) token.setThumbprint('x5t', certificate)
  if (proof !== undefined) {
    await checkDpopReplay(provider, ctx, proof, client.clientId, errors.InvalidGrant)
    token.setThumbprint('jkt', proof.thumbprint)
  }
  await resolveAndApplyResource(provider, ctx, { scopes: new Set(scopes), resource: api.audience, resourceIndicators: new Set([api.audience]) }, token, grant)
  ctx.oidc.entity('AccessToken', token)
  ctx.body = buildTokenResponse(provider, {
    accessToken: await token.save(),
    expiresIn: token.expiration,
    scope: token.scope,
    tokenType: token.tokenType,
    ...(issuedTokenType === undefined ? {} : { issuedTokenType }),
  })
}

const ACTOR = 'Actor'

/** Claims of an access token that only some grants know: who acts for its user (`act`, RFC 8693 §4.1). */
export function readExtraClaims (ctx: KoaContextWithOIDC | undefined): { readonly act: object } | undefined {
  const actor = ctx?.oidc.entities[ACTOR] as object | undefined
  return actor === undefined ? undefined : { act: actor }
}

/** What was asked for, or all that the subject and the client allow; never more than either (RFC 8693 §2.1, RFC 7521 §4.1). */
function chooseScopes (provider: Provider, ctx: KoaContextWithOIDC, { limit }: ProvedSubject, api: ProtectedApi): string[] {
  const registered = (ctx.oidc.client?.scope ?? '').split(' ').filter((scope) => api.scopes.includes(scope) || (OPENID_SCOPES.includes(scope) && scope !== 'offline_access'))
  const isLimited = limit?.audiences.includes(api.audience) === true
  const allowed = new Set(isLimited ? registered.filter((scope) => limit.scopes.includes(scope)) : registered)
  if (ctx.oidc.params?.['scope'] === undefined) return [...allowed]
  const asked = [...validateClientScope(provider, ctx)]
  const excess = asked.filter((scope) => !allowed.has(scope))
  if (excess.length > 0) throw new errors.InvalidScope('requested scope exceeds what the subject was granted', excess.join(' '))
  return asked
}

/** `resource` or `audience` (RFC 8693 §2.1) must name an API; without either, the first. */
function chooseApi (ctx: KoaContextWithOIDC, apis: readonly ProtectedApi[]): ProtectedApi {
  const { resource, audience } = ctx.oidc.params ?? {}
  const asked = [...new Set([resource, audience].flat().filter((value) => typeof value === 'string'))]
  if (asked.length > 1) throw new errors.InvalidTarget('only one resource or audience may be asked for')
  const wanted = asked[0] ?? apis[0]?.audience
  const api = apis.find((candidate) => candidate.audience === wanted || candidate.name === wanted)
  if (api === undefined) throw new errors.InvalidTarget(`no API has the audience ${wanted ?? 'asked for'}; those are ${apis.map((each) => each.audience).join(', ')}`)
  return api
}
