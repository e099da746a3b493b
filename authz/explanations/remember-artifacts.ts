import { Provider, type KoaContextWithOIDC } from 'oidc-provider'
import type { ArtifactFacts } from './failure-facts.ts'

type Find = (this: unknown, value: string, options?: object) => Promise<ArtifactFacts | undefined>

/** What a request may bring to be redeemed; the library looks each up once and keeps it to itself until all is well. */
const MODELS = ['AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest', 'PushedAuthorizationRequest', 'AccessToken'] as const

/**
 * Remembers, for as long as a request lasts, the code or token that was looked up for it: an explanation names what was expected
 * of it, which the error itself does not say. Costs one entry of a map per look-up.
 */
export function rememberArtifacts (provider: Provider): (ctx: KoaContextWithOIDC) => ArtifactFacts | undefined {
  const looked = new WeakMap<object, ArtifactFacts>()
  for (const model of MODELS) {
    const own = provider[model] as unknown as { find: Find }
    const find = own.find
    own.find = async function rememberFound (value, options) {
      const found = await find.call(this, value, options)
      const ctx: KoaContextWithOIDC | undefined = Provider.ctx
      if (found !== undefined && ctx !== undefined) looked.set(ctx.req, found)
      return found
    }
  }
  return (ctx) => looked.get(ctx.req)
}
