import type { KoaContextWithOIDC } from 'oidc-provider'

/**
 * Asks for consent when `offline_access` is requested. OpenID Connect Core §11 has the server ignore the scope unless
 * `prompt` names consent; without this, a client that leaves `prompt` out would wonder where its refresh token is.
 * `prompt=none` is left as it is: it cannot show a page.
 */
export function requestConsentForOfflineAccess (authorizationPath: string) {
  return async function addConsentPrompt (ctx: Pick<KoaContextWithOIDC, 'query' | 'path'>, next: () => Promise<void>): Promise<void> {
    const { scope, prompt } = ctx.query
    if (ctx.path === authorizationPath && typeof scope === 'string' && scope.split(' ').includes('offline_access') && !Array.isArray(prompt)) {
      const prompts = new Set((prompt ?? '').split(' ').filter(Boolean))
      if (!prompts.has('none')) ctx.query = { ...ctx.query, prompt: [...prompts.add('consent')].join(' ') }
    }
    await next()
  }
}
