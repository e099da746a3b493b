import type { FastifyInstance } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import type { AuthorizationServer } from '../../authz/index.ts'
import type { Authority } from '../../certs/index.ts'
import type { Config } from '../../config/index.ts'
import type { Clock, Surface } from '../../kernel/index.ts'
import type { SandboxCore } from '../../sandbox-core/index.ts'
import type { Stores } from '../../stores/index.ts'
import type { ControlRoute } from '../control/index.ts'
import { createProblemRenderer, renderOAuthError, type RefusalRenderer } from '../errors/index.ts'
import { attachPipeline, passageOf, type PipelineAdapter } from '../pipeline/fastify.ts'
import type { Passage } from '../pipeline/passage.ts'
import type { RunObserver } from '../pipeline/run.ts'
import type { AnyStage } from '../pipeline/stage.ts'
import type { SurfacePipeline } from '../pipeline/table.ts'
import type { Metrics } from '../record/index.ts'
import { registerCertificatePages } from './certificate-pages.ts'
import { registerControlRoutes } from './control-routes.ts'
import { registerCoreRoutes } from './core-routes.ts'
import { readBodiesAsBytes } from './http-app.ts'
import { createOpsApp } from './ops-app.ts'
import { openRouteFacts, registerPublicPages } from './public-pages.ts'
import { registerUpstreamRoutes } from './upstream-routes.ts'

/** What is behind the doors, and what the surfaces share. */
export interface SurfacesDeps {
  readonly app: FastifyInstance
  readonly config: Config
  readonly pipeline: { readonly columns: Readonly<Record<Surface, SurfacePipeline>>, readonly preflight: readonly AnyStage[] }
  readonly clock: Clock
  readonly authz: Pick<AuthorizationServer, 'registerRoutes' | 'dpopAlgorithms'>
  readonly authority: Pick<Authority, 'certificatePem' | 'revocationList' | 'answerOcsp'>
  readonly core: Pick<SandboxCore, 'operations'>
  readonly routes: readonly ControlRoute[]
  /** Finds the passage of a raw request, for events of the authorization server. */
  readonly passages: WeakMap<IncomingMessage, Passage>
  readonly scrubText: (text: string, scope: string) => string
  readonly metrics: Metrics
  readonly logger: Logger
  readonly documentationUrl: string
  readonly wakeWebhooks: () => void
  readonly stores: Pick<Stores, 'ping' | 'jobs'>
}

export interface Surfaces {
  readonly app: FastifyInstance
  readonly opsApp: FastifyInstance
  /** Makes readiness fail while requests in flight finish. */
  readonly drain: () => void
}

/** Gives each surface its scope, its pipeline and its routes. The scopes share nothing else. */
export function assembleSurfaces (deps: SurfacesDeps): Surfaces {
  const { app, metrics } = deps
  const observer: RunObserver = {
    onFault: (stage, fault, passage) => {
      metrics.countFault(stage.name)
      deps.logger.error({ stage: stage.name, id: passage.facts.requestId, fault: fault instanceof Error ? fault.stack : String(fault) }, 'a stage could not decide')
    },
  }
  const problem = createProblemRenderer({ documentationUrl: deps.documentationUrl, dpopAlgorithms: deps.authz.dpopAlgorithms, isDpopRequired: deps.config.profile.dpop === 'required' })
  const attach = (scope: FastifyInstance, surface: Surface, renderRefusal: RefusalRenderer): PipelineAdapter =>
    attachPipeline(scope, { surface, column: deps.pipeline.columns[surface], clock: deps.clock, observer, renderRefusal, ...(surface === 'control' ? {} : { preflight: { stages: deps.pipeline.preflight, isAnswered: surface === 'api' } }) })
  void app.register(async (scope) => openTokenSurface(scope, attach(scope, 'token', renderOAuthError), deps))
  void app.register(async (scope) => openApiSurface(scope, attach(scope, 'api', problem), deps))
  void app.register(async (scope) => openControlSurface(scope, attach(scope, 'control', problem), deps))
  let isDraining = false
  const opsApp = createOpsApp({
    registry: metrics.registry,
    ping: deps.stores.ping,
    isDraining: () => isDraining,
    refresh: async () => metrics.setWebhookDepth(await deps.stores.jobs.depth('deliveries')),
  })
  return { app, opsApp, drain: () => { isDraining = true } }
}

function openTokenSurface (scope: FastifyInstance, adapter: PipelineAdapter, { authz, authority, passages, documentationUrl }: SurfacesDeps): void {
  scope.addHook('preHandler', (request, reply, done) => {
    const passage = passageOf(request)
    passages.set(request.raw, passage)
    // The authorization server sees to cross-origin requests of its own, and lets be what somebody has seen to.
    reply.headers(Object.fromEntries(Object.entries(adapter.headersOf(passage)).filter(([name]) => !/^(?:access-control-|vary$)/.test(name))))
    done()
  })
  // The authorization server's routes know nothing of the pipeline; their path is all that it needs.
  scope.addHook('onRoute', (route) => {
    route.config = { facts: openRouteFacts(route.url.replace(/:(\w+)/g, '{$1}'), route.url, 'authorization'), ...route.config }
  })
  registerPublicPages(scope, { documentationUrl })
  registerCertificatePages(scope, { authority })
  authz.registerRoutes(scope)
}

function openApiSurface (scope: FastifyInstance, adapter: PipelineAdapter, { config, core, scrubText, wakeWebhooks }: SurfacesDeps): void {
  readBodiesAsBytes(scope)
  for (const api of config.apis) {
    if (api.kind === 'core') registerCoreRoutes(scope, { api, operations: core.operations(api.name), adapter, onWrite: wakeWebhooks })
    else registerUpstreamRoutes(scope, { api, adapter, scrubText })
  }
  scope.setNotFoundHandler((request, reply) => {
    adapter.sendRefusal(reply, passageOf(request), { code: 'route_not_found', stage: 'resolve-target', internalDetail: 'no route matches' })
  })
}

function openControlSurface (scope: FastifyInstance, adapter: PipelineAdapter, { config, routes }: SurfacesDeps): void {
  readBodiesAsBytes(scope)
  registerControlRoutes(scope, { routes, audiences: config.apis.map((api) => api.audience), adapter })
}
