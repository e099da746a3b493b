import type { AdapterFactory, Client, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { JWK } from 'jose'
import { OPENID_SCOPES, type AuthorizationProfile, type ProtectedApi } from '../authorization-profile.ts'
import type { PresentedCertificate } from '../authorization-server.ts'
import type { ClientDirectory, ClientLifetimes } from '../clients/client-directory.ts'
import type { Pages } from '../interaction/pages.ts'
import type { TestUsers } from '../interaction/test-users.ts'
import { rulesOf } from '../security-profile.ts'
import { createAccountFinder, createPairwiseIdentifier, loginPolicy } from './accounts.ts'
import { buildFeatures } from './features.ts'
import { lifetimesInSeconds } from './lifetimes.ts'
import { mtlsAliases } from './mutual-tls.ts'

export interface ConfigurationDeps {
  readonly issuer: string
  readonly mtlsOrigin: string
  /** As the security profile leaves it. */
  readonly profile: AuthorizationProfile
  readonly apis: readonly ProtectedApi[]
  readonly adapter: AdapterFactory
  readonly signingKeys: readonly JWK[]
  readonly cookieKeys: readonly string[]
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly pages: Pages
  readonly certificateOf: (ctx: KoaContextWithOIDC) => PresentedCertificate | undefined
  readonly lifetimesOf: (client: Client) => ClientLifetimes | undefined
  readonly shapeAccessToken: NonNullable<NonNullable<NonNullable<Configuration['formats']>['customizers']>['jwt']>
}

/** What oidc-provider is told: production's profile in its terms. Everything that production does not have is switched off. */
export function buildProviderConfiguration (deps: ConfigurationDeps): Configuration {
  const { profile, apis } = deps
  const features = buildFeatures(deps)
  return {
    adapter: deps.adapter,
    jwks: { keys: deps.signingKeys.map((key) => ({ ...key })) },
    cookies: { keys: [...deps.cookieKeys], names: { session: 'sandgate_session', interaction: 'sandgate_interaction', resume: 'sandgate_resume' } },
    clientAuthMethods: [...profile.clientAuthenticationMethods] as NonNullable<Configuration['clientAuthMethods']>,
    ...chooseAlgorithms(profile),
    scopes: [...new Set([...OPENID_SCOPES, ...apis.flatMap((api) => api.scopes)])],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    responseTypes: [...profile.responseTypes],
    subjectTypes: [...profile.subjectTypes],
    pairwiseIdentifier: createPairwiseIdentifier(deps.cookieKeys[0] ?? ''),
    pkce: { required: (_ctx, client) => profile.pkce === 'required' || client.clientAuthMethod === 'none' },
    rotateRefreshToken: profile.refreshTokenRotation,
    issueRefreshToken: async (_ctx, client, source) => profile.grants.includes('refresh_token') && client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
    ttl: lifetimesInSeconds(profile.lifetimes, deps.lifetimesOf),
    routes: routesOf(profile.paths),
    formats: { customizers: { jwt: deps.shapeAccessToken } },
    interactions: { url: (_ctx, interaction) => new URL(`/interaction/${interaction.uid}`, deps.issuer).href, policy: loginPolicy() },
    findAccount: createAccountFinder(deps),
    clientBasedCORS: (_ctx, origin, client) => (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    renderError: (ctx, out) => { deps.pages.sendFailure(ctx, out.error, out.error_description) },
    extraClientMetadata: { properties: ['sandgate_lifetimes'] },
    discovery: {
      mtls_endpoint_aliases: mtlsAliases(deps, {
        pushedAuthorizationRequests: features.pushedAuthorizationRequests?.enabled === true,
        deviceFlow: features.deviceFlow?.enabled === true,
        ciba: features.ciba?.enabled === true,
        registration: features.registration?.enabled === true,
      }),
      tls_client_certificate_bound_access_tokens: profile.bindTokensToCertificates,
    },
    features,
  }
}

/** Algorithms (RFC 7518): ours of the profile, the clients' of its security profile. */
function chooseAlgorithms (profile: AuthorizationProfile): Pick<Configuration, 'enabledJWA' | 'clientDefaults'> {
  const own = [profile.signingAlgorithm, ...profile.moreSigningAlgorithms]
  const { clientAlgorithms } = rulesOf(profile)
  const symmetric = profile.clientAuthenticationMethods.includes('client_secret_jwt') ? ['HS256', 'HS384', 'HS512'] : []
  return {
    clientDefaults: {
      id_token_signed_response_alg: profile.signingAlgorithm,
      authorization_signed_response_alg: profile.signingAlgorithm,
      introspection_signed_response_alg: profile.signingAlgorithm,
      ...(profile.dpop === 'required' ? { dpop_bound_access_tokens: true } : {}),
    } as NonNullable<Configuration['clientDefaults']>,
    enabledJWA: {
      clientAuthSigningAlgValues: [...symmetric, ...clientAlgorithms],
      requestObjectSigningAlgValues: [...clientAlgorithms],
      dPoPSigningAlgValues: [...clientAlgorithms],
      idTokenSigningAlgValues: own,
      userinfoSigningAlgValues: own,
      introspectionSigningAlgValues: own,
      authorizationSigningAlgValues: own,
    } as NonNullable<Configuration['enabledJWA']>,
  }
}

function routesOf (paths: AuthorizationProfile['paths']): NonNullable<Configuration['routes']> {
  return {
    authorization: paths.authorization,
    token: paths.token,
    introspection: paths.introspection,
    revocation: paths.revocation,
    userinfo: paths.userinfo,
    jwks: paths.jwks,
    end_session: paths.endSession,
    pushed_authorization_request: paths.pushedAuthorizationRequest,
    device_authorization: paths.deviceAuthorization,
    code_verification: paths.deviceVerification,
    backchannel_authentication: paths.backchannelAuthentication,
    registration: paths.registration,
  }
}
