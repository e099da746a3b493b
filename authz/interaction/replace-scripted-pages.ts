import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { deviceFormOf } from './device-flow.ts'
import { sendPage, type Pages } from './pages/pages.ts'
import { textOf } from './read-demand.ts'

/** What marks the page with which the library lets a script send a form. */
const SCRIPTED = '<title>Submitting Callback</title>'

/**
 * Puts pages of ours, with our policy, in the place of the library's forms that a script sends: a device code in the address
 * (RFC 8628 §3.3.1) is compared first; a logout without a session has nothing to ask and goes on at once; an answer by form
 * (OAuth 2.0 Form Post Response Mode) has a button.
 */
export function replaceScriptedPages (provider: Provider, pages: Pages) {
  return async function replaceScriptedPage (context: unknown, next: () => Promise<void>): Promise<void> {
    await next()
    const ctx = context as KoaContextWithOIDC
    const { body } = ctx
    if (typeof body !== 'string' || !body.includes(SCRIPTED)) return
    switch (ctx.oidc.route) {
      case 'code_verification': return await compareCode(provider, pages, ctx)
      case 'end_session': return leave(ctx)
      default: {
        const { action, fields } = readForm(body)
        sendPage(ctx, pages.formPost(ctx.status, action, fields))
      }
    }
  }
}

async function compareCode (provider: Provider, pages: Pages, ctx: KoaContextWithOIDC): Promise<void> {
  const userCode = textOf(ctx.oidc.params, 'user_code')
  const code = await provider.DeviceCode.findByUserCode(normalizeUserCode(userCode), { ignoreExpiration: true })
  const client = code?.clientId === undefined || code.isExpired ? undefined : await provider.Client.find(code.clientId)
  const form = deviceFormOf(ctx)
  sendPage(ctx, client === undefined
    ? pages.deviceInput({ ...form, userCode, alert: 'This code is unknown or has expired. Compare it with your device.' }, 400)
    : pages.deviceConfirm({ ...form, userCode: formatUserCode(userCode), clientName: client.clientName ?? client.clientId }))
}

/** Nobody is signed in: the browser goes where the client wants it to go, if that is registered; the library has checked it. */
function leave (ctx: KoaContextWithOIDC): void {
  const { postLogoutRedirectUri, state } = (ctx.oidc.session?.state ?? {}) as { readonly postLogoutRedirectUri?: string, readonly state?: string }
  const target = new URL(postLogoutRedirectUri ?? ctx.oidc.urlFor('end_session_success'))
  if (postLogoutRedirectUri !== undefined && state !== undefined) target.searchParams.set('state', state)
  ctx.status = 303
  ctx.redirect(target.href)
}

/** A user code as it is stored: letters in upper case, nothing else. */
export function normalizeUserCode (userCode: string): string {
  return userCode.toUpperCase().replaceAll(/\W/g, '')
}

/** A user code as devices show it, `BCDF-GHJK`. */
export function formatUserCode (userCode: string): string {
  const text = normalizeUserCode(userCode)
  return text.length === 8 ? `${text.slice(0, 4)}-${text.slice(4)}` : text
}

function readForm (body: string): { readonly action: string, readonly fields: Array<readonly [name: string, value: string]> } {
  const [, action = ''] = /<form method="post" action="([^"]*)">/.exec(body) ?? []
  const fields = [...body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"\/>/g)].map(([, name = '', value = '']) => [unescapeHtml(name), unescapeHtml(value)] as const)
  return { action: unescapeHtml(action), fields }
}

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' }

function unescapeHtml (text: string): string {
  return text.replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity] ?? entity)
}
