import { errors, interactionPolicy, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import type { AdapterFactory, ResourceServer } from 'oidc-provider'
import type { JWK } from 'jose'
import { isSameDistinguishedName } from '../../certs/index.ts'
import { OPENID_SCOPES, type AuthorizationProfile, type ProtectedApi } from '../authorization-profile.ts'
import type { PresentedCertificate } from '../authorization-server.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import type { Pages } from '../interaction/pages.ts'
import type { TestUsers } from '../interaction/test-users.ts'

export interface ConfigurationDeps {
  readonly issuer: string
  readonly mtlsOrigin: string
  readonly profile: AuthorizationProfile
  readonly apis: readonly ProtectedApi[]
  readonly adapter: AdapterFactory
  readonly signingKeys: readonly JWK[]
  readonly cookieKeys: readonly string[]
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly pages: Pages
  readonly certificateOf: (ctx: KoaContextWithOIDC) => PresentedCertificate | undefined
  readonly shapeAccessToken: NonNullable<NonNullable<NonNullable<Configuration['formats']>['customizers']>['jwt']>
}

/** What oidc-provider is told: production's profile in its terms. Everything that production does not have is switched off. */
export function buildProviderConfiguration (deps: ConfigurationDeps): Configuration {
  const { profile, apis } = deps
  return {
    adapter: deps.adapter,
    jwks: { keys: deps.signingKeys.map((key) => ({ ...key })) },
    cookies: { keys: [...deps.cookieKeys], names: { session: 'sandgate_session', interaction: 'sandgate_interaction', resume: 'sandgate_resume' } },
    clientAuthMethods: [...profile.clientAuthenticationMethods] as NonNullable<Configuration['clientAuthMethods']>,
    clientDefaults: { id_token_signed_response_alg: profile.signingAlgorithm } as NonNullable<Configuration['clientDefaults']>,
    enabledJWA: { idTokenSigningAlgValues: [profile.signingAlgorithm] } as NonNullable<Configuration['enabledJWA']>,
    scopes: [...new Set([...OPENID_SCOPES, ...apis.flatMap((api) => api.scopes)])],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    rotateRefreshToken: profile.refreshTokenRotation,
    issueRefreshToken: async (_ctx, client, source) => profile.grants.includes('refresh_token') && client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
    ttl: lifetimesInSeconds(profile.lifetimes),
    routes: { authorization: profile.paths.authorization, token: profile.paths.token, introspection: profile.paths.introspection, revocation: profile.paths.revocation, userinfo: profile.paths.userinfo, jwks: profile.paths.jwks, end_session: profile.paths.endSession },
    formats: { customizers: { jwt: deps.shapeAccessToken } },
    interactions: { url: (_ctx, interaction) => new URL(`/interaction/${interaction.uid}`, deps.issuer).href, policy: loginPolicy() },
    findAccount: async (ctx, sub) => await findAccount(deps, ctx, sub),
    clientBasedCORS: (_ctx, origin, client) => (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    renderError: (ctx, out) => { deps.pages.sendFailure(ctx, out.error, out.error_description) },
    discovery: { mtls_endpoint_aliases: mtlsAliases(deps), tls_client_certificate_bound_access_tokens: profile.bindTokensToCertificates },
    features: buildFeatures(deps),
  }
}

function buildFeatures (deps: ConfigurationDeps): NonNullable<Configuration['features']> {
  const { profile } = deps
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    clientCredentials: { enabled: profile.grants.includes('client_credentials') },
    introspection: { enabled: true, allowedPolicy: async (_ctx, client, token) => await isSameSandbox(deps.clients, client.clientId, token.clientId) },
    revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => await mayRevoke(deps.clients, client.clientId, token.clientId) },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, _client, oneOf) => chooseResource(deps.apis, oneOf),
      useGrantedResource: () => true,
      getResourceServerInfo: async (ctx, resource, client) => await describeApi(deps, ctx, resource, client.clientId),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => { deps.pages.sendLogout(ctx, form) },
      postLogoutSuccessSource: (ctx) => { deps.pages.sendLoggedOut(ctx) },
    },
    mTLS: buildMutualTls(deps),
  }
}

function buildMutualTls (deps: ConfigurationDeps): NonNullable<NonNullable<Configuration['features']>['mTLS']> {
  const methods = deps.profile.clientAuthenticationMethods
  return {
    enabled: true,
    certificateBoundAccessTokens: false,
    tlsClientAuth: methods.includes('tls_client_auth'),
    selfSignedTlsClientAuth: methods.includes('self_signed_tls_client_auth'),
    // Base64 DER as received: the library hashes what it is given, and a re-encoding could differ.
    getCertificate: (ctx) => deps.certificateOf(ctx)?.der.toString('base64'),
    // The door has verified chain, validity and revocation; what it has not verified it does not hand over.
    certificateAuthorized: (ctx) => deps.certificateOf(ctx) !== undefined,
    certificateSubjectMatches: (ctx, property, expected) => matchesSubject(deps.certificateOf(ctx), property, expected),
  }
}

