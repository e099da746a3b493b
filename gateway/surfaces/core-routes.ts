import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Json } from '../../kernel/index.ts'
import type { CoreOperation, CoreReply } from '../../sandbox-core/index.ts'
import type { Body, RouteFacts } from '../pipeline/facts.ts'
import { passageOf, type PipelineAdapter } from '../pipeline/fastify.ts'
import type { Passage } from '../pipeline/passage.ts'
import { registerRefusedMethods } from './refused-methods.ts'
import { parseRouteTemplate, type RouteTemplate } from './route-template.ts'

/** An API that runs in process. */
export interface CoreRoutesDeps {
  readonly api: { readonly name: string, readonly audience: string, readonly scopes: { readonly read: string, readonly write: string }, readonly requireBoundTokens: boolean }
  readonly operations: readonly CoreOperation[]
  readonly adapter: PipelineAdapter
  /** Called after a write, so that webhooks leave without waiting for the next poll. */
  readonly onWrite: () => void
}

/** Registers every operation of an API as an ordinary route, dispatched in process. */
export function registerCoreRoutes (app: FastifyInstance, deps: CoreRoutesDeps): void {
  for (const operation of deps.operations) registerOperation(app, operation, deps)
  registerRefusedMethods(app, deps.operations.map((operation) => factsOf(operation, deps.api)), deps.operations.map((operation) => operation.method))
}

function registerOperation (app: FastifyInstance, operation: CoreOperation, deps: CoreRoutesDeps): void {
  const template = parseRouteTemplate(operation.path)
  const isWrite = operation.method !== 'GET' && operation.method !== 'HEAD'
  app.route({
    method: operation.method,
    url: template.url,
    config: { facts: factsOf(operation, deps.api) },
    handler: (request, reply) => {
      const passage = passageOf(request)
      const answered = operation.handle(coreRequest(request, passage, template))
      const finish = (answer: CoreReply): void => {
        if (isWrite) deps.onWrite()
        send(reply, passage, answer, deps.adapter)
      }
      if (!(answered instanceof Promise)) finish(answered)
      else answered.then(finish).catch((error: unknown) => reply.send(error))
      return reply
    },
  })
}

function send (reply: FastifyReply, passage: Passage, answer: CoreReply, adapter: PipelineAdapter): void {
  if (answer.failure !== undefined) passage.failure = answer.failure
  adapter.sendReply(reply, passage, { status: answer.status, headers: answer.headers ?? {}, ...(answer.body === undefined ? {} : { body: answer.body }) })
}

function coreRequest (request: FastifyRequest, { facts }: Passage, template: RouteTemplate): Parameters<CoreOperation['handle']>[0] {
  const { caller, cleanBody, cleanPath, cleanQuery = '', requestId } = facts
  if (caller?.sandboxId === undefined || requestId === undefined) throw new Error('a request reached the core without a sandbox')
  const body = cleanBody === undefined ? undefined : jsonOf(cleanBody)
  return {
    sandboxId: caller.sandboxId,
    requestId,
    pathParameters: template.parametersOf(request.params as Record<string, string>, cleanPath),
    query: cleanQuery,
    headers: request.headers,
    ...(caller.clientId === undefined ? {} : { clientId: caller.clientId }),
    ...(body === undefined ? {} : { body }),
  }
}

function jsonOf (body: Body): Json | undefined {
  switch (body.kind) {
    case 'none': return undefined
    case 'json': return body.value
    case 'form': return Object.fromEntries(new URLSearchParams(body.text))
    case 'text': return body.text
  }
}

function factsOf (operation: CoreOperation, api: CoreRoutesDeps['api']): RouteFacts {
  const isRead = operation.method === 'GET' || operation.method === 'HEAD'
  return {
    template: operation.path,
    operationId: operation.operationId,
    api: api.name,
    audiences: [api.audience],
    scopes: operation.scopes ?? [isRead ? api.scopes.read : api.scopes.write],
    requireBoundToken: api.requireBoundTokens,
    credentials: [],
    requestMediaTypes: operation.requestMediaTypes,
  }
}
