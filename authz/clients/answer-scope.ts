import type { KoaContextWithOIDC, Provider } from 'oidc-provider'

/**
 * Says in the token response what scope was granted whenever it is not what was asked for (RFC 6749 §3.3, §5.1). The library
 * leaves the member out when nothing of what was asked for is left, and its absence would mean "all of it".
 */
export function answerScope (provider: Provider): void {
  provider.on('grant.success', (ctx: KoaContextWithOIDC) => {
    const body = ctx.body as { scope?: string } | undefined
    if (body !== undefined && body.scope === undefined && typeof ctx.oidc.params?.['scope'] === 'string') body.scope = ''
  })
}
