import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { sendPage, type Pages } from './pages/pages.ts'

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

/** What the library throws when a code cannot be used, by the name of the error, in words for the person. */
const CODE_PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['NoCodeError', 'Enter a code.'],
  ['NotFoundError', 'There is no such code. Compare it with your device.'],
  ['ExpiredError', 'This code has expired. Start again on your device.'],
  ['AlreadyUsedError', 'This code has been used already. Start again on your device.'],
])

/** The pages of the device flow (RFC 8628 §3.3): a code is typed, compared, and the device takes over. */
export function buildDevicePages (pages: Pages): Pick<DeviceFlow, 'userCodeInputSource' | 'userCodeConfirmSource' | 'successSource'> {
  return {
    userCodeInputSource: (ctx, _form, out, error) => {
      if (error?.name === 'AbortedError') return sendPage(ctx, pages.deviceAborted())
      const alert = error === undefined ? undefined : CODE_PROBLEMS.get(error.name) ?? out?.error_description ?? 'The code could not be used.'
      const userCode = (error as { userCode?: string } | undefined)?.userCode
      sendPage(ctx, pages.deviceInput({ ...deviceFormOf(ctx), ...(alert === undefined ? {} : { alert }), ...(userCode === undefined ? {} : { userCode }) }, alert === undefined ? 200 : Math.max(400, ctx.status)))
    },
    userCodeConfirmSource: (ctx, _form, client, _deviceInfo, userCode) => {
      sendPage(ctx, pages.deviceConfirm({ ...deviceFormOf(ctx), userCode, clientName: client.clientName ?? client.clientId }))
    },
    successSource: (ctx) => {
      const { client } = ctx.oidc
      sendPage(ctx, pages.deviceDone(client?.clientName ?? client?.clientId ?? 'The device'))
    },
  }
}

/** Where the forms of the device pages go, and the token that the library expects in them. */
export function deviceFormOf (ctx: KoaContextWithOIDC): { readonly action: string, readonly xsrf: string } {
  return { action: ctx.oidc.urlFor('code_verification'), xsrf: xsrfOf(ctx) }
}

/** The library's token against forged forms, kept in the session. */
export function xsrfOf ({ oidc }: KoaContextWithOIDC): string {
  const state = oidc.session?.state as { readonly secret?: string } | undefined
  return state?.secret ?? ''
}
