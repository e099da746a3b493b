import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock, ErrorCode, Refusal, Surface } from '../../kernel/index.ts'
import type { PublicRefusal, RefusalRenderer } from '../errors/index.ts'
import type { Reply, RouteFacts } from './facts.ts'
import { isStoreFault } from './is-store-fault.ts'
import { Passage } from './passage.ts'
import { isPreflight, preflightHeaders } from './preflight.ts'
import { runStages, type RunObserver } from './run.ts'
import type { AnyStage } from './stage.ts'
import type { SurfacePipeline } from './table.ts'

/** Runs one surface's pipeline inside Fastify: the only file that knows both. */
export interface PipelineAdapterDeps {
  readonly surface: Surface
  readonly column: SurfacePipeline
  readonly clock: Clock
  readonly observer: RunObserver
  readonly renderRefusal: RefusalRenderer
  /** Stages that a CORS preflight passes, and whether it is answered here; else its route does. Absent: a request like others. */
  readonly preflight?: { readonly stages: readonly AnyStage[], readonly isAnswered: boolean }
}

/** Sends what a dispatched part answered, through the stages that look at replies. */
export interface PipelineAdapter {
  readonly sendReply: (reply: FastifyReply, passage: Passage, answer: Reply) => void
  readonly sendRefusal: (reply: FastifyReply, passage: Passage, refusal: Refusal & { readonly stage?: string }) => void
  /** For parts that write to the raw response themselves: the headers that stages want on it. */
  readonly headersOf: (passage: Passage) => Readonly<Record<string, string>>
}

interface PassageCarrier { passage: Passage | null }

/** The passage of a request; every request of a surface has one. */
export function passageOf (request: FastifyRequest): Passage {
  const { passage } = request as FastifyRequest & PassageCarrier
  if (passage === null) throw new Error('the request did not enter through a surface')
  return passage
}

/** Hooks a pipeline into a scope of Fastify; routes registered in that scope afterwards pass through it. */
export function attachPipeline (app: FastifyInstance, deps: PipelineAdapterDeps): PipelineAdapter {
  const { column, observer } = deps
  const adapter = createAdapter(deps)
  app.addHook('onRequest', (request, reply, done) => {
    const passage = enter(request, deps)
    const preflight = passage.route !== undefined && isPreflight(request.raw) ? deps.preflight : undefined
    runStages(preflight?.stages ?? column.arrival, passage, observer, (refusal) => {
      if (refusal !== undefined) adapter.sendRefusal(reply, passage, refusal)
      else if (preflight?.isAnswered === true) write(reply, 204, { ...adapter.headersOf(passage), ...preflightHeaders(passage.facts) }, undefined)
      else done()
    })
  })
  if (column.payload.length > 0) {
    app.addHook('preHandler', (request, reply, done) => {
      const passage = passageOf(request)
      passage.payload = Buffer.isBuffer(request.body) ? request.body : undefined
      runStages(column.payload, passage, observer, (refusal) => {
        if (refusal === undefined) done()
        else adapter.sendRefusal(reply, passage, refusal)
      })
    })
  }
  app.addHook('onResponse', (request, reply, done) => {
    const passage = (request as FastifyRequest & PassageCarrier).passage
    if (passage !== null) conclude(passage, reply, deps)
    done()
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const passage = (request as FastifyRequest & PassageCarrier).passage ?? enter(request, deps)
    const refusal = refusalOfError(error)
    const [dispatch] = column.dispatch
    if (refusal.code === 'internal_fault' && dispatch !== undefined) observer.onFault(dispatch, error, passage)
    adapter.sendRefusal(reply, passage, refusal)
  })
  return adapter
}

