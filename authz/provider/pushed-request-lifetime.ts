import { decodeJwt, UnsecuredJWT } from 'jose'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Clock } from '../../kernel/index.ts'

interface PushedRequest { request: string, exp?: number }

/**
 * Gives request URIs the profile's lifetime (RFC 9126 §2.2): oidc-provider knows one minute only. A request that was pushed as
 * parameters is kept in an unsecured JWT, whose own `exp` moves along; a signed request object ends at its `exp` or earlier.
 *
 * @param options `seconds`: the lifetime, 1 or more
 */
export function setPushedRequestLifetime (provider: Provider, { seconds, clock }: { readonly seconds: number, readonly clock: Clock }): void {
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000)
  const { prototype } = provider.PushedAuthorizationRequest as unknown as { prototype: { save: (this: PushedRequest, ttl: number) => Promise<string> } }
  const save = prototype.save
  prototype.save = async function saveForProfile (this: PushedRequest) {
    const isParameters = this.request.endsWith('.')
    const claims = decodeJwt(this.request)
    const endsAt = nowSeconds() + seconds
    if (isParameters) this.request = new UnsecuredJWT({ ...claims, exp: endsAt }).encode()
    return await save.call(this, isParameters ? seconds : Math.max(1, Math.min(endsAt, claims.exp ?? endsAt) - nowSeconds()))
  }
  provider.use(async function statePushedRequestLifetime (ctx, next) {
    await next()
    const { oidc, status, body } = ctx as unknown as Partial<KoaContextWithOIDC>
    const saved = oidc?.entities.PushedAuthorizationRequest as PushedRequest | undefined
    if (status !== 201 || saved?.exp === undefined || oidc?.route !== 'pushed_authorization_request') return
    ;(body as { expires_in: number }).expires_in = saved.exp - nowSeconds()
  })
}
