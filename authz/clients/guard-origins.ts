import type { KoaContextWithOIDC } from 'oidc-provider'
import type { ClientDirectory } from './client-directory.ts'

/** Headers that a script may read of an answer (Fetch §3.3.3): what OAuth clients act upon. */
export const EXPOSED_HEADERS = 'WWW-Authenticate, DPoP-Nonce, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, Location, ETag, X-Request-Id'

type Context = Pick<KoaContextWithOIDC, 'get' | 'vary' | 'set' | 'remove' | 'path' | 'method' | 'status' | 'response'>

/**
 * Cross-origin requests (Fetch §3.3) to the library's endpoints: a preflight is answered for origins that some client has
 * registered, because it names no client; the request itself for origins of its own client, which the library checks
 * (`clientBasedCORS`). Key set and discovery are open to every origin. When the store does not answer, no origin is known.
 */
export function guardOrigins ({ clients, openPaths }: { readonly clients: Pick<ClientDirectory, 'isRegisteredOrigin'>, readonly openPaths: ReadonlySet<string> }) {
  return async function guardOrigin (ctx: Context, next: () => Promise<void>): Promise<void> {
    const origin = ctx.get('Origin')
    if (origin === '' || openPaths.has(ctx.path)) return await next()
    const isRegistered = await isKnown(clients, origin)
    if (ctx.method === 'OPTIONS' && !isRegistered) {
      ctx.vary('Origin')
      ctx.status = 204
      return
    }
    await next()
    if (ctx.response.get('Access-Control-Allow-Origin') === '') return
    if (!isRegistered) {
      ctx.remove('Access-Control-Allow-Origin')
      ctx.remove('Access-Control-Expose-Headers')
    } else if (ctx.method !== 'OPTIONS') ctx.set('Access-Control-Expose-Headers', EXPOSED_HEADERS)
  }
}

async function isKnown (clients: Pick<ClientDirectory, 'isRegisteredOrigin'>, origin: string): Promise<boolean> {
  try {
    return await clients.isRegisteredOrigin(origin)
  } catch {
    return false
  }
}