function createAdapter (deps: PipelineAdapterDeps): PipelineAdapter {
  const { column, observer, renderRefusal } = deps
  const headersOf = (passage: Passage): Readonly<Record<string, string>> => {
    runStages(column.headers, passage, observer, () => {})
    return passage.replyHeaders
  }
  const sendRefusal: PipelineAdapter['sendRefusal'] = (reply, passage, refusal) => {
    passage.refusal ??= { stage: 'dispatch', ...refusal }
    if (refusal.wire === 'drop') {
      drop(reply, passage, deps)
      return
    }
    if (refusal.wire !== undefined) {
      write(reply, refusal.wire.status, { ...headersOf(passage), ...refusal.wire.headers }, refusal.wire.text)
      return
    }
    const { status, headers, text } = renderRefusal(publicPart(refusal), {
      requestId: passage.facts.requestId ?? '',
      hasCredentials: passage.request.headers.authorization !== undefined,
      isDpop: /^dpop /i.test(passage.request.headers.authorization ?? ''),
    })
    write(reply, status, { ...headersOf(passage), ...headers, ...allowHeader(passage.route) }, text)
  }
  const sendReply: PipelineAdapter['sendReply'] = (reply, passage, answer) => {
    (passage as unknown as { reply: Reply }).reply = answer
    runStages(column.reply, passage, observer, (refusal) => {
      if (refusal !== undefined) {
        sendRefusal(reply, passage, refusal)
        return
      }
      const clean = passage.facts.reply as Reply
      const headers = headersOf(passage)
      for (const name in headers) reply.header(name, headers[name])
      const own = mergeVary(headers, clean.headers)
      if (clean.body === undefined) write(reply, clean.status, own, clean.text)
      else write(reply, clean.status, { 'content-type': 'application/json; charset=utf-8', ...own }, JSON.stringify(clean.body))
    })
  }
  return { sendReply, sendRefusal, headersOf }
}

function enter (request: FastifyRequest, deps: PipelineAdapterDeps): Passage {
  const { facts } = request.routeOptions.config as { facts?: RouteFacts }
  const passage = new Passage(request.raw, deps.surface, facts, deps.clock.nowMs());
  (request as FastifyRequest & PassageCarrier).passage = passage
  return passage
}

function conclude (passage: Passage, reply: FastifyReply, { column, observer }: PipelineAdapterDeps): void {
  passage.outcome = {
    status: reply.raw.statusCode,
    durationMs: reply.elapsedTime,
    ...(passage.refusal === undefined ? {} : { refusal: passage.refusal }),
    ...(passage.failure === undefined ? {} : { failure: passage.failure }),
  }
  runStages(column.outcome, passage, observer, () => {})
}

/** Closes the connection without an answer, and still keeps the trace of the request. */
function drop (reply: FastifyReply, passage: Passage, deps: PipelineAdapterDeps): void {
  reply.hijack()
  passage.request.socket.destroy()
  conclude(passage, reply, deps)
}

/** What an answer varies by and what its headers vary by (RFC 9110 §12.5.5) are both said. */
function mergeVary ({ vary: ours }: Readonly<Record<string, string>>, answered: Reply['headers']): Reply['headers'] {
  const { vary: theirs } = answered
  return ours === undefined || theirs === undefined ? answered : { ...answered, vary: [theirs, ours].flat().join(', ') }
}

function write (reply: FastifyReply, status: number, headers: Reply['headers'], text: string | undefined): void {
  reply.code(status)
  for (const name in headers) reply.header(name, headers[name])
  void reply.send(text)
}

function publicPart ({ internalDetail: _kept, evidence: _evidence, claimedClientId: _claimed, ...rest }: Refusal & { stage?: string }): PublicRefusal {
  return rest
}

function allowHeader (route: RouteFacts | undefined): Record<string, string> {
  return route?.allowedMethods === undefined ? {} : { allow: route.allowedMethods.join(', ') }
}

const CODES_OF_FASTIFY: Readonly<Record<string, { code: ErrorCode, stage: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', stage: 'resolve-body' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'media_type_unsupported', stage: 'resolve-body' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'request_malformed', stage: 'resolve-body' },
  FST_ERR_BAD_URL: { code: 'path_invalid', stage: 'resolve-target' },
  FST_ERR_ASYNC_CONSTRAINT: { code: 'request_malformed', stage: 'resolve-target' },
}

/** What Fastify refuses on its own account, in our words; anything else is a fault of ours, whose stack is the operator's to see. */
export function refusalOfError (error: FastifyError): Refusal & { readonly stage: string } {
  const known = CODES_OF_FASTIFY[error.code]
  if (known !== undefined) return { ...known, internalDetail: error.message }
  return { code: isStoreFault(error) ? 'dependency_unavailable' : 'internal_fault', stage: 'dispatch', internalDetail: `${error.name}: ${error.message}` }
}
