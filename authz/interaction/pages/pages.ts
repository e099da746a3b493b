import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Brand } from '../../authorization-profile.ts'
import { consentContent, type ConsentView } from './consent-page.ts'
import { deviceConfirmContent, deviceDoneContent, deviceInputContent, type DeviceConfirmView, type DeviceInputView } from './device-pages.ts'
import { html, type SafeHtml } from './html.ts'
import { createLayout, type Page } from './layout.ts'
import { loginContent, oneTimeCodeContent, passwordContent, type LoginView, type OneTimeCodeView, type PasswordView } from './login-pages.ts'

export type { Page } from './layout.ts'

/** Everything that a person sees of the authorization server. */
export interface Pages {
  readonly login: (view: LoginView, status?: number) => Page
  readonly password: (view: PasswordView, status?: number) => Page
  readonly oneTimeCode: (view: OneTimeCodeView, status?: number) => Page
  readonly consent: (view: ConsentView) => Page
  readonly failure: (status: number, title: string, explanation: string) => Page
  readonly deviceInput: (view: DeviceInputView, status?: number) => Page
  readonly deviceConfirm: (view: DeviceConfirmView) => Page
  readonly deviceAborted: () => Page
  readonly deviceDone: (clientName: string) => Page
  /** Asks before the session ends. */
  readonly logout: (action: string, xsrf: string, clientName: string | undefined) => Page
  readonly loggedOut: () => Page
  /** Hands an answer to the client in a form (OAuth 2.0 Form Post Response Mode); sent by itself where scripts run. */
  readonly formPost: (status: number, action: string, fields: ReadonlyArray<readonly [name: string, value: string]>) => Page
  readonly sendFailure: (ctx: KoaContextWithOIDC, error: string, description: string | undefined) => void
}

const SUBMIT = 'document.addEventListener("DOMContentLoaded",function(){document.forms[0].submit()})'

/** The pages, in the brand's name and colour. They need no script. */
export function createPages (brand: Brand): Pages {
  const page = createLayout(brand)
  return {
    login: (view, status = 200) => page(status, `Sign in to ${brand.name}`, loginContent(view)),
    password: (view, status = 200) => page(status, 'Enter the password', passwordContent(view)),
    oneTimeCode: (view, status = 200) => page(status, 'Enter the one-time code', oneTimeCodeContent(view)),
    consent: (view) => page(200, `Allow ${view.clientName}?`, consentContent(view)),
    failure: (status, title, explanation) => page(status, title, html`<p>${explanation}</p>`),
    deviceInput: (view, status = 200) => page(status, 'Connect a device', deviceInputContent(view)),
    deviceConfirm: (view) => page(200, 'Compare the code', deviceConfirmContent(view)),
    deviceAborted: () => page(200, 'The device was not signed in', html`<p role="status">The request of the device was refused. You can close this page.</p>`),
    deviceDone: (clientName) => page(200, 'The device is signed in', deviceDoneContent(clientName)),
    logout: (action, xsrf, clientName) => page(200, `Sign out of ${brand.name}?`, logoutContent(action, xsrf, clientName)),
    loggedOut: () => page(200, 'You are signed out', html`<p role="status">This browser is no longer signed in to the sandbox. You can close this page.</p>`),
    formPost: (status, action, fields) => page(status, 'Back to the application', formPostContent(action, fields), SUBMIT),
    sendFailure (ctx, error, description) {
      sendPage(ctx, page(ctx.status >= 400 ? ctx.status : 400, 'This request cannot be completed', failureContent(error, description)))
    },
  }
}

/** Answers a request of the library's with a page of ours. */
export function sendPage (ctx: Pick<KoaContextWithOIDC, 'status' | 'set' | 'body'>, { status, headers, body }: Page): void {
  ctx.status = status
  ctx.set(headers)
  ctx.body = body
}

function failureContent (error: string, description: string | undefined): SafeHtml {
  return html`<p>${description ?? 'The request was refused.'}</p>
<p class="hint">Error code: <code>${error}</code></p>`
}

function logoutContent (action: string, xsrf: string, clientName: string | undefined): SafeHtml {
  return html`<p>${clientName === undefined ? html`You have been asked to sign out.` : html`<b>${clientName}</b> asks you to sign out.`} Other applications in this browser then have to sign in again, too.</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<div class="decision">
<button name="logout" value="yes" class="primary">Sign out</button>
<button class="quiet">Stay signed in</button>
</div>
</form>`
}

function formPostContent (action: string, fields: ReadonlyArray<readonly [name: string, value: string]>): SafeHtml {
  return html`<p>Your answer is handed to the application.</p>
<form method="post" action="${action}">
${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">
`)}<button class="primary wide">Continue</button>
</form>`
}
