import type { Client, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { AuthorizationNote } from '../interaction/headless-login.ts'

/**
 * Notes in the record of a logout what became of each logout token (OpenID Connect Back-Channel Logout §2.5). A client that
 * does not answer in time keeps nobody signed in: the session is over whatever comes of it.
 */
export function reportLogouts (provider: Provider, onNote: (note: AuthorizationNote) => void): void {
  const listen = provider.on.bind(provider) as (event: string, listener: (...input: never[]) => void) => void
  listen('backchannel.success', (ctx: KoaContextWithOIDC, client: Client) => {
    onNote({ request: ctx.req, code: 'backchannel_logout_delivered', detail: `the client ${client.clientId} took its logout token`, clientId: client.clientId })
  })
  listen('backchannel.error', (ctx: KoaContextWithOIDC, fault: Error, client: Client) => {
    onNote({ request: ctx.req, code: 'backchannel_logout_failed', detail: `the client ${client.clientId} did not take its logout token: ${describe(fault)}`, clientId: client.clientId })
  })
}

function describe (fault: Error): string {
  const { cause } = fault
  return cause instanceof Error ? `${fault.message} (${cause.message})` : fault.message
}
