import type { JsonObject } from '../../../kernel/index.ts'
import { html, type SafeHtml } from './html.ts'

export interface ConsentView {
  readonly action: string
  readonly csrfToken: string
  readonly clientName: string
  readonly user: { readonly name: string, readonly username: string }
  readonly scopes: readonly string[]
  /** Single claims asked for by the `claims` parameter. */
  readonly claims: readonly string[]
  readonly resources: readonly string[]
  /** RFC 9396. */
  readonly authorizationDetails: readonly JsonObject[]
  /** Where the browser goes afterwards; undefined when it stays, as in the device flow. */
  readonly returnsTo: string | undefined
}

const SCOPE_MEANINGS: ReadonlyMap<string, string> = new Map([
  ['openid', 'Know who is signed in'],
  ['profile', 'Read the name, user name and other details of the profile'],
  ['email', 'Read the e-mail address'],
  ['address', 'Read the postal address'],
  ['phone', 'Read the telephone number'],
])

/** What a client asks for, in words, and the decision. */
export function consentContent (view: ConsentView): SafeHtml {
  const scopes = view.scopes.filter((scope) => scope !== 'offline_access')
  const isOffline = view.scopes.includes('offline_access')
  return html`<p><b>${view.clientName}</b> asks for access in the name of the test user <b>${view.user.name}</b> (${view.user.username}).</p>
${listOf('It wants to', 'Requested scopes', [
  ...scopes.map((scope) => html`${meaningOf(scope)}<code>${scope}</code>`),
  ...view.claims.map((claim) => html`Read the single claim ${claim.replaceAll('_', ' ')}<code>${claim}</code>`),
])}
${listOf('Details', 'Authorization details', view.authorizationDetails.map(detailOf))}
${listOf('At', 'Resources', view.resources.map((resource) => html`${resource}`))}
${isOffline ? html`<p class="note">The access lasts when nobody is present, until you revoke it (<code>offline_access</code>).</p>` : undefined}
<form method="post" action="${view.action}">
<input type="hidden" name="csrf" value="${view.csrfToken}">
<div class="decision">
<button name="decision" value="allow" class="primary">Allow</button>
<button name="decision" value="deny" class="quiet">Deny</button>
</div>
</form>
${view.returnsTo === undefined ? undefined : html`<p class="hint abort">Either way you return to ${view.returnsTo}.</p>`}`
}

function listOf (heading: string, label: string, items: readonly SafeHtml[]): SafeHtml | undefined {
  return items.length === 0
    ? undefined
    : html`<h2>${heading}</h2>
<ul class="asked" aria-label="${label}">
${items.map((item) => html`<li>${item}</li>
`)}</ul>`
}

/** Scopes of APIs are read as `<what>:<may>`, as most productions name them. */
function meaningOf (scope: string): string {
  const known = SCOPE_MEANINGS.get(scope)
  if (known !== undefined) return known
  const [, what, may] = /^([A-Za-z][\w.-]*)[:./](read|write)$/.exec(scope) ?? []
  if (what === undefined) return `Use “${scope}”`
  return may === 'read' ? `Read your ${what.replaceAll(/[_-]/g, ' ')}` : `Create and change your ${what.replaceAll(/[_-]/g, ' ')}`
}

function detailOf (detail: JsonObject): SafeHtml {
  const { type, ...members } = detail
  return html`${typeof type === 'string' ? type : 'Detail'}<pre>${JSON.stringify(members, null, 2)}</pre>`
}
