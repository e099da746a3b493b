import type { IncomingMessage } from 'node:http'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'

/** Why the authorization server refused a request: the wire says less on purpose. */
export interface AuthorizationFailure {
  readonly request: IncomingMessage
  /** The library's route name: `token`, `authorization`, `userinfo` and so on. */
  readonly endpoint: string
  /** The OAuth error code, as sent. */
  readonly error: string
  readonly detail: string
  /** Set when the request named a client that exists. */
  readonly clientId?: string
}

const EVENTS = [
  'authorization.error', 'grant.error', 'introspection.error', 'revocation.error', 'userinfo.error', 'jwks.error', 'discovery.error',
  'end_session.error', 'end_session_confirm.error', 'end_session_success.error', 'server_error',
] as const

interface LibraryError extends Error { readonly error?: string, readonly error_detail?: string, readonly error_description?: string }

/** Hands every error event of the library on with its cause (`error_detail`), which the response leaves out. */
export function reportFailures (provider: Provider, onFailure: (failure: AuthorizationFailure) => void): void {
  const listen = provider.on.bind(provider) as (event: string, listener: (ctx: KoaContextWithOIDC, error: LibraryError) => void) => void
  for (const event of EVENTS) {
    listen(event, (ctx, error) => {
      const clientId = ctx.oidc.client?.clientId
      onFailure({
        request: ctx.req,
        endpoint: ctx.oidc.route,
        error: error.error ?? 'server_error',
        detail: describe(error),
        ...(clientId === undefined ? {} : { clientId }),
      })
    })
  }
}

function describe (error: LibraryError): string {
  const parts = [error.error_description, error.error_detail, error.error === undefined ? error.message : undefined]
  const stated = [...new Set(parts.filter((part) => part !== undefined && part !== ''))].join(': ')
  return stated === '' ? error.message : stated
}
