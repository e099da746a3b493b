import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Compile } from 'typebox/compile'
import { refused, type ControlAnswer, type ControlRoute } from '../control/index.ts'
import type { RouteFacts } from '../pipeline/facts.ts'
import { passageOf, type PipelineAdapter } from '../pipeline/fastify.ts'
import type { Passage } from '../pipeline/passage.ts'
import { registerRefusedMethods } from './refused-methods.ts'
import { parseRouteTemplate, type RouteTemplate } from './route-template.ts'

/** Registers the control API: bodies are checked here, so that handlers see only what their schema allows. */
export function registerControlRoutes (app: FastifyInstance, { routes, audiences, adapter }: { readonly routes: readonly ControlRoute[], readonly audiences: readonly string[], readonly adapter: PipelineAdapter }): void {
  const facts = routes.map((route) => factsOf(route, audiences))
  routes.forEach((route, index) => {
    const template = parseRouteTemplate(route.path)
    const checker = route.body === undefined ? undefined : Compile(route.body)
    app.route({
      method: route.method,
      url: template.url,
      config: { facts: facts[index] },
      handler: (request, reply) => {
        const passage = passageOf(request)
        const body = bodyOf(passage)
        const error = checker === undefined || checker.Check(body) ? undefined : checker.Errors(body)[0]
        if (error !== undefined) {
          answer(reply, passage, refused('request_invalid', `${error.instancePath || 'The body'} ${sayViolation(error)}.`, [error.instancePath]), adapter)
          return reply
        }
        Promise.resolve(route.handle(requestOf(request, passage, body, template)))
          .then((result) => answer(reply, passage, result, adapter))
          .catch((fault: unknown) => reply.send(fault))
        return reply
      },
    })
  })
  registerRefusedMethods(app, facts, routes.map((route) => route.method))
}

function answer (reply: FastifyReply, passage: Passage, result: ControlAnswer, adapter: PipelineAdapter): void {
  if (result.kind === 'refused') {
    adapter.sendRefusal(reply, passage, result.refusal)
    return
  }
  adapter.sendReply(reply, passage, { status: result.status, headers: { 'cache-control': 'no-store' }, ...(result.body === undefined ? {} : { body: result.body }) })
}

/** TypeBox checks a member that is not declared against `false`, and says so. */
function sayViolation ({ keyword, message }: { readonly keyword: string, readonly message: string }): string {
  return keyword === 'boolean' ? 'is no member that is known here' : message
}

function bodyOf ({ facts }: Passage): unknown {
  return facts.body?.kind === 'json' ? facts.body.value : {}
}

function requestOf (request: FastifyRequest, { facts, url }: Passage, body: unknown, template: RouteTemplate): Parameters<ControlRoute['handle']>[0] {
  if (facts.caller === undefined || facts.requestId === undefined) throw new Error('a request reached control without a caller')
  const mark = url.indexOf('?')
  return {
    caller: facts.caller,
    requestId: facts.requestId,
    address: facts.address ?? '',
    parameters: template.parametersOf(request.params as Record<string, string>, undefined),
    query: new URLSearchParams(mark === -1 ? '' : url.slice(mark)),
    body,
  }
}

function factsOf (route: ControlRoute, audiences: readonly string[]): RouteFacts {
  return {
    template: route.path,
    operationId: route.operationId,
    api: route.path.startsWith('/control') ? 'control' : 'sandbox',
    audiences,
    scopes: [],
    requireBoundToken: false,
    credentials: route.credentials,
    requestMediaTypes: ['application/json'],
  }
}
