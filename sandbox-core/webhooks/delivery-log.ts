import type { SandboxId } from '../../kernel/index.ts'
import type { Log, LogEntry } from '../../stores/ports.ts'

/** One try to hand a delivery over. Never holds a secret; what the receiver sent is scrubbed and cut. */
export type Attempt = {
  /** 1 for the first. */
  readonly number: number
  readonly atMs: number
  readonly durationMs: number
  readonly url: string
  /** As sent, the signature included. Empty when nothing was sent. */
  readonly requestHeaders: { readonly [name: string]: string }
  readonly status?: number
  readonly error?: { readonly code: string, readonly detail: string }
  readonly responseHeaders?: { readonly [name: string]: string }
  readonly responseBody?: string
  /** Why the body is shortened or left out. */
  readonly responseBodyNote?: string
}

/** One event on its way to one endpoint. */
export type Delivery = {
  readonly id: string
  /** The value of `webhook-id`: the same for every endpoint, attempt and replay of one message. */
  readonly messageId: string
  readonly eventId: string
  readonly eventType: string
  readonly endpointId: string
  readonly url: string
  /** The body, exactly as sent. */
  readonly payload: string
  readonly source: 'event' | 'replay'
  /** The delivery that this one repeats. */
  readonly replayOf?: string
  readonly createdAtMs: number
  readonly status: 'pending' | 'succeeded' | 'failed'
  readonly attempts: readonly Attempt[]
  /** When the next attempt is due; only while pending. */
  readonly nextAttemptAtMs?: number
}

/** Deliveries in the log stream `deliveries:<sandbox>`. */
export interface DeliveryLog {
  readonly get: (sandboxId: SandboxId, id: string) => Promise<Delivery | undefined>
  readonly append: (sandboxId: SandboxId, delivery: Delivery) => void
  readonly update: (sandboxId: SandboxId, delivery: Delivery) => Promise<void>
  readonly read: (sandboxId: SandboxId, page: { readonly before?: string, readonly limit: number, readonly link?: string }) => Promise<readonly Delivery[]>
  /** Waits until all of it is stored. */
  readonly flush: () => Promise<void>
}

/** Gives the log port the shape of deliveries; entries are found by endpoint, event and message. */
export function createDeliveryLog (log: Log): DeliveryLog {
  return {
    get: async (sandboxId, id) => {
      const entry = await log.get(streamOf(sandboxId), id)
      return entry === undefined ? undefined : readDelivery(entry)
    },
    append: (sandboxId, delivery) => {
      const links = [...new Set([delivery.endpointId, delivery.eventId, delivery.messageId])]
      log.append(streamOf(sandboxId), { id: delivery.id, atMs: delivery.createdAtMs, value: delivery, links })
    },
    update: async (sandboxId, delivery) => { await log.update(streamOf(sandboxId), delivery.id, delivery) },
    read: async (sandboxId, page) => (await log.read(streamOf(sandboxId), page)).map(readDelivery),
    flush: () => log.flush()
  }
}

function streamOf (sandboxId: SandboxId): string {
  return `deliveries:${sandboxId}`
}

function readDelivery (entry: LogEntry): Delivery {
  return entry.value as unknown as Delivery
}
