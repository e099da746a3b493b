import type { Client, Configuration } from 'oidc-provider'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import type { ClientLifetimes } from '../clients/client-directory.ts'

/** Lifetimes in whole seconds, as the library and the protocol count; a client's own go before the profile's. */
export function lifetimesInSeconds (lifetimes: AuthorizationProfile['lifetimes'], ofClient: (client: Client) => ClientLifetimes | undefined): NonNullable<Configuration['ttl']> {
  const refreshTokenMs = (client: Client | undefined): number => (client === undefined ? undefined : ofClient(client)?.refreshTokenMs) ?? lifetimes.refreshTokenMs
  return {
    AccessToken: (_ctx, _token, client) => toSeconds(ofClient(client)?.accessTokenMs ?? lifetimes.accessTokenMs),
    ClientCredentials: (_ctx, _token, client) => toSeconds(ofClient(client)?.accessTokenMs ?? lifetimes.accessTokenMs),
    IdToken: (_ctx, _token, client) => toSeconds(ofClient(client)?.idTokenMs ?? lifetimes.idTokenMs),
    RefreshToken: (_ctx, _token, client) => toSeconds(refreshTokenMs(client)),
    AuthorizationCode: toSeconds(lifetimes.authorizationCodeMs),
    DeviceCode: toSeconds(lifetimes.deviceCodeMs),
    BackchannelAuthenticationRequest: toSeconds(lifetimes.backchannelRequestMs),
    Session: toSeconds(lifetimes.sessionMs),
    Interaction: toSeconds(lifetimes.interactionMs),
    // A grant that ended before its refresh token would end it too.
    Grant: (ctx) => Math.max(toSeconds(lifetimes.grantMs), toSeconds(refreshTokenMs((ctx as Partial<typeof ctx> | undefined)?.oidc?.client))),
  }
}

/** At least one second. */
export function toSeconds (ms: number): number {
  return Math.max(1, Math.round(ms / 1000))
}
