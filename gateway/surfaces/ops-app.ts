import Fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'

/** What the local listener tells. */
export interface OpsDeps {
  readonly registry: Registry
  /** Throws when the stores do not answer. */
  readonly ping: () => Promise<void>
  readonly isDraining: () => boolean
  /** Called before each scrape, for values that are read and not counted. */
  readonly refresh: () => Promise<void>
}

const PING_DEADLINE_MS = 2000

/**
 * The ops surface: metrics in Prometheus' text format, liveness, readiness. It has no credentials and belongs on a local
 * address.
 */
export function createOpsApp ({ registry, ping, isDraining, refresh }: OpsDeps): FastifyInstance {
  const app = Fastify({ logger: false })
  app.get('/metrics', async (_request, reply) => {
    // Metrics are wanted most when the store is lost: what was counted is told, and the value that is read stays as it was.
    await refresh().catch(() => {})
    return await reply.type(registry.contentType).send(await registry.metrics())
  })
  app.get('/livez', () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const problem = isDraining() ? 'shutting down' : await storeProblem(ping)
    return await reply.code(problem === undefined ? 200 : 503).send({ status: problem === undefined ? 'ok' : 'unready', ...(problem === undefined ? {} : { reason: problem }) })
  })
  return app
}

async function storeProblem (ping: () => Promise<void>): Promise<string | undefined> {
  const deadline = new Promise<string>((resolve) => setTimeout(resolve, PING_DEADLINE_MS, 'the store does not answer').unref())
  return await Promise.race([ping().then(() => undefined, (error: unknown) => `the store does not answer: ${error instanceof Error ? error.message : String(error)}`), deadline])
}
