import { readAuthorizationDetails, readResources, readScopes } from './consents.ts'
import { denied, type Answer, type InteractionDeps, type Step } from './step.ts'
import { readRequestedClaims } from './read-demand.ts'

/** The page that says what is asked for; a user with the condition `consent_denied` has answered already. Undefined when nobody is signed in. */
export async function renderConsent (deps: InteractionDeps, { interaction, client, csrfToken, action, request }: Step): Promise<Answer | undefined> {
  const user = await deps.users.get(client.sandboxId, interaction.session?.accountId ?? '')
  if (user === undefined) return undefined
  const { params } = interaction
  if (user.conditions?.consentDenied === true) {
    deps.onFailure({ request, endpoint: 'interaction', error: 'access_denied', detail: `the test user ${user.username} has the condition consent_denied`, clientId: client.clientId, isTriggered: true })
    return denied()
  }
  const page = deps.pages.consent({
    action: `${action}/consent`,
    csrfToken,
    clientName: client.name,
    user,
    scopes: readScopes(params),
    claims: readRequestedClaims(params).filter((claim) => !UNASKED.has(claim)),
    resources: readResources(params),
    authorizationDetails: readAuthorizationDetails(params),
    returnsTo: typeof params['redirect_uri'] === 'string' ? hostOf(params['redirect_uri']) : undefined,
  })
  return { kind: 'page', page }
}

/** Claims about the sign-in, not about the person: nobody is asked for them. */
const UNASKED = new Set(['sub', 'sid', 'auth_time', 'acr', 'amr', 'iss'])

/** Allow or deny. What is allowed is what was asked for. */
export async function answerConsent (deps: InteractionDeps, { interaction, client }: Step, form: URLSearchParams): Promise<Answer> {
  const sub = interaction.session?.accountId
  if (interaction.prompt.name !== 'consent' || sub === undefined) return { kind: 'unanswered' }
  const decision = form.get('decision')
  if (decision === 'deny') return denied()
  if (decision !== 'allow') return { kind: 'unanswered' }
  const { params } = interaction
  const grantId = await deps.consents.give({
    sandboxId: client.sandboxId,
    sub,
    clientId: client.clientId,
    scopes: readScopes(params),
    resources: readResources(params),
    claims: readRequestedClaims(params),
    authorizationDetails: readAuthorizationDetails(params),
  })
  return { kind: 'finished', result: { consent: { grantId } } }
}

function hostOf (uri: string): string {
  const parsed = URL.parse(uri)
  return parsed === null ? 'the application' : parsed.host || parsed.protocol.replace(':', '')
}
