import type { Clock, SandboxId } from '../../kernel/index.ts'
import type { Job, Jobs } from '../../stores/ports.ts'
import type { Deliver, Exchange } from './deliver.ts'
import { createDeliveryJob, DELIVERIES_QUEUE, pendingDelivery, type DeliveryJob } from './delivery-job.ts'
import type { Attempt, Delivery, DeliveryLog } from './delivery-log.ts'
import type { EndpointSecrets } from './endpoint-secrets.ts'
import type { Endpoint, Endpoints } from './endpoints.ts'
import { signMessage } from './sign.ts'

export interface AttemptDeps {
  readonly jobs: Jobs
  readonly clock: Clock
  readonly log: DeliveryLog
  readonly endpoints: Pick<Endpoints, 'get' | 'disable'>
  readonly secrets: Pick<EndpointSecrets, 'live'>
  readonly deliver: Deliver
  /** Pauses before each further attempt. */
  readonly retriesMs: readonly number[]
  readonly userAgent: string
  readonly onAttempt?: ((outcome: 'succeeded' | 'failed' | 'refused') => void) | undefined
}

/**
 * Makes one attempt: sends, writes it in the log, puts the next attempt in the queue, and completes the job, in this
 * order, so that a crash repeats no step that is known to be done. An attempt cut short by shutdown goes back to the queue.
 */
export async function attemptDelivery (deps: AttemptDeps, job: Job, content: DeliveryJob, signal: AbortSignal): Promise<void> {
  const delivery = await ensureLogged(deps, content)
  let settled = delivery
  if (delivery.status === 'pending' && !delivery.attempts.some(({ number }) => number >= content.attempt)) {
    const attempted = await makeAttempt(deps, content, delivery, signal)
    if (attempted === undefined) return await deps.jobs.postpone(DELIVERIES_QUEUE, job.id, deps.clock.nowMs())
    settled = attempted
    await deps.log.update(content.sandbox, settled)
    await deps.log.flush()
  }
  if (settled.status === 'pending' && settled.nextAttemptAtMs !== undefined) {
    await deps.jobs.enqueue(createDeliveryJob({ ...content, attempt: content.attempt + 1 }, settled.nextAttemptAtMs))
  }
  await deps.jobs.complete(DELIVERIES_QUEUE, job.id)
}

async function ensureLogged (deps: AttemptDeps, content: DeliveryJob): Promise<Delivery> {
  const logged = await deps.log.get(content.sandbox, content.delivery.id)
  if (logged !== undefined) return logged
  const delivery = pendingDelivery(content, deps.clock.nowMs())
  deps.log.append(content.sandbox, delivery)
  return delivery
}

async function makeAttempt (deps: AttemptDeps, content: DeliveryJob, delivery: Delivery, signal: AbortSignal): Promise<Delivery | undefined> {
  const endpoint = await deps.endpoints.get(content.sandbox, delivery.endpointId)
  if (endpoint === undefined) return giveUp(deps, content, delivery, 'endpoint_deleted', 'The endpoint was deleted; nothing was sent.')
  if (endpoint.status === 'disabled') return giveUp(deps, content, delivery, 'endpoint_disabled', 'The endpoint is disabled; nothing was sent.')
  const headers = await makeHeaders(deps, content.sandbox, endpoint, delivery)
  const exchange = await deps.deliver({ url: endpoint.url, headers, body: delivery.payload, signal })
  if (exchange.outcome === 'aborted') return undefined
  deps.onAttempt?.(exchange.outcome)
  if (exchange.response?.status === 410) await deps.endpoints.disable(content.sandbox, endpoint.id)
  const attempt = describeAttempt(content.attempt, endpoint.url, exchange.outcome === 'refused' ? {} : headers, exchange)
  return settle(deps, { ...delivery, url: endpoint.url, attempts: [...delivery.attempts, attempt] }, content.attempt, exchange)
}

async function makeHeaders (deps: AttemptDeps, sandboxId: SandboxId, endpoint: Endpoint, delivery: Delivery): Promise<Attempt['requestHeaders']> {
  const timestampSeconds = Math.floor(deps.clock.nowMs() / 1000)
  const content = { messageId: delivery.messageId, timestampSeconds, body: delivery.payload }
  return {
    'content-type': 'application/json',
    'user-agent': deps.userAgent,
    'webhook-id': delivery.messageId,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signMessage(content, await deps.secrets.live(sandboxId, endpoint.id))
  }
}

function describeAttempt (number: number, url: string, requestHeaders: Attempt['requestHeaders'], { atMs, durationMs, response, failure }: Exchange): Attempt {
  return {
    number,
    atMs,
    durationMs,
    url,
    requestHeaders,
    ...(failure === undefined ? {} : { error: failure }),
    ...(response === undefined ? {} : { status: response.status, responseHeaders: response.headers }),
    ...(response?.body === undefined ? {} : { responseBody: response.body }),
    ...(response?.bodyNote === undefined ? {} : { responseBodyNote: response.bodyNote })
  }
}

/** A refused destination is not tried again by itself, since only a change of configuration or DNS would help; nor is one that is gone. */
function settle (deps: AttemptDeps, { nextAttemptAtMs: _, ...delivery }: Delivery, number: number, exchange: Exchange): Delivery {
  if (exchange.outcome === 'succeeded') return { ...delivery, status: 'succeeded' }
  const pauseMs = deps.retriesMs[number - 1]
  if (exchange.outcome === 'refused' || exchange.response?.status === 410 || pauseMs === undefined) return { ...delivery, status: 'failed' }
  return { ...delivery, status: 'pending', nextAttemptAtMs: deps.clock.nowMs() + Math.max(pauseMs, exchange.retryAfterMs ?? 0) }
}

function giveUp (deps: AttemptDeps, content: DeliveryJob, { nextAttemptAtMs: _, ...delivery }: Delivery, code: string, detail: string): Delivery {
  const attempt = { number: content.attempt, atMs: deps.clock.nowMs(), durationMs: 0, url: delivery.url, requestHeaders: {}, error: { code, detail } }
  return { ...delivery, status: 'failed', attempts: [...delivery.attempts, attempt] }
}
