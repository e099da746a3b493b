import { alertOf, html, type SafeHtml } from './html.ts'

export interface DeviceInputView {
  readonly action: string
  readonly xsrf: string
  readonly userCode?: string
  readonly alert?: string
}

export interface DeviceConfirmView {
  readonly action: string
  readonly xsrf: string
  /** As the device shows it. */
  readonly userCode: string
  readonly clientName: string
}

/** Where a person types the code that a device shows (RFC 8628 §3.3). */
export function deviceInputContent ({ action, xsrf, userCode, alert }: DeviceInputView): SafeHtml {
  return html`${alertOf(alert)}<p>Enter the code that your device shows.</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<label for="user_code">Code</label>
<input type="text" class="code" id="user_code" name="user_code" value="${userCode ?? ''}" autocomplete="off" autocapitalize="characters" spellcheck="false" required maxlength="40" autofocus>
<button class="primary wide">Continue</button>
</form>`
}

/** The person compares the codes before anything is given away (RFC 8628 §3.3.1, §5.4). */
export function deviceConfirmContent ({ action, xsrf, userCode, clientName }: DeviceConfirmView): SafeHtml {
  return html`<p><b>${clientName}</b> runs on a device that shows this code. Is it the same on your device?</p>
<p class="user-code">${userCode}</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<input type="hidden" name="user_code" value="${userCode}">
<div class="decision">
<button name="confirm" value="yes" class="primary">It is the same</button>
<button name="abort" value="yes" class="quiet">Cancel</button>
</div>
</form>
<p class="hint abort">If you did not start this yourself, cancel: somebody may want to sign in as you.</p>`
}

/** The device takes over. */
export function deviceDoneContent (clientName: string): SafeHtml {
  return html`<p role="status">You have signed <b>${clientName}</b> in on your device. It goes on there; you can close this page.</p>`
}
