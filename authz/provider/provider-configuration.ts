import type { AdapterFactory, Client, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { OPENID_SCOPES, type AuthorizationProfile, type ProtectedApi } from '../authorization-profile.ts'
import type { PresentedCertificate, TakeAuthorizationFault } from '../authorization-server.ts'
import type { ClientDirectory, ClientLifetimes } from '../clients/client-directory.ts'
import { CARRIED_MEMBERS } from '../clients/describe-client.ts'
import type { Outbound } from '../outbound.ts'
import type { InteractionHooks } from '../open-interactions.ts'
import type { TestUsers } from '../interaction/users/test-users.ts'
import { SCOPE_CLAIMS } from '../interaction/users/user-claims.ts'
import { readExtraClaims } from '../grants/issue-for-user.ts'
import { rulesOf } from '../security-profile.ts'
import type { DpopSettings } from '../tokens/open-tokens.ts'
import type { ProviderKeys } from '../tokens/provider-keys.ts'
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
  /** External signing keys, one for each algorithm; see `createProviderKeys`. */
  readonly signingKeys: ProviderKeys['slots']
  readonly dpop: DpopSettings
  readonly cookieKeys: readonly string[]
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly hooks: InteractionHooks
  readonly certificateOf: (ctx: KoaContextWithOIDC) => PresentedCertificate | undefined
  readonly outbound?: Outbound
  readonly takeAuthorizationFault?: TakeAuthorizationFault
  readonly lifetimesOf: (client: Client) => ClientLifetimes | undefined
  readonly shapeAccessToken: NonNullable<NonNullable<NonNullable<Configuration['formats']>['customizers']>['jwt']>
}

/** What oidc-provider is told: production's profile in its terms. Everything that production does not have is switched off. */
export function buildProviderConfiguration (deps: ConfigurationDeps): Configuration {
  const { profile, apis } = deps
  const features = buildFeatures(deps)
  return {
    adapter: deps.adapter,
    jwks: { keys: [...deps.signingKeys] },
    cookies: { keys: [...deps.cookieKeys], names: { session: 'sandgate_session', interaction: 'sandgate_interaction', resume: 'sandgate_resume' } },
    clientAuthMethods: [...profile.clientAuthenticationMethods] as NonNullable<Configuration['clientAuthMethods']>,
    ...chooseAlgorithms(profile),
    scopes: [...new Set([...OPENID_SCOPES, ...apis.flatMap((api) => api.scopes)])],
    // amr is stated when it is asked for, as acr is.
    claims: { amr: null, ...Object.fromEntries(Object.entries(SCOPE_CLAIMS).map(([scope, claims]) => [scope, [...claims]])) },
    responseTypes: [...profile.responseTypes],
    subjectTypes: [...profile.subjectTypes],
    pairwiseIdentifier: createPairwiseIdentifier(deps.cookieKeys[0] ?? ''),
    pkce: { required: (_ctx, client) => profile.pkce === 'required' || client.clientAuthMethod === 'none' },
    rotateRefreshToken: profile.refreshTokenRotation,
    issueRefreshToken: async (_ctx, client, source) => profile.grants.includes('refresh_token') && client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
    ttl: lifetimesInSeconds(profile.lifetimes, deps.lifetimesOf),
    routes: routesOf(profile.paths),
    formats: { customizers: { jwt: deps.shapeAccessToken } },
    interactions: { url: (_ctx, interaction) => new URL(`/interaction/${interaction.uid}`, deps.issuer).href, policy: loginPolicy(deps.takeAuthorizationFault) },
    findAccount: createAccountFinder(deps),
    clientBasedCORS: (_ctx, origin, client) => (client['sandgate_origins'] as readonly string[] | undefined)?.includes(origin) === true,
    renderError: deps.hooks.renderError,
    extraParams: deps.hooks.extraParams,
    acrValues: [...deps.hooks.acrValues],
    extraTokenClaims: (ctx) => readExtraClaims(ctx),
    extraClientMetadata: { properties: [...CARRIED_MEMBERS] },
    // When the client is registered (OpenID Connect Registration §5), not whenever it is looked up.
    sectorIdentifierUriValidate: (client) => client['sandgate_unchecked'] === true,
    discovery: {
      mtls_endpoint_aliases: mtlsAliases(deps, {
        pushedAuthorizationRequests: features.pushedAuthorizationRequests?.enabled === true,
        deviceFlow: features.deviceFlow?.enabled === true,
        ciba: features.ciba?.enabled === true,
        registration: profile.registration !== 'off',
      }),
      tls_client_certificate_bound_access_tokens: profile.bindTokensToCertificates,
      // Served beside the library, see openRegistration.
      ...(profile.registration === 'off' ? {} : { registration_endpoint: new URL(profile.paths.registration, deps.issuer).href }),
    },
    ...(deps.outbound === undefined ? {} : { fetch: deps.outbound.fetch as NonNullable<Configuration['fetch']> }),
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
      ...(profile.authorizationDetailsTypes.length === 0 ? {} : { authorization_details_types: [...profile.authorizationDetailsTypes] }),
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
      ...Object.fromEntries(ENCRYPTED_THINGS.flatMap((thing) => [[`${thing}EncryptionAlgValues`, KEY_MANAGEMENT], [`${thing}EncryptionEncValues`, CONTENT_ENCRYPTION]])),
    } as NonNullable<Configuration['enabledJWA']>,
  }
}

const ENCRYPTED_THINGS = ['idToken', 'userinfo', 'introspection', 'authorization', 'requestObject']
/** RFC 7518 §4.1; RSA1_5 is not among them (RFC 8725 §3.2). */
const KEY_MANAGEMENT = ['RSA-OAEP', 'RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW', 'A128KW', 'A192KW', 'A256KW', 'A128GCMKW', 'A192GCMKW', 'A256GCMKW', 'dir']
/** RFC 7518 §5.1. */
const CONTENT_ENCRYPTION = ['A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512', 'A128GCM', 'A192GCM', 'A256GCM']

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
  }
}
