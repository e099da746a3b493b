import { Provider } from 'oidc-provider'

interface WithClaims { claims?: unknown }

const SOURCES = ['AuthorizationCode', 'DeviceCode', 'BackchannelAuthenticationRequest', 'RefreshToken'] as const

/**
 * Lets an access token for an API answer at userinfo with the claims that the request asked for (OpenID Connect Core §5.5):
 * the library gives them to tokens without audience only, and ours have one and open userinfo as well.
 */
export function keepRequestedClaims (provider: Provider): void {
  const { prototype } = provider.AccessToken as unknown as { prototype: { save: (this: WithClaims) => Promise<string> } }
  const save = prototype.save
  prototype.save = async function saveWithClaims (this: WithClaims) {
    const entities = Provider.ctx?.oidc.entities as Readonly<Record<string, WithClaims | undefined>> | undefined
    const claims = SOURCES.map((name) => entities?.[name]?.claims).find((found) => found !== undefined)
    if (this.claims === undefined && claims !== undefined) this.claims = claims
    return await save.call(this)
  }
}
