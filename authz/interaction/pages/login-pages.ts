import { alertOf, html, type SafeHtml } from './html.ts'

/** A test user as the login page shows one. */
export interface ListedUser {
  readonly sub: string
  readonly username: string
  readonly name: string
  readonly email: string
  /** What happens when this user signs in; empty: nothing special. */
  readonly conditions: readonly string[]
  readonly hasPassword: boolean
  /** `other device`: something happens there only, not when the user signs in here. */
  readonly group: 'plain' | 'signing in' | 'other device'
}

interface FormView {
  readonly action: string
  readonly abortAction: string
  readonly csrfToken: string
  readonly clientName: string
  /** Why the last attempt failed. */
  readonly alert?: string
}

export interface LoginView extends FormView { readonly users: readonly ListedUser[] }
export interface PasswordView extends FormView { readonly user: { readonly sub: string, readonly name: string, readonly username: string } }
export interface OneTimeCodeView extends PasswordView { readonly passwordProof: string, readonly rightCode: string }

/** Who signs in: one click, or a user name and password as production asks for. */
export function loginContent (view: LoginView): SafeHtml {
  const listOf = (group: ListedUser['group'], label: string): SafeHtml | undefined => choices(view.users.filter((user) => user.group === group), label, group !== 'plain')
  return html`${alertOf(view.alert)}<p><b>${view.clientName}</b> asks you to sign in. Choose a test user of its sandbox:</p>
<form method="post" action="${view.action}">
${csrfOf(view)}
${view.users.length === 0 ? html`<p role="status">This sandbox has no test users yet. Create one with the control API or <code>sandgate users create</code>.</p>` : undefined}
${listOf('plain', 'Test users')}
${listOf('signing in', 'Users to whom something happens')}
${listOf('other device', 'Users with a device of their own')}
</form>
<details class="or"${view.alert === undefined ? undefined : { markup: ' open' }}>
<summary>Sign in with a user name and password</summary>
<form method="post" action="${view.action}">
${csrfOf(view)}
<label for="username">User name</label>
<input type="text" id="username" name="username" autocomplete="off" autocapitalize="none" spellcheck="false" required maxlength="64">
<label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="off" maxlength="200" aria-describedby="password-hint">
<p class="hint" id="password-hint">Test users without a password take any.</p>
<button class="primary wide">Sign in</button>
</form>
</details>
${abortForm(view)}`
}

/** The password of a user who has one. */
export function passwordContent (view: PasswordView): SafeHtml {
  return html`${alertOf(view.alert)}<p>Signing in as <b>${view.user.name}</b> (${view.user.username}) for <b>${view.clientName}</b>.</p>
<form method="post" action="${view.action}">
${csrfOf(view)}
<input type="hidden" name="sub" value="${view.user.sub}">
<label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="off" required maxlength="200" autofocus>
<button class="primary wide">Sign in</button>
</form>
${abortForm(view)}`
}

/** The second factor. */
export function oneTimeCodeContent (view: OneTimeCodeView): SafeHtml {
  return html`${alertOf(view.alert)}<p>Signing in as <b>${view.user.name}</b> (${view.user.username}) for <b>${view.clientName}</b> takes a second factor.</p>
<form method="post" action="${view.action}">
${csrfOf(view)}
<input type="hidden" name="sub" value="${view.user.sub}">
<input type="hidden" name="password_proof" value="${view.passwordProof}">
<label for="otp">One-time code</label>
<input type="text" class="code" id="otp" name="otp" inputmode="numeric" autocomplete="one-time-code" required maxlength="12" aria-describedby="otp-hint" autofocus>
<p class="hint" id="otp-hint">In this sandbox the code is <code>${view.rightCode}</code>; every other one is wrong.</p>
<button class="primary wide">Continue</button>
</form>
${abortForm(view)}`
}

function choices (users: readonly ListedUser[], label: string, isTitled: boolean): SafeHtml | undefined {
  if (users.length === 0) return undefined
  const title = isTitled ? html`<h2>${label}</h2>` : undefined
  return html`${title}
<ul class="choices" aria-label="${label}">
${users.map(choice)}</ul>`
}

function choice (user: ListedUser): SafeHtml {
  return html`<li><button name="sub" value="${user.sub}"><span class="initial" aria-hidden="true">${[...user.name][0] ?? '?'}</span><span><span class="name">${user.name}</span> <span class="hint">${user.username} · ${user.email}${user.hasPassword ? ' · with a password' : ''}</span>${user.conditions.map((sentence) => html` <span class="trigger">${sentence}</span>`)}</span></button></li>
`
}

function csrfOf ({ csrfToken }: FormView): SafeHtml {
  return html`<input type="hidden" name="csrf" value="${csrfToken}">`
}

function abortForm (view: FormView): SafeHtml {
  return html`<div class="abort">
<form method="post" action="${view.abortAction}">
${csrfOf(view)}
<button class="quiet wide">Cancel and return to ${view.clientName}</button>
</form>
</div>`
}
