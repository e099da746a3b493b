import { randomId, type Clock, type SandboxId } from '../../kernel/index.ts'
import type { Jobs } from '../../stores/ports.ts'
import { createDeliveryJob, pendingDelivery, type DeliveryJob } from './delivery-job.ts'
import type { Delivery, DeliveryLog } from './delivery-log.ts'
import type { Endpoints } from './endpoints.ts'
import { refused, refusedUnknown, type Refused } from './refused.ts'

export interface DeliveryPage {
  /** 1–100, default 20. */
  readonly limit?: number
  /** The id of the last delivery of the page before. */
  readonly before?: string
  /** Only those to this endpoint. */
  readonly endpointId?: string
  /** Only those of this event, or of the message with this id. */
  readonly eventId?: string
}

/** What a sandbox sees of its own deliveries. */
export interface Deliveries {
  /** Newest first. `next` is the `before` of the following page, absent on the last one. */
  readonly list: (sandboxId: SandboxId, page?: DeliveryPage) => Promise<{ readonly items: readonly Delivery[], readonly next?: string }>
  readonly get: (sandboxId: SandboxId, id: string) => Promise<Delivery | undefined>
  /** Sends the same message again, to the endpoint as it is now: a delivery of its own, with the same `webhook-id` and retries. */
  readonly replay: (sandboxId: SandboxId, id: string) => Promise<{ readonly kind: 'replayed', readonly delivery: Delivery } | Refused>
}

export interface DeliveriesDeps {
  readonly jobs: Jobs
  readonly clock: Clock
  readonly log: DeliveryLog
  readonly endpoints: Pick<Endpoints, 'get'>
  /** Called when a replay is in the queue. */
  readonly wake: () => void
}

const PAGE_MAX = 100
const PAGE_DEFAULT = 20

/** Reads the delivery log and replays from it. A sandbox's log is a stream of its own, so another's ids find nothing. */
export function createDeliveries (deps: DeliveriesDeps): Deliveries {
  return {
    get: (sandboxId, id) => deps.log.get(sandboxId, id),
    list: async (sandboxId, { limit = PAGE_DEFAULT, before, endpointId, eventId } = {}) => {
      if (before !== undefined && await deps.log.get(sandboxId, before) === undefined) return { items: [] }
      const size = Math.min(Math.max(limit, 1), PAGE_MAX)
      const link = eventId ?? endpointId
      const read = await readPage(deps.log, sandboxId, size + 1, before, link, eventId === undefined ? undefined : endpointId)
      const items = read.slice(0, size)
      const last = items.at(-1)
      return read.length > size && last !== undefined ? { items, next: last.id } : { items }
    },
    replay: async (sandboxId, id) => {
      const old = await deps.log.get(sandboxId, id)
      if (old === undefined) return refusedUnknown('delivery', id)
      const endpoint = await deps.endpoints.get(sandboxId, old.endpointId)
      if (endpoint === undefined) return refused('resource_not_found', 'The endpoint of this delivery was deleted.')
      if (endpoint.status === 'disabled') return refused('request_invalid', 'The endpoint of this delivery is disabled; enable it first.')
      const delivery = await queueReplay(deps, sandboxId, old, endpoint.url)
      deps.wake()
      return { kind: 'replayed', delivery }
    }
  }
}

async function queueReplay (deps: DeliveriesDeps, sandboxId: SandboxId, old: Delivery, url: string): Promise<Delivery> {
  const nowMs = deps.clock.nowMs()
  const { messageId, eventId, eventType, endpointId, payload } = old
  const job: DeliveryJob = {
    sandbox: sandboxId,
    attempt: 1,
    delivery: { id: randomId('dlv', 22), messageId, eventId, eventType, endpointId, url, payload, source: 'replay', replayOf: old.id, createdAtMs: nowMs }
  }
  const delivery = pendingDelivery(job, nowMs)
  deps.log.append(sandboxId, delivery)
  await deps.log.flush()
  await deps.jobs.enqueue(createDeliveryJob(job, nowMs))
  return delivery
}

/** The log narrows by one link; the second filter, if any, is applied here, page by page, since few deliveries share an event. */
async function readPage (log: DeliveryLog, sandboxId: SandboxId, size: number, before: string | undefined, link: string | undefined, endpointId: string | undefined): Promise<readonly Delivery[]> {
  const found: Delivery[] = []
  let cursor = before
  while (found.length < size) {
    const read = await log.read(sandboxId, { limit: size, ...(cursor === undefined ? {} : { before: cursor }), ...(link === undefined ? {} : { link }) })
    found.push(...read.filter((delivery) => endpointId === undefined || delivery.endpointId === endpointId))
    cursor = read.at(-1)?.id
    if (read.length < size) break
  }
  return found.slice(0, size)
}
