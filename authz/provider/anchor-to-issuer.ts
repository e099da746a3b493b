import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { STRUCTURED_TOKEN_MARK } from './store-adapter.ts'

type Context = KoaContextWithOIDC['oidc']

const STRUCTURED_TOKEN_ROUTES = new Set(['introspection', 'revocation'])

/**
 * Adapts what oidc-provider does per request, on the prototype of this provider's own request context.
 *
 * - URLs are built from the issuer. The library builds them from the Host header, which differs between the two doors and is
 *   the client's to choose.
 * - A client assertion may name the issuer, the token endpoint or the endpoint called, at either door (RFC 7523 §3, RFC 8705 §5).
 * - A JWT at introspection or revocation is marked, once the client is authenticated, so that the library looks it up like an
 *   opaque token instead of refusing it (`unsupported_token_type`); the adapter knows the mark.
 */
export function anchorToIssuer (provider: Provider, mtlsOrigin: string): void {
  const { prototype } = provider.OIDCContext
  const assignEntity = Reflect.get(prototype, 'entity') as (this: Context, key: string, value: unknown) => void

  prototype.urlFor = function urlFor (name, options) {
    return new URL(provider.pathFor(name, { mountPath: '', ...options }), provider.issuer).href
  }

  prototype.clientJwtAuthExpectedAudience = function clientJwtAuthExpectedAudience (this: Context) {
    const endpoints = ['token', this.route].map((name) => this.urlFor(name))
    return new Set([provider.issuer, ...endpoints, ...endpoints.map((href) => new URL(new URL(href).pathname, mtlsOrigin).href)])
  }

  prototype.entity = function entity (this: Context, key, value) {
    assignEntity.call(this, key, value)
    const token = this.params?.['token']
    if (key === 'Client' && STRUCTURED_TOKEN_ROUTES.has(this.route) && this.params !== undefined && typeof token === 'string' && token.includes('.')) {
      this.params['token'] = `${STRUCTURED_TOKEN_MARK}${token}`
    }
  }
}
