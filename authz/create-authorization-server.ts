import { createNameClaims } from '../certs/index.ts'
import { whenSettled } from '../kernel/index.ts'
import { Provider, type Client, type KoaContextWithOIDC } from 'oidc-provider'
import { anchorToIssuer } from './provider/anchor-to-issuer.ts'
import type { AuthorizationProfile } from './authorization-profile.ts'
import type { AuthorizationServer, AuthorizationServerDeps } from './authorization-server.ts'
import { createClientDirectory, type ClientDirectory, type ClientLifetimes, type ClientRecord } from './clients/client-directory.ts'
import { adaptClients } from './clients/adapt-clients.ts'
import { answerScope } from './clients/answer-scope.ts'
import { CLIENTS_MAX, createClients } from './clients/clients.ts'
import { registerGrants } from './grants/register-grants.ts'
import { describeClient } from './clients/describe-client.ts'
import { describeOffered } from './explanations/describe-offered.ts'
import { watchRevocations, watchTokens } from './explanations/watch-tokens.ts'
import { guardOrigins } from './clients/guard-origins.ts'
import { originsOf } from './clients/client-origins.ts'
import { admitSelfSigned } from './clients/self-signed-certificate.ts'
import { openRegistration } from './registration/open-registration.ts'
import { createSecretKeeper } from './clients/secret-keeper.ts'
import { createIssuedTokens, type IssuedTokens } from './tokens/issued-tokens.ts'
import { peekClaimedClient } from './clients/peek-claimed-client.ts'
import { buildProviderConfiguration } from './provider/provider-configuration.ts'
import { readTokenRequest } from './clients/read-token-request.ts'
import { toSeconds } from './provider/lifetimes.ts'
import { setPushedRequestLifetime } from './provider/pushed-request-lifetime.ts'
import { registerProviderRoutes } from './provider/register-routes.ts'
import { requireSignedResponses } from './provider/require-signed-responses.ts'
import { detectReplaysAtomically } from './provider/replay-detection.ts'
import { explainEvery, reportFailures } from './provider/report-failures.ts'
import { requestConsentForOfflineAccess } from './provider/offline-access.ts'
import { openTokens } from './tokens/open-tokens.ts'
import { createStoreAdapter } from './provider/store-adapter.ts'
import { createUsesInFlight } from './provider/uses-in-flight.ts'
import type { Consents } from './interaction/consents.ts'
import { createTestUsers, type TestUsers } from './interaction/users/test-users.ts'
import { openInteractions } from './open-interactions.ts'
import { rulesOf, tightenProfile } from './security-profile.ts'

/**
 * Builds the authorization server on oidc-provider: one issuer for all sandboxes, whose clients and test users never meet.
 *
 * @throws Error at once when the profile cannot be served (no key for its algorithm, an unknown method)
 */
export async function createAuthorizationServer (given: AuthorizationServerDeps): Promise<AuthorizationServer> {
  const profile = tightenProfile(given.profile)
  const deps = { ...given, onFailure: explainEvery({ ...given, offered: describeOffered(profile, given.apis) }) }
  const { clock, keyValue } = deps
  const clients = createClientDirectory(deps)
  const sandboxOfClient = (clientId: string) => whenSettled(clients.find(clientId), (record) => record?.sandboxId)
  const watching = deps.tokenWatch === undefined ? undefined : { ...deps, sandboxOfClient, watch: deps.tokenWatch }
  const issued = watching === undefined ? createIssuedTokens(deps) : watchRevocations(createIssuedTokens(deps), watching)
  const users = createTestUsers(keyValue)
  const interactions = openInteractions({ ...deps, profile, clients, users, issued })
  const secrets = createSecretKeeper(deps.cookieKeys)
  const describe = (record: ClientRecord) => describeClient({ ...deps, secrets, signingAlgorithm: profile.signingAlgorithm }, record)
  const certificateOf = (ctx: KoaContextWithOIDC) => deps.certificateOf(ctx.req)
  const tokens = await openTokens({ ...deps, profile, clients, issued, certificateOf })
  const inFlight = createUsesInFlight(keyValue)
  const adapter = createStoreAdapter({
    inFlight,
    keyValue,
    clock,
    clients,
    issued,
    describeClient: describe,
    tokenAgeAdvanceMs: deps.tokenAgeAdvanceMs,
    findLiveJwt: tokens.findLiveJwt,
  })
  const provider = new Provider(deps.issuer, buildProviderConfiguration({
    ...deps,
    profile,
    adapter,
    signingKeys: tokens.slots,
    dpop: tokens.dpop,
    clients,
    users,
    hooks: interactions.hooks,
    certificateOf,
    lifetimesOf: readLifetimes,
    shapeAccessToken: tokens.shapeAccessToken,
  }))
  adaptProvider(provider, deps)
  if (watching !== undefined) watchTokens(provider, watching)
  interactions.attach(provider)
  provider.use(guardOrigins({ clients, openPaths: new Set([profile.paths.jwks, ...DISCOVERY_PATHS]) }))
  const registered = createClients({ ...deps, provider, profile, directory: clients, secrets, describe, names: createNameClaims(deps), outbound: deps.outbound })
  const registration = openRegistration({ ...deps, profile, clients: registered, directory: clients, clientsMax: CLIENTS_MAX, softwareStatementKeys: deps.softwareStatementKeys ?? [] })
  tokens.attach(provider)
  inFlight.attach(provider)
  detectReplaysAtomically(provider, deps)
  registerGrants({ ...deps, profile, provider, clients, users, readLiveClaims: tokens.verifier.readLiveClaims, findIssued: issued.find })
  setPushedRequestLifetime(provider, { seconds: toSeconds(profile.lifetimes.pushedRequestMs), clock })

  return expose({ deps, profile, provider, clients, registered, registration, tokens, issued, users, interactions, sandboxOfClient })
}

