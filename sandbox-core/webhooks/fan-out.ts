import { isJsonObject, randomId, type Clock, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import type { Job, Jobs, KeyValue } from '../../stores/ports.ts'
import { createDeliveryJob, deliveryIdOf, pendingDelivery, type DeliveryJob } from './delivery-job.ts'
import type { DeliveryLog } from './delivery-log.ts'
import type { Endpoints } from './endpoints.ts'
import { matchesEvent } from './match-event.ts'

export interface FanOutDeps {
  readonly jobs: Jobs
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly endpoints: Pick<Endpoints, 'list'>
  readonly log: DeliveryLog
}

/** The queue that commits put their events in. */
export const EVENTS_QUEUE = 'events'

const MESSAGES_SPACE = 'webhook-messages'
const MESSAGE_TTL_MS = 7 * 86_400_000

/**
 * Turns one event into one delivery for each endpoint that wants it, then completes its job. Whatever step a crash
 * interrupts, the next claim takes it up: ids are derived, the log entry is stored before the job is made, and an
 * attempt that the log knows is never made again, so nothing is lost or doubled.
 *
 * @returns false when the job is no event; it is completed all the same, since it would never become one
 */
export async function fanOutEvent (deps: FanOutDeps, job: Job): Promise<boolean> {
  const event = readEvent(job)
  if (event !== undefined) await makeDeliveries(deps, job, event)
  await deps.jobs.complete(EVENTS_QUEUE, job.id)
  if (event !== undefined) await deps.keyValue.delete(MESSAGES_SPACE, job.id)
  return event !== undefined
}

interface EventToSend { readonly sandbox: SandboxId, readonly id: string, readonly type: string, readonly body: JsonObject }

async function makeDeliveries (deps: FanOutDeps, job: Job, event: EventToSend): Promise<void> {
  const endpoints = (await deps.endpoints.list(event.sandbox)).filter(({ status, events }) => status === 'enabled' && matchesEvent(events, event.type))
  if (endpoints.length === 0) return
  const messageId = await messageIdOf(deps, job)
  const payload = JSON.stringify(event.body)
  const nowMs = deps.clock.nowMs()
  const waiting: DeliveryJob[] = []
  for (const { id: endpointId, url } of endpoints) {
    const id = deliveryIdOf(messageId, endpointId)
    const delivery: DeliveryJob = {
      sandbox: event.sandbox,
      attempt: 1,
      delivery: { id, messageId, eventId: event.id, eventType: event.type, endpointId, url, payload, source: 'event', createdAtMs: nowMs }
    }
    const logged = await deps.log.get(event.sandbox, id)
    if (logged === undefined) deps.log.append(event.sandbox, pendingDelivery(delivery, nowMs))
    if (logged === undefined || logged.attempts.length === 0) waiting.push(delivery)
  }
  await deps.log.flush()
  for (const delivery of waiting) await deps.jobs.enqueue(createDeliveryJob(delivery, nowMs))
}

/**
 * The message's id, kept while the job lives. It is not the event's: after a reset a sandbox makes the same events
 * with the same ids again, and receivers that forget repeated messages must not take the new ones for old.
 */
async function messageIdOf (deps: FanOutDeps, job: Job): Promise<string> {
  const fresh = randomId('msg', 24)
  if (job.attempt <= 1) {
    await deps.keyValue.put(MESSAGES_SPACE, job.id, fresh, { ttlMs: MESSAGE_TTL_MS })
    return fresh
  }
  if (await deps.keyValue.putIfAbsent(MESSAGES_SPACE, job.id, fresh, { ttlMs: MESSAGE_TTL_MS })) return fresh
  const known = await deps.keyValue.get(MESSAGES_SPACE, job.id)
  return typeof known === 'string' ? known : fresh
}

function readEvent ({ id, payload }: Job): EventToSend | undefined {
  const { sandbox, event } = payload
  if (typeof sandbox !== 'string' || !isJsonObject(event) || typeof event['type'] !== 'string') return undefined
  const eventId = typeof event['id'] === 'string' ? event['id'] : id
  return { sandbox: sandbox as SandboxId, id: eventId, type: event['type'], body: event }
}
