import { errors, type Client, type Configuration, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider'
import { OPENID_SCOPES, type AuthorizationProfile, type ProtectedApi } from '../authorization-profile.ts'
import type { ClientDirectory, ClientLifetimes } from '../clients/client-directory.ts'
import { toSeconds } from './lifetimes.ts'

export interface ResourcesDeps {
  readonly profile: AuthorizationProfile
  readonly apis: readonly ProtectedApi[]
  readonly clients: ClientDirectory
  readonly lifetimesOf: (client: Client) => ClientLifetimes | undefined
  /** True when every token must be bound, and the request brings nothing to bind it to. */
  readonly lacksBinding: (ctx: KoaContextWithOIDC) => boolean
}

type Features = NonNullable<Configuration['features']>

/** The APIs as resource servers (RFC 8707): the scopes, audience, format and lifetime of their access tokens. */
export function buildResourceIndicators (deps: ResourcesDeps): NonNullable<Features['resourceIndicators']> {
  return {
    enabled: true,
    defaultResource: (_ctx, _client, oneOf) => chooseResource(deps.apis, oneOf),
    useGrantedResource: () => true,
    getResourceServerInfo: async (ctx, resource, client) => await describeApi(deps, ctx, resource, client),
  }
}

/** Among several granted resources the first API's; without any, the first API: production's default (RFC 8707 §2). */
function chooseResource (apis: readonly ProtectedApi[], oneOf: readonly string[] | undefined): string {
  const preferred = apis[0]?.audience ?? ''
  return oneOf === undefined || oneOf.includes(preferred) ? preferred : oneOf[0] ?? preferred
}

async function describeApi (deps: ResourcesDeps, ctx: KoaContextWithOIDC, resource: string, client: Client): Promise<ResourceServer> {
  const api = deps.apis.find(({ audience }) => audience === resource)
  if (api === undefined) throw new errors.InvalidTarget(`no API has the audience ${resource}; those are ${deps.apis.map(({ audience }) => audience).join(', ')}`)
  if (ctx.oidc.route === 'token' && deps.lacksBinding(ctx)) throw new errors.InvalidRequest('access tokens must be sender-constrained: use mutual TLS or send a DPoP proof')
  const isOwnBehalf = ctx.oidc.params?.['grant_type'] === 'client_credentials'
  if (isOwnBehalf) await applyDefaultScope(deps, ctx, api, client.clientId)
  return {
    audience: api.audience,
    // A user's token serves userinfo as well, so it carries the OpenID scopes; a client's own token has no user to ask about.
    scope: (isOwnBehalf ? api.scopes : [...OPENID_SCOPES, ...api.scopes]).join(' '),
    accessTokenFormat: api.tokenFormat ?? 'jwt',
    accessTokenTTL: toSeconds(deps.lifetimesOf(client)?.accessTokenMs ?? deps.profile.lifetimes.accessTokenMs),
    jwt: { sign: { alg: deps.profile.signingAlgorithm } } as NonNullable<ResourceServer['jwt']>,
  }
}

/** A client that names no scope gets all that it is registered for at the API (RFC 6749 §3.3: a pre-defined default). */
async function applyDefaultScope (deps: ResourcesDeps, ctx: KoaContextWithOIDC, api: ProtectedApi, clientId: string): Promise<void> {
  const { params } = ctx.oidc
  if (params === undefined || params['scope'] !== undefined) return
  const registered = (await deps.clients.find(clientId))?.scopes ?? []
  params['scope'] = registered.filter((scope) => api.scopes.includes(scope)).join(' ') || undefined
}
