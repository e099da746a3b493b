import { createHash } from 'node:crypto'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Brand } from '../authorization-profile.ts'
import { html, type SafeHtml } from './html.ts'
import { pageStyle } from './page-style.ts'
import type { TestUser } from './test-users.ts'

/** A page ready to send. */
export interface Page { readonly status: number, readonly headers: Readonly<Record<string, string>>, readonly body: string }

export interface LoginView { readonly action: string, readonly abortAction: string, readonly csrfToken: string, readonly clientName: string, readonly users: readonly TestUser[] }
export interface ConsentView { readonly action: string, readonly csrfToken: string, readonly clientName: string, readonly user: TestUser, readonly scopes: readonly string[], readonly redirectHost: string }

export interface Pages {
  readonly login: (view: LoginView) => Page
  readonly consent: (view: ConsentView) => Page
  readonly failure: (status: number, title: string, explanation: string) => Page
  readonly sendFailure: (ctx: KoaContextWithOIDC, error: string, description: string | undefined) => void
  readonly sendLogout: (ctx: KoaContextWithOIDC, form: string) => void
  readonly sendLoggedOut: (ctx: KoaContextWithOIDC) => void
}

const SCOPE_MEANINGS: ReadonlyMap<string, string> = new Map([
  ['openid', 'Know who is signed in'],
  ['profile', 'Read the name and user name'],
  ['email', 'Read the e-mail address'],
  ['offline_access', 'Keep access when nobody is present'],
])

/**
 * The pages that people see: server-rendered, no script, one style admitted by its hash. `form-action` is left out of the
 * policy on purpose: browsers apply it to every redirect after a form is sent, and the last of those leads to wherever the
 * client's callback sends its user. Nothing on a page is markup from outside, so there is no form to smuggle in.
 */
export function createPages (brand: Brand): Pages {
  const style = pageStyle(brand.colour)
  const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'`
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }

  function page (status: number, title: string, content: SafeHtml): Page {
    return { status, headers, body: layOut(brand, { markup: style }, title, content).markup }
  }

  function send (ctx: KoaContextWithOIDC, { status, headers, body }: Page): void {
    ctx.status = status
    ctx.set(headers)
    ctx.body = body
  }

  return {
    login: (view) => page(200, `Sign in to ${brand.name}`, loginContent(view)),
    consent: (view) => page(200, `Allow ${view.clientName}?`, consentContent(view)),
    failure: (status, title, explanation) => page(status, title, html`<p>${explanation}</p>`),
    sendFailure (ctx, error, description) {
      send(ctx, page(ctx.status >= 400 ? ctx.status : 400, 'This request cannot be completed', failureContent(error, description)))
    },
    sendLogout (ctx, form) { send(ctx, page(200, `Sign out of ${brand.name}?`, logoutContent({ markup: form }))) },
    sendLoggedOut (ctx) { send(ctx, page(200, 'You are signed out', html`<p>This browser is no longer signed in to the sandbox. You can close this page.</p>`)) },
  }
}

function layOut (brand: Brand, style: SafeHtml, title: string, content: SafeHtml): SafeHtml {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – sandbox</title>
<style>${style}</style>
</head>
<body>
<header><span class="brand">${brand.name}</span> <strong class="sandbox">Sandbox</strong></header>
<main>
<h1>${title}</h1>
${content}
</main>
<footer><p>This is a sandbox with made-up people and test data. No real account is used, and no money moves. Never enter a real password here.</p></footer>
</body>
</html>
`
}

function loginContent (view: LoginView): SafeHtml {
  const choices = view.users.map((user) => html`<li><button name="sub" value="${user.sub}"><span class="name">${user.name}</span> <span class="hint">${user.username} · ${user.email}</span></button></li>
`)
  return html`<p><b>${view.clientName}</b> asks you to sign in. Choose a test user of its sandbox:</p>
<form method="post" action="${view.action}">
<input type="hidden" name="csrf" value="${view.csrfToken}">
${choices.length === 0
? html`<p role="status">This sandbox has no test users yet. Create one with the control API.</p>`
: html`<ul class="choices" aria-label="Test users">
${choices}</ul>`}
</form>
<form method="post" action="${view.abortAction}">
<input type="hidden" name="csrf" value="${view.csrfToken}">
<button class="quiet">Cancel</button>
</form>`
}

function consentContent (view: ConsentView): SafeHtml {
  const scopes = view.scopes.map((scope) => html`<li><code>${scope}</code>${SCOPE_MEANINGS.has(scope) ? html` – ${SCOPE_MEANINGS.get(scope)}` : undefined}</li>
`)
  return html`<p><b>${view.clientName}</b> asks for access in the name of the test user <b>${view.user.name}</b> (${view.user.username}):</p>
<ul class="scopes" aria-label="Requested scopes">
${scopes}</ul>
<p class="hint">Either way you return to ${view.redirectHost}.</p>
<form method="post" action="${view.action}">
<input type="hidden" name="csrf" value="${view.csrfToken}">
<div class="decision">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny" class="quiet">Deny</button>
</div>
</form>`
}

function failureContent (error: string, description: string | undefined): SafeHtml {
  return html`<p>${description ?? 'The request was refused.'}</p>
<p class="hint">Error code: <code>${error}</code></p>`
}

/** `form` is the library's: an empty form `op.logoutForm` with its own token, which the buttons belong to. */
function logoutContent (form: SafeHtml): SafeHtml {
  return html`${form}
<div class="decision">
<button form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button form="op.logoutForm" class="quiet">Stay signed in</button>
</div>`
}
