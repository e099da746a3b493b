import { whenSettled } from '../kernel/index.ts'
import { timingSafeEqual } from 'node:crypto'
import { Provider, type Client, type KoaContextWithOIDC } from 'oidc-provider'
import { anchorToIssuer } from './provider/anchor-to-issuer.ts'
import type { AuthorizationServer, AuthorizationServerDeps } from './authorization-server.ts'
import { createClientDirectory, type ClientLifetimes, type ClientRecord } from './clients/client-directory.ts'
import { createClients, hashSecret } from './clients/clients.ts'
import { describeClient } from './clients/describe-client.ts'
import { registerInteractionRoutes } from './interaction/interaction-routes.ts'
import { createIssuedTokens } from './tokens/issued-tokens.ts'
import { createPages } from './interaction/pages.ts'
import { peekClaimedClient } from './clients/peek-claimed-client.ts'
import { buildProviderConfiguration } from './provider/provider-configuration.ts'
import { readTokenRequest } from './clients/read-token-request.ts'
import { toSeconds } from './provider/lifetimes.ts'
import { setPushedRequestLifetime } from './provider/pushed-request-lifetime.ts'
import { registerProviderRoutes } from './provider/register-routes.ts'
import { reportFailures } from './provider/report-failures.ts'
import { requestConsentForOfflineAccess } from './provider/offline-access.ts'
import { shapeAccessToken } from './tokens/shape-access-token.ts'
import { completeSigningKeys, prepareVerificationKeys } from './tokens/signing-keys.ts'
import { createStoreAdapter } from './provider/store-adapter.ts'
import { createTestUsers } from './interaction/test-users.ts'
import { tightenProfile } from './security-profile.ts'
import type { TokenClaims } from './tokens/token-claims.ts'
import { createAccessTokenVerifier } from './tokens/verify-access-token.ts'

/**
 * Builds the authorization server on oidc-provider: one issuer for all sandboxes, whose clients and test users never meet.
 *
 * @throws Error at once when the profile cannot be served (no key for its algorithm, an unknown method)
 */
export async function createAuthorizationServer (deps: AuthorizationServerDeps): Promise<AuthorizationServer> {
  const { clock, keyValue } = deps
  const profile = tightenProfile(deps.profile)
  const signingKeys = await completeSigningKeys(deps.signingKeys, profile.signingAlgorithm)
  const clients = createClientDirectory(deps)
  const issued = createIssuedTokens(deps)
  const users = createTestUsers(keyValue)
  const pages = createPages(profile.brand)
  const describe = (record: ClientRecord) => describeClient(record, profile.signingAlgorithm)
  const verifier = createAccessTokenVerifier({
    issuer: deps.issuer,
    keys: prepareVerificationKeys(signingKeys),
    clock,
    clients,
    issued,
    tokenAgeAdvanceMs: deps.tokenAgeAdvanceMs,
    findOpaque: async (token) => await findOpaque(provider, token),
    ...(deps.verifiedTokensMax === undefined ? {} : { cachedMax: deps.verifiedTokensMax }),
  })
  const adapter = createStoreAdapter({
    keyValue,
    clock,
    clients,
    issued,
    describeClient: describe,
    tokenAgeAdvanceMs: deps.tokenAgeAdvanceMs,
    findLiveJwt: (token) => whenSettled(verifier.readLiveClaims(token), (claims) => claims === undefined ? undefined : issued.find(claims.jti)),
  })
  const certificateOf = (ctx: KoaContextWithOIDC) => deps.certificateOf(ctx.req)
  const provider = new Provider(deps.issuer, buildProviderConfiguration({
    ...deps,
    profile,
    adapter,
    signingKeys,
    clients,
    users,
    pages,
    certificateOf,
    lifetimesOf: readLifetimes,
    shapeAccessToken: (ctx, token, parts) => shapeAccessToken({ clock, issued, keyValue, certificateOf, isBinding: profile.bindTokensToCertificates }, ctx, token, parts),
  }))
  adaptProvider(provider, deps)
  setPushedRequestLifetime(provider, { seconds: toSeconds(profile.lifetimes.pushedRequestMs), clock })

  return {
    registerRoutes (app) {
      registerProviderRoutes(app, provider, profile)
      registerInteractionRoutes(app, { provider, pages, clients, users, issued, apis: deps.apis, secret: deps.cookieKeys[0] ?? '' })
    },
    verifyAccessToken: verifier.verify,
    clients: createClients({ provider, directory: clients, clock, describe }),
    users,
    sandboxOfClient: (clientId) => whenSettled(clients.find(clientId), (record) => record?.sandboxId),
    peekClaimedClient: (request) => peekClaimedClient({ clients, certificateOf: deps.certificateOf }, request),
    readTokenRequest,
    revokeGrant: issued.revokeGrant,
  }
}

function adaptProvider (provider: Provider, deps: AuthorizationServerDeps): void {
  if (deps.cookieKeys.length === 0) throw new Error('cookieKeys must hold at least one key')
  provider.proxy = deps.isBehindTrustedProxy === true
  // Koa writes unhandled errors to the console unless somebody listens; the library's own events are reported below.
  const listen = provider.on.bind(provider) as (event: string, listener: () => void) => void
  listen('error', () => {})
  anchorToIssuer(provider, deps.mtlsOrigin)
  reportFailures(provider, deps.onFailure)
  provider.use(requestConsentForOfflineAccess(deps.profile.paths.authorization))
  const { prototype } = provider.Client as unknown as { prototype: { clientSecret?: string, compareClientSecret: (actual: string) => boolean } }
  prototype.compareClientSecret = function compareClientSecret (actual) {
    const [left, right] = [Buffer.from(hashSecret(actual)), Buffer.from(this.clientSecret ?? '')]
    return left.length === right.length && timingSafeEqual(left, right)
  }
}

/** The client's own lifetimes, which travel as metadata of ours. */
function readLifetimes (client: Client): ClientLifetimes | undefined {
  return client['sandgate_lifetimes'] as ClientLifetimes | undefined
}

/** An opaque access token of this server; we issue none ourselves, but the library does where no API is asked for. */
async function findOpaque (provider: Provider, value: string): Promise<TokenClaims | undefined> {
  const token = await provider.AccessToken.find(value) ?? await provider.ClientCredentials.find(value)
  if (token?.clientId === undefined || token.exp === undefined) return undefined
  const subject = 'accountId' in token ? token.accountId : undefined
  const thumbprint = token['x5t#S256']
  return {
    jti: token.jti,
    clientId: token.clientId,
    scopes: [...token.scopes],
    audiences: [token.aud ?? []].flat(),
    issuedAtMs: token.iat * 1000,
    expMs: token.exp * 1000,
    isOpaque: true,
    ...(subject === undefined ? {} : { subject }),
    ...(thumbprint === undefined ? {} : { thumbprint }),
  }
}
