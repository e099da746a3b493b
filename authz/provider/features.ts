import { errors, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import { CIBA, DEVICE_CODE } from '../grant-types.ts'
import { rulesOf } from '../security-profile.ts'
import { buildMutualTls } from './mutual-tls.ts'
import type { ConfigurationDeps } from './provider-configuration.ts'
import { buildResourceIndicators } from './resources.ts'
import { buildRichAuthorization } from './rich-authorization.ts'

type Features = NonNullable<Configuration['features']>
/** The library's type forbids combining parts that it declares as alternatives. */
type SomeFeatures = Partial<Features>

/** The features of production, each switched on by the profile; what it does not have is neither served nor advertised. */
export function buildFeatures (deps: ConfigurationDeps): Features {
  const { profile } = deps
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: profile.grants.includes('client_credentials') },
    ...buildRequestFeatures(profile),
    ...buildResponseFeatures(profile, deps.clients),
    ...buildLogout(deps),
    dPoP: { enabled: profile.dpop !== 'off', ...deps.dpop },
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    deviceFlow: { enabled: profile.grants.includes(DEVICE_CODE), charset: 'base-20', mask: '****-****', ...deps.hooks.deviceFlow },
    ciba: { enabled: profile.grants.includes(CIBA), deliveryModes: ['poll', 'ping'], ...deps.hooks.ciba } as NonNullable<Features['ciba']>,
    registration: { enabled: false },
    registrationManagement: { enabled: false },
    resourceIndicators: buildResourceIndicators({ ...deps, lifetimesOf: deps.lifetimesOf, lacksBinding: (ctx) => lacksBinding(deps, ctx) }),
    richAuthorizationRequests: buildRichAuthorization(profile.authorizationDetailsTypes),
    mTLS: buildMutualTls(deps),
  } as Features
}

/** What authorization requests may and must be: pushed (RFC 9126), signed (RFC 9101), with claims (OpenID Connect Core §5.5), to FAPI's letter. */
function buildRequestFeatures (profile: AuthorizationProfile): SomeFeatures {
  const { fapi } = rulesOf(profile)
  return {
    fapi: { enabled: fapi !== undefined, profile: fapi } as NonNullable<Features['fapi']>,
    claimsParameter: { enabled: profile.claimsParameter },
    pushedAuthorizationRequests: { enabled: profile.pushedAuthorizationRequests !== 'off', requirePushedAuthorizationRequests: profile.pushedAuthorizationRequests === 'required' },
    requestObjects: { enabled: profile.requestObjects !== 'off', requireSignedRequestObject: profile.requestObjects === 'required' },
  }
}

/** How answers may come: signed (JARM, RFC 9701, OpenID Connect Core §5.3.2), encrypted (RFC 7516), and who may introspect and revoke. */
function buildResponseFeatures (profile: AuthorizationProfile, clients: ClientDirectory): SomeFeatures {
  return {
    jwtResponseModes: { enabled: profile.signedResponses },
    encryption: { enabled: profile.encryption },
    introspection: { enabled: true, allowedPolicy: async (_ctx, client, token) => await isSameSandbox(clients, client.clientId, token.clientId) },
    jwtIntrospection: { enabled: profile.introspectionJwt },
    jwtUserinfo: { enabled: profile.userinfoJwt },
    revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => await mayRevoke(clients, client.clientId, token.clientId) },
  }
}

function buildLogout ({ profile, hooks }: ConfigurationDeps): SomeFeatures {
  return {
    backchannelLogout: { enabled: profile.backchannelLogout },
    rpInitiatedLogout: { enabled: true, ...hooks.rpInitiatedLogout },
  }
}

/** A token that must be bound needs a certificate (RFC 8705) or a DPoP proof (RFC 9449) in the request that asks for it. */
function lacksBinding ({ profile, certificateOf }: ConfigurationDeps, ctx: KoaContextWithOIDC): boolean {
  return rulesOf(profile).isSenderConstrained && certificateOf(ctx) === undefined && ctx.get('DPoP') === ''
}

async function isSameSandbox (clients: ClientDirectory, clientId: string, otherId: string | undefined): Promise<boolean> {
  const [client, other] = await Promise.all([clients.find(clientId), clients.find(otherId ?? '')])
  return client !== undefined && other !== undefined && client.sandboxId === other.sandboxId
}

/** Own tokens only. Another sandbox's token looks unknown (RFC 7009 §2.2: 200); a neighbour's is refused by name (§2.1). */
async function mayRevoke (clients: ClientDirectory, clientId: string, ownerId: string | undefined): Promise<boolean> {
  if (clientId === ownerId) return true
  if (!await isSameSandbox(clients, clientId, ownerId)) return false
  throw new errors.InvalidRequest('client is not authorized to revoke the presented token')
}
