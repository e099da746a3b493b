import type { Configuration } from 'oidc-provider'
import { xsrfOf } from './device-flow.ts'
import { sendPage, type Pages } from './pages/pages.ts'

type Logout = NonNullable<NonNullable<Configuration['features']>['rpInitiatedLogout']>

/** The pages of the logout that a client starts (OpenID Connect RP-Initiated Logout §2, §3): asked first, told afterwards. */
export function buildLogoutPages (pages: Pages): Pick<Logout, 'logoutSource' | 'postLogoutSuccessSource'> {
  return {
    logoutSource: (ctx) => { sendPage(ctx, pages.logout(ctx.oidc.urlFor('end_session_confirm'), xsrfOf(ctx), ctx.oidc.client?.clientName)) },
    postLogoutSuccessSource: (ctx) => { sendPage(ctx, pages.loggedOut()) },
  }
}