interface Parts {
  readonly deps: AuthorizationServerDeps
  readonly profile: AuthorizationProfile
  readonly provider: Provider
  readonly clients: ClientDirectory
  readonly registered: AuthorizationServer['clients']
  readonly registration: ReturnType<typeof openRegistration>
  readonly tokens: Awaited<ReturnType<typeof openTokens>>
  readonly issued: IssuedTokens
  readonly users: TestUsers
  readonly interactions: ReturnType<typeof openInteractions>
  readonly sandboxOfClient: AuthorizationServer['sandboxOfClient']
}

/** What the other folders get to see of the parts. */
function expose ({ deps, profile, provider, clients, registered, registration, tokens, issued, users, interactions, sandboxOfClient }: Parts): AuthorizationServer {
  return {
    registerRoutes (app) {
      registerProviderRoutes(app, provider, profile)
      registration?.registerRoutes(app)
      interactions.registerRoutes(app)
    },
    verifyAccessToken: tokens.verifier.verify,
    signingKeys: { list: tokens.ring.list, rotate: tokens.ring.rotate, rotateForSandbox: tokens.rotateForSandbox, refresh: tokens.ring.refresh },
    dpopAlgorithms: profile.dpop === 'off' ? [] : rulesOf(profile).clientAlgorithms,
    clients: registered,
    registrationTokens: registration?.tokens,
    registrationEndpoint: registration?.endpoint,
    admitSelfSigned: (der) => admitSelfSigned({ clients, clock: deps.clock }, der),
    isRegisteredOrigin: clients.isRegisteredOrigin,
    isOriginOf: (clientId, origin) => whenSettled(clients.find(clientId), (record) => record !== undefined && originsOf(record).includes(origin)),
    users: endingConsents(users, interactions.consents),
    consents: interactions.consents,
    deviceApprovals: interactions.deviceApprovals,
    backchannel: interactions.backchannel,
    offered: { authMethods: profile.clientAuthenticationMethods, grants: profile.grants },
    sandboxOfClient,
    peekClaimedClient: (request) => peekClaimedClient({ clients, certificateOf: deps.certificateOf }, request),
    readTokenRequest,
    revokeGrant: issued.revokeGrant,
  }
}

const DISCOVERY_PATHS = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']

function adaptProvider (provider: Provider, deps: AuthorizationServerDeps): void {
  if (deps.cookieKeys.length === 0) throw new Error('cookieKeys must hold at least one key')
  provider.proxy = deps.isBehindTrustedProxy === true
  // Koa writes unhandled errors to the console unless somebody listens; the library's own events are reported below.
  const listen = provider.on.bind(provider) as (event: string, listener: () => void) => void
  listen('error', () => {})
  anchorToIssuer(provider, deps.mtlsOrigin)
  reportFailures(provider, { ...deps, offered: describeOffered(tightenProfile(deps.profile), deps.apis) })
  provider.use(requestConsentForOfflineAccess(deps.profile.paths.authorization))
  adaptClients(provider)
  if (rulesOf(deps.profile).areResponsesSigned) requireSignedResponses(provider)
  answerScope(provider)
}

/** A user who is deleted leaves no consent and no token behind. */
function endingConsents (users: TestUsers, consents: Consents): TestUsers {
  return {
    ...users,
    async delete (sandboxId, sub) {
      await consents.revokeAll(sandboxId, sub)
      return await users.delete(sandboxId, sub)
    },
  }
}

/** The client's own lifetimes, which travel as metadata of ours. */
function readLifetimes (client: Client): ClientLifetimes | undefined {
  return client['sandgate_lifetimes'] as ClientLifetimes | undefined
}
