import { createHash } from 'node:crypto'
import { isJsonObject, type SandboxId } from '../../kernel/index.ts'
import type { Job, NewJob } from '../../stores/ports.ts'
import type { Delivery } from './delivery-log.ts'

/**
 * One attempt waiting in the queue `deliveries`. It holds all that sending needs, so that losing the log loses no
 * webhook, and each attempt is a job of its own, so that the count survives a crash.
 */
export type DeliveryJob = {
  readonly sandbox: SandboxId
  readonly attempt: number
  readonly delivery: Omit<Delivery, 'status' | 'attempts' | 'nextAttemptAtMs'>
}

/** The queue that attempts wait in. */
export const DELIVERIES_QUEUE = 'deliveries'

/** The job of one attempt. Its id is the same whoever makes it, so that making it twice makes one. */
export function createDeliveryJob (job: DeliveryJob, dueMs: number): NewJob {
  return { queue: DELIVERIES_QUEUE, id: `${job.delivery.id}.${job.attempt}`, dueMs, payload: job }
}

/** Reads what `createDeliveryJob` wrote. */
export function readDeliveryJob (job: Job): DeliveryJob | undefined {
  const { payload } = job
  return typeof payload['sandbox'] === 'string' && isJsonObject(payload['delivery']) ? payload as unknown as DeliveryJob : undefined
}

/** The id of the delivery of a message to an endpoint. */
export function deliveryIdOf (messageId: string, endpointId: string): string {
  return `dlv_${createHash('sha256').update(`${messageId}\n${endpointId}`).digest('base64url').replaceAll(/[-_]/g, '').slice(0, 22)}`
}

/** The delivery as it stands before its first attempt. */
export function pendingDelivery (job: DeliveryJob, dueMs: number): Delivery {
  return { ...job.delivery, status: 'pending', attempts: [], nextAttemptAtMs: dueMs }
}
