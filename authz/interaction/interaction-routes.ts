import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errors, type InteractionResults, type Provider } from 'oidc-provider'
import { OPENID_SCOPES, type ProtectedApi } from '../authorization-profile.ts'
import type { ClientDirectory, ClientRecord } from '../clients/client-directory.ts'
import type { IssuedTokens } from '../tokens/issued-tokens.ts'
import type { Page, Pages } from './pages.ts'
import { collectBody, isForm } from '../clients/read-token-request.ts'
import type { TestUsers } from './test-users.ts'

export interface InteractionDeps {
  readonly provider: Provider
  readonly pages: Pages
  readonly clients: ClientDirectory
  readonly users: TestUsers
  readonly issued: IssuedTokens
  readonly apis: readonly ProtectedApi[]
  /** Keys the form tokens. */
  readonly secret: string
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

interface Step { readonly interaction: Interaction, readonly client: ClientRecord, readonly csrfToken: string }

const FORM_BYTES_MAX = 4096

/** The login and consent pages under /interaction/:uid, and the forms they send. Register in a scope that leaves body streams alone. */
export function registerInteractionRoutes (app: FastifyInstance, deps: InteractionDeps): void {
  app.get('/interaction/:uid', async (request, reply) => await guard(deps, reply, async () => {
    const step = await openStep(deps, request, reply)
    return sendPage(reply, step === undefined ? expired(deps.pages) : await renderStep(deps, step))
  }))

  for (const [name, answer] of [['login', answerLogin], ['consent', answerConsent], ['abort', answerAbort]] as const) {
    app.post(`/interaction/:uid/${name}`, async (request, reply) => await guard(deps, reply, async () => {
      const step = await openStep(deps, request, reply)
      if (step === undefined) return sendPage(reply, expired(deps.pages))
      const form = await readForm(request)
      if (form === undefined || !isSameText(form.get('csrf') ?? '', step.csrfToken)) return sendPage(reply, deps.pages.failure(403, 'This form cannot be accepted', 'The form was not sent from the page of this sign-in. Go back to the application and start again.'))
      const result = await answer(deps, step, form)
      if (result === undefined) return sendPage(reply, deps.pages.failure(400, 'This form cannot be accepted', 'The form does not answer the question that was asked. Go back and choose again.'))
      const returnTo = await deps.provider.interactionResult(request.raw, reply.raw, result, { mergeWithLastSubmission: false })
      return await reply.header('cache-control', 'no-store').redirect(returnTo, 303)
    }))
  }
}

/** An interaction that ended between two looks at it is a page, not a fault. */
async function guard (deps: InteractionDeps, reply: FastifyReply, run: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return sendPage(reply, expired(deps.pages))
    throw error
  }
}

/** The interaction of this browser's cookie, if it is the one in the path and its client still exists. */
async function openStep (deps: InteractionDeps, request: FastifyRequest, reply: FastifyReply): Promise<Step | undefined> {
  const { uid } = request.params as { uid: string }
  const interaction = await deps.provider.interactionDetails(request.raw, reply.raw)
  if (interaction.uid !== uid) return undefined
  const client = await deps.clients.find(String(interaction.params['client_id']))
  return client === undefined ? undefined : { interaction, client, csrfToken: createHmac('sha256', deps.secret).update(`interaction-form\0${uid}`).digest('base64url') }
}

async function renderStep (deps: InteractionDeps, { interaction, client, csrfToken }: Step): Promise<Page> {
  const action = `/interaction/${interaction.uid}`
  if (interaction.prompt.name === 'login') {
    return deps.pages.login({ action: `${action}/login`, abortAction: `${action}/abort`, csrfToken, clientName: client.name, users: await deps.users.list(client.sandboxId) })
  }
  const user = await deps.users.get(client.sandboxId, interaction.session?.accountId ?? '')
  if (user === undefined) return expired(deps.pages)
  return deps.pages.consent({ action: `${action}/consent`, csrfToken, clientName: client.name, user, scopes: requestedScopes(interaction), redirectHost: hostOf(String(interaction.params['redirect_uri'])) })
}

async function answerLogin (deps: InteractionDeps, { interaction, client }: Step, form: URLSearchParams): Promise<InteractionResults | undefined> {
  if (interaction.prompt.name !== 'login') return undefined
  const user = await deps.users.get(client.sandboxId, form.get('sub') ?? '')
  if (user === undefined) return undefined
  await endOtherSession(deps, interaction, user.sub)
  return { login: { accountId: user.sub, amr: ['pwd'] } }
}

async function answerConsent (deps: InteractionDeps, { interaction, client }: Step, form: URLSearchParams): Promise<InteractionResults | undefined> {
  const accountId = interaction.session?.accountId
  if (interaction.prompt.name !== 'consent' || accountId === undefined) return undefined
  const decision = form.get('decision')
  if (decision === 'deny') return denial()
  if (decision !== 'allow') return undefined
  const grant = new deps.provider.Grant({ accountId, clientId: client.clientId })
  const scopes = requestedScopes(interaction)
  grant.addOIDCScope(scopes.join(' '))
  for (const resource of [interaction.params['resource']].flat()) {
    const api = deps.apis.find(({ audience }) => audience === resource)
    const scope = scopes.filter((name) => OPENID_SCOPES.includes(name) || api?.scopes.includes(name) === true).join(' ')
    if (api !== undefined && scope !== '') grant.addResourceScope(api.audience, scope)
  }
  return { consent: { grantId: await grant.save() } }
}

async function answerAbort (): Promise<InteractionResults> {
  return denial()
}

function denial (): InteractionResults {
  return { error: 'access_denied', error_description: 'End-User denied the request' }
}

/**
 * Signs the browser's former user out before another one signs in: its session ends, and with it the grants that were to
 * last no longer. The library would do the same through a page that needs a script.
 */
async function endOtherSession (deps: InteractionDeps, interaction: Interaction, accountId: string): Promise<void> {
  const former = interaction.session
  if (former?.uid === undefined || former.accountId === accountId) return
  const session = await deps.provider.Session.findByUid(former.uid)
  for (const { grantId, persistsLogout } of Object.values(session?.authorizations ?? {})) {
    if (grantId !== undefined && persistsLogout !== true) await deps.issued.revokeGrant(grantId)
  }
  await session?.destroy()
  delete (interaction as { session?: unknown }).session
  await interaction.persist()
}

function requestedScopes (interaction: Interaction): string[] {
  const { scope } = interaction.params
  return typeof scope === 'string' ? [...new Set(scope.split(' ').filter(Boolean))] : []
}

async function readForm (request: FastifyRequest): Promise<URLSearchParams | undefined> {
  if (!isForm(request.raw)) return undefined
  const body = await collectBody(request.raw, FORM_BYTES_MAX)
  return body.kind === 'read' ? new URLSearchParams(body.bytes.toString('utf8')) : undefined
}

function sendPage (reply: FastifyReply, { status, headers, body }: Page): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}

function expired (pages: Pages): Page {
  return pages.failure(400, 'This sign-in is over', 'It has expired, was finished, or was opened in another browser. Go back to the application and start again.')
}

function isSameText (a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function hostOf (uri: string): string {
  const parsed = URL.parse(uri)
  return parsed === null ? 'the application' : parsed.host || parsed.protocol.replace(':', '')
}