function matchesSubject (certificate: PresentedCertificate | undefined, property: string, expected: string): boolean {
  if (certificate === undefined) return false
  switch (property) {
    case 'tls_client_auth_subject_dn': return isSameDistinguishedName(certificate.subjectDn, expected)
    case 'tls_client_auth_san_dns': return certificate.dnsNames.includes(expected)
    case 'tls_client_auth_san_uri': return certificate.uris.includes(expected)
    case 'tls_client_auth_san_ip': return certificate.ips.includes(expected)
    case 'tls_client_auth_san_email': return certificate.emails.includes(expected)
    default: return false
  }
}

/** Among several granted resources the first API's; without any, the first API: production's default (RFC 8707 §2). */
function chooseResource (apis: readonly ProtectedApi[], oneOf: readonly string[] | undefined): string {
  const preferred = apis[0]?.audience ?? ''
  return oneOf === undefined || oneOf.includes(preferred) ? preferred : oneOf[0] ?? preferred
}

async function describeApi (deps: ConfigurationDeps, ctx: KoaContextWithOIDC, resource: string, clientId: string): Promise<ResourceServer> {
  const api = deps.apis.find(({ audience }) => audience === resource)
  if (api === undefined) throw new errors.InvalidTarget(`no API has the audience ${resource}; those are ${deps.apis.map(({ audience }) => audience).join(', ')}`)
  const isOwnBehalf = ctx.oidc.params?.['grant_type'] === 'client_credentials'
  if (isOwnBehalf) await applyDefaultScope(deps, ctx, api, clientId)
  return {
    audience: api.audience,
    // A user's token serves userinfo as well, so it carries the OpenID scopes; a client's own token has no user to ask about.
    scope: (isOwnBehalf ? api.scopes : [...OPENID_SCOPES, ...api.scopes]).join(' '),
    accessTokenFormat: 'jwt',
    accessTokenTTL: toSeconds(deps.profile.lifetimes.accessTokenMs),
    jwt: { sign: { alg: deps.profile.signingAlgorithm } } as NonNullable<ResourceServer['jwt']>,
  }
}

/** A client that names no scope gets all that it is registered for at the API (RFC 6749 §3.3: a pre-defined default). */
async function applyDefaultScope (deps: ConfigurationDeps, ctx: KoaContextWithOIDC, api: ProtectedApi, clientId: string): Promise<void> {
  const { params } = ctx.oidc
  if (params === undefined || params['scope'] !== undefined) return
  const registered = (await deps.clients.find(clientId))?.scopes ?? []
  params['scope'] = registered.filter((scope) => api.scopes.includes(scope)).join(' ') || undefined
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

/** A user is found only through a client of the user's sandbox, so a session, code or token of another sandbox finds nobody. */
async function findAccount (deps: ConfigurationDeps, ctx: KoaContextWithOIDC, sub: string) {
  const client = await deps.clients.find(ctx.oidc.client?.clientId ?? '')
  const user = client === undefined ? undefined : await deps.users.get(client.sandboxId, sub)
  if (user === undefined) return undefined
  return {
    accountId: user.sub,
    claims: async () => ({ sub: user.sub, name: user.name, preferred_username: user.username, email: user.email, email_verified: true }),
  }
}

/** The library's policy, and: a browser session of another sandbox's user is no session here. */
function loginPolicy () {
  const policy = interactionPolicy.base()
  policy.get('login')?.checks.add(new interactionPolicy.Check('foreign_session', 'End-User authentication is required', 'login_required', (ctx) =>
    ctx.oidc.session?.accountId !== undefined && ctx.oidc.account === undefined), 0)
  return policy
}

function mtlsAliases ({ mtlsOrigin, profile: { paths } }: ConfigurationDeps): Record<string, string> {
  const at = (path: string): string => new URL(path, mtlsOrigin).href
  return { token_endpoint: at(paths.token), introspection_endpoint: at(paths.introspection), revocation_endpoint: at(paths.revocation), userinfo_endpoint: at(paths.userinfo) }
}

function lifetimesInSeconds (lifetimes: AuthorizationProfile['lifetimes']): NonNullable<Configuration['ttl']> {
  const accessToken = toSeconds(lifetimes.accessTokenMs)
  const refreshToken = toSeconds(lifetimes.refreshTokenMs)
  return {
    AccessToken: accessToken,
    ClientCredentials: accessToken,
    IdToken: toSeconds(lifetimes.idTokenMs),
    RefreshToken: refreshToken,
    AuthorizationCode: toSeconds(lifetimes.authorizationCodeMs),
    Session: toSeconds(lifetimes.sessionMs),
    Interaction: toSeconds(lifetimes.interactionMs),
    // A grant that ended before its refresh token would end it too.
    Grant: Math.max(toSeconds(lifetimes.grantMs), refreshToken),
  }
}

function toSeconds (ms: number): number {
  return Math.max(1, Math.round(ms / 1000))
}
