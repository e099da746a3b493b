import { createHmac } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errors } from 'oidc-provider'
import { answerConsent, renderConsent } from './answer-consent.ts'
import { answerSignIn, renderLogin } from './answer-sign-in.ts'
import type { Page, Pages } from './pages/pages.ts'
import { isSameText, readForm } from './read-form.ts'
import { readAcrDemand } from './read-demand.ts'
import { denied, type Answer, type InteractionDeps, type Step } from './step.ts'

/** The login and consent pages under /interaction/:uid, and the forms they send. Register in a scope that leaves body streams alone. */
export function registerInteractionRoutes (app: FastifyInstance, deps: InteractionDeps): void {
  app.get('/interaction/:uid', async (request, reply) => await guard(deps, reply, async () => {
    const step = await openStep(deps, request, reply)
    return step === undefined ? send(reply, expired(deps.pages)) : await conclude(deps, request, reply, await look(deps, step))
  }))

  for (const [name, answer] of [['login', answerSignIn], ['consent', answerConsent], ['abort', answerAbort]] as const) {
    app.post(`/interaction/:uid/${name}`, async (request, reply) => await guard(deps, reply, async () => {
      const step = await openStep(deps, request, reply)
      if (step === undefined) return send(reply, expired(deps.pages))
      const form = await readForm(request.raw)
      if (form === undefined || !isSameText(form.get('csrf') ?? '', step.csrfToken)) return send(reply, deps.pages.failure(403, 'This form cannot be accepted', 'The form was not sent from the page of this sign-in. Go back to the application and start again.'))
      return await conclude(deps, request, reply, await answer(deps, step, form))
    }))
  }
}

async function conclude (deps: InteractionDeps, request: FastifyRequest, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  switch (answer.kind) {
    case 'page': return send(reply, answer.page)
    case 'unanswered': return send(reply, deps.pages.failure(400, 'This form cannot be accepted', 'The form does not answer the question that was asked. Go back and choose again.'))
    case 'finished': {
      const returnTo = await deps.provider.interactionResult(request.raw, reply.raw, answer.result, { mergeWithLastSubmission: false })
      return await reply.header('cache-control', 'no-store').redirect(returnTo, 303)
    }
  }
}

/** An interaction that ended between two looks at it is a page, not a fault. */
async function guard (deps: InteractionDeps, reply: FastifyReply, run: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return send(reply, expired(deps.pages))
    throw error
  }
}

/** The interaction of this browser's cookie, if it is the one in the path and its client still exists. */
async function openStep (deps: InteractionDeps, request: FastifyRequest, reply: FastifyReply): Promise<Step | undefined> {
  const { uid } = request.params as { uid: string }
  const interaction = await deps.provider.interactionDetails(request.raw, reply.raw)
  if (interaction.uid !== uid) return undefined
  const client = await deps.clients.find(String(interaction.params['client_id']))
  if (client === undefined) return undefined
  const csrfToken = createHmac('sha256', deps.secret).update(`interaction-form\0${uid}`).digest('base64url')
  return { request: request.raw, interaction, client, csrfToken, action: `/interaction/${uid}` }
}

async function look (deps: InteractionDeps, step: Step): Promise<Answer> {
  const { interaction } = step
  if (interaction.prompt.name === 'login') {
    const { unmet } = readAcrDemand(interaction.params, deps.profile.acr)
    if (unmet === undefined) return { kind: 'page', page: await renderLogin(deps, step) }
    // Asking again would never end: no sign-in meets it (OpenID Connect Core Error Code unmet_authentication_requirements 1.0).
    return { kind: 'finished', result: { error: 'unmet_authentication_requirements', error_description: 'none of the requested acr values can be met' } }
  }
  return await renderConsent(deps, step) ?? { kind: 'page', page: expired(deps.pages) }
}

async function answerAbort (): Promise<Answer> {
  return denied()
}

function send (reply: FastifyReply, { status, headers, body }: Page): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}

function expired (pages: Pages): Page {
  return pages.failure(400, 'This sign-in is over', 'It has expired, was finished, or was opened in another browser. Go back to the application and start again.')
}
