import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { normaliseTargetUri } from '../dpop/target-uri.ts'
import { parseStrictObject } from '../tokens/compact-jws.ts'
import { STRUCTURED_TOKEN_MARK } from './store-adapter.ts'

type Context = KoaContextWithOIDC['oidc']

const STRUCTURED_TOKEN_ROUTES = new Set(['introspection', 'revocation'])

/**
 * Adapts what oidc-provider does per request, on the prototype of this provider's own request context.
 *
 * - URLs are built from the issuer. The library builds them from the Host header, which differs between the two doors and is
 *   the client's to choose.
 * - A DPoP proof may name the endpoint at either door (RFC 9449 §4.3-9).
 * - A client assertion may name the issuer, the token endpoint or the endpoint called, at either door (RFC 7523 §3, RFC 8705 §5).
 * - A JWT at introspection or revocation is marked, once the client is authenticated, so that the library looks it up like an
 *   opaque token instead of refusing it (`unsupported_token_type`); the adapter knows the mark.
 */
export function anchorToIssuer (provider: Provider, mtlsOrigin: string): void {
  const { prototype } = provider.OIDCContext
  const assignEntity = Reflect.get(prototype, 'entity') as (this: Context, key: string, value: unknown) => void

  const pathOf = (name: string, options?: object): string => provider.pathFor(name, { mountPath: '', ...options })

  prototype.urlFor = function urlFor (name, options) {
    const alias = new URL(pathOf(name, options), mtlsOrigin).href
    // The library compares a proof's `htu` with the URL of its own route; the client proves the URL of the door that it called.
    if (name === this.route && readTargetOfProof((this as unknown as { readonly ctx: KoaContextWithOIDC }).ctx.get('DPoP')) === alias) return alias
    return new URL(pathOf(name, options), provider.issuer).href
  }

  prototype.clientJwtAuthExpectedAudience = function clientJwtAuthExpectedAudience (this: Context) {
    const endpoints = ['token', this.route].flatMap((name) => [provider.issuer, mtlsOrigin].map((origin) => new URL(pathOf(name), origin).href))
    return new Set([provider.issuer, ...endpoints])
  }

  prototype.entity = function entity (this: Context, key, value) {
    assignEntity.call(this, key, value)
    const token = this.params?.['token']
    if (key === 'Client' && STRUCTURED_TOKEN_ROUTES.has(this.route) && this.params !== undefined && typeof token === 'string' && token.includes('.')) {
      this.params['token'] = `${STRUCTURED_TOKEN_MARK}${token}`
    }
  }
}

/** The `htu` that an unverified proof claims. */
function readTargetOfProof (proof: string): string | undefined {
  if (proof === '') return undefined
  const { htu } = parseStrictObject(Buffer.from(proof.split('.')[1] ?? '', 'base64url')) ?? {}
  return typeof htu === 'string' ? normaliseTargetUri(htu) : undefined
}
