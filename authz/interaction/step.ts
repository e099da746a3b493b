import type { IncomingMessage } from 'node:http'
import type { InteractionResults, Provider } from 'oidc-provider'
import type { AuthorizationProfile } from '../authorization-profile.ts'
import type { ClientDirectory, ClientRecord } from '../clients/client-directory.ts'
import type { AuthorizationFailure } from '../provider/report-failures.ts'
import type { IssuedTokens } from '../tokens/issued-tokens.ts'
import type { Consents } from './consents.ts'
import type { Page, Pages } from './pages/pages.ts'
import type { TestUsers } from './users/test-users.ts'

export interface InteractionDeps {
  readonly provider: Provider
  readonly pages: Pages
  readonly profile: Pick<AuthorizationProfile, 'acr'>
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly consents: Consents
  readonly issued: Pick<IssuedTokens, 'revokeGrant'>
  /** Keys the form tokens. */
  readonly secret: string
  readonly waitMs: (ms: number) => Promise<void>
  readonly onFailure: (failure: AuthorizationFailure) => void
}

export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/** One look at an interaction: what was asked, by whom, and the token of its forms. */
export interface Step {
  readonly request: IncomingMessage
  readonly interaction: Interaction
  readonly client: ClientRecord
  readonly csrfToken: string
  /** Where the forms of this interaction are sent to. */
  readonly action: string
}

/** What a form led to: another page, or the end of the interaction. */
export type Answer =
  | { readonly kind: 'page', readonly page: Page }
  | { readonly kind: 'finished', readonly result: InteractionResults }
  | { readonly kind: 'unanswered' }

/** The end that a person chose by cancelling or denying. */
export function denied (): Answer {
  return { kind: 'finished', result: { error: 'access_denied', error_description: 'End-User denied the request' } }
}
