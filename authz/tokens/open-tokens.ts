import type { AccessToken, ClientCredentials, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { whenSettled, type Clock, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../../stores/ports.ts'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import type { AuthorizationServerDeps } from '../authorization-server.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import { createDpopNonces, deriveNonceSecret } from '../dpop/dpop-nonces.ts'
import { createProofVerifier } from '../dpop/verify-proof.ts'
import { rulesOf } from '../security-profile.ts'
import { bindAccessTokens } from './bind-access-tokens.ts'
import { opaqueTokenId, type IssuedToken, type IssuedTokens } from './issued-tokens.ts'
import { openKeyRing, type KeyRing } from './key-ring.ts'
import { createProviderKeys, type ProviderKeys } from './provider-keys.ts'
import { createKeySealer } from './seal-key.ts'
import { shapeAccessToken, type TokenParts } from './shape-access-token.ts'
import { completeSigningKeys } from './signing-keys.ts'
import { readOpaqueClaims, type TokenClaims } from './token-claims.ts'
import { createAccessTokenVerifier, type AccessTokenVerifier } from './verify-access-token.ts'

export interface TokensDeps extends Pick<AuthorizationServerDeps, 'issuer' | 'mtlsOrigin' | 'publicOrigin' | 'signingKeys' | 'rsaKeyBits' | 'cookieKeys' | 'tokenAgeAdvanceMs' | 'isDpopNonceRequired' | 'verifiedTokensMax' | 'tokenWatch'> {
  /** As the security profile leaves it. */
  readonly profile: AuthorizationProfile
  readonly keyValue: KeyValue
  readonly notices: Notices
  readonly clock: Clock
  readonly clients: ClientDirectory
  readonly issued: IssuedTokens
  readonly certificateOf: Parameters<typeof bindAccessTokens>[1]['certificateOf']
}

/** Everything about tokens that the library leaves to us. */
export interface Tokens {
  readonly ring: KeyRing
  /** For the library's `jwks`. */
  readonly slots: ProviderKeys['slots']
  readonly verifier: AccessTokenVerifier
  /** The record of a JWT access token that is good at this moment. */
  readonly findLiveJwt: (token: string) => MaybePromise<IssuedToken | undefined>
  readonly shapeAccessToken: (ctx: KoaContextWithOIDC, token: AccessToken | ClientCredentials, parts: TokenParts) => Promise<void>
  readonly dpop: DpopSettings
  /** Before the provider's callback is built. */
  readonly attach: (provider: Provider) => void
  readonly rotateForSandbox: (sandboxId: SandboxId) => ReturnType<KeyRing['rotateForSandbox']>
}

/** What the library is told of DPoP, so that its endpoints and the API agree. */
export interface DpopSettings {
  readonly nonceSecret: Buffer
  readonly requireNonce: (ctx: KoaContextWithOIDC) => boolean
}

/** Opens the ring of signing keys and puts together what issues, binds and verifies access tokens. */
export async function openTokens (deps: TokensDeps): Promise<Tokens> {
  const { profile, keyValue, clock, clients, issued } = deps
  const algorithms = [...new Set([profile.signingAlgorithm, ...profile.moreSigningAlgorithms])]
  const ring = await openKeyRing({
    ...deps,
    configured: await completeSigningKeys(deps.signingKeys, algorithms),
    sealer: createKeySealer(deps.cookieKeys),
    rsaKeyBits: deps.rsaKeyBits ?? 2048,
    tokenLifetimeMsMax: Math.max(profile.lifetimes.accessTokenMs, profile.lifetimes.idTokenMs, SHORT_ANSWER_MS),
  })
  const sandboxOfClient = (clientId: string): MaybePromise<SandboxId | undefined> => whenSettled(clients.find(clientId), (client) => client?.sandboxId)
  const keys = createProviderKeys(ring, sandboxOfClient)
  const nonceSecret = deriveNonceSecret(deps.cookieKeys[0] ?? '')
  const isNonceRequired = (sandboxId: SandboxId): boolean => profile.dpopNonces === 'required' || deps.isDpopNonceRequired?.(sandboxId) === true
  const verifier = openVerifier(deps, { ring, nonceSecret, isNonceRequired })
  const shaping = { clock, issued, keyValue, sandboxOfClient, signingKid: (sandboxId: SandboxId | undefined) => ring.signingKid(profile.signingAlgorithm, sandboxId) }

  return {
    ring,
    slots: keys.slots,
    verifier,
    findLiveJwt: (token) => whenSettled(verifier.readLiveClaims(token), (claims) => claims === undefined ? undefined : issued.find(claims.jti)),
    shapeAccessToken: async (_ctx, token, parts) => { await shapeAccessToken(shaping, token, parts) },
    dpop: {
      nonceSecret,
      requireNonce (ctx) {
        const sandboxId = sandboxOfClient(ctx.oidc.client?.clientId ?? '')
        return profile.dpopNonces === 'required' || (typeof sandboxId === 'string' && isNonceRequired(sandboxId))
      },
    },
    attach (provider) {
      keys.attach(provider)
      bindAccessTokens(provider, { issued, keyValue, certificateOf: deps.certificateOf, isBinding: profile.bindTokensToCertificates })
    },
    rotateForSandbox: async (sandboxId) => await ring.rotateForSandbox(sandboxId, await algorithmsOf(deps, algorithms, sandboxId)),
  }
}

/** Logout tokens and signed authorization responses of the library live two minutes. */
const SHORT_ANSWER_MS = 120_000

function openVerifier (deps: TokensDeps, { ring, nonceSecret, isNonceRequired }: { readonly ring: KeyRing, readonly nonceSecret: Buffer, readonly isNonceRequired: (sandboxId: SandboxId) => boolean }): AccessTokenVerifier {
  const { issued, clock, keyValue } = deps
  const findOpaque = (token: string): MaybePromise<TokenClaims | undefined> =>
    whenSettled(issued.findOpaque(token), (stored) => stored === undefined ? undefined : readOpaqueClaims(opaqueTokenId(token), stored))
  return createAccessTokenVerifier({
    ...deps,
    keys: ring,
    findOpaque,
    verifyProof: createProofVerifier({
      clock,
      keyValue,
      nonces: createDpopNonces(nonceSecret, clock),
      origins: [deps.publicOrigin ?? deps.issuer, deps.issuer, deps.mtlsOrigin],
      algorithms: rulesOf(deps.profile).clientAlgorithms,
      isNonceRequired,
    }),
    ...(deps.tokenWatch === undefined ? {} : { watch: deps.tokenWatch }),
    ...(deps.verifiedTokensMax === undefined ? {} : { cachedMax: deps.verifiedTokensMax }),
  })
}

/** Those that the sandbox's clients get anything signed with. */
async function algorithmsOf ({ clients, profile }: TokensDeps, offered: readonly string[], sandboxId: SandboxId): Promise<readonly string[]> {
  const registered = (await clients.list(sandboxId)).flatMap(({ metadata = {} }) => Object.entries(metadata).filter(([name]) => name.endsWith('_signed_response_alg')).map(([, alg]) => alg))
  return offered.filter((alg) => alg === profile.signingAlgorithm || registered.includes(alg))
}
