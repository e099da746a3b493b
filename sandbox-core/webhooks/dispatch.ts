import type { Clock } from '../../kernel/index.ts'
import type { Job, Jobs } from '../../stores/ports.ts'
import { DELIVERIES_QUEUE, readDeliveryJob, type DeliveryJob } from './delivery-job.ts'
import { EVENTS_QUEUE } from './fan-out.ts'
import { createLanes, type ConcurrencyLimits } from './lanes.ts'
import { createPoller } from './poll.ts'

/** Takes events and deliveries from their queues, durable and shared by all instances, and sees to them. */
export interface Dispatcher {
  /** One pass over both queues; resolves with the number of jobs taken when each has been seen to. For tests and tools. */
  readonly runOnce: () => Promise<number>
  readonly start: () => void
  /** Looks into the queues at once. Cheap: call it after every commit with events. */
  readonly wake: () => void
  /**
   * Takes nothing more and waits for deliveries in flight. After `graceMs` those still running are cut short and go
   * back to the queue. Without it the wait is bounded by the timeout of a delivery.
   */
  readonly stop: (options?: { readonly graceMs?: number }) => Promise<void>
}

export interface DispatcherDeps {
  readonly jobs: Jobs
  readonly clock: Clock
  readonly concurrency: ConcurrencyLimits
  /** How long a claimed delivery is ours: longer than the timeout of a delivery. */
  readonly leaseMs: number
  readonly fanOut: (job: Job) => Promise<unknown>
  readonly attempt: (job: Job, content: DeliveryJob, signal: AbortSignal) => Promise<void>
  /** Told of a store that failed. The job comes back after its lease, or the pass is repeated. */
  readonly onFault: (fault: unknown) => void
}

const EVENTS_PER_PASS = 64
const DELIVERIES_PER_PASS = 64

/** Makes the dispatcher; it does nothing until `start` or `runOnce`. */
export function createDispatcher (deps: DispatcherDeps): Dispatcher {
  const lanes = createLanes(deps.concurrency)
  const inFlight = new Set<Promise<void>>()
  let shutdown = new AbortController()

  const guarded = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (fault) {
      deps.onFault(fault)
    }
  }
  const fanOutDue = async (): Promise<number> => {
    const events = await deps.jobs.claim(EVENTS_QUEUE, deps.clock.nowMs(), EVENTS_PER_PASS, deps.leaseMs)
    for (const event of events) await guarded(() => deps.fanOut(event))
    return events.length
  }
  const begin = async (job: Job): Promise<void> => {
    const content = readDeliveryJob(job)
    if (content === undefined) return await deps.jobs.complete(DELIVERIES_QUEUE, job.id)
    const { sandbox, delivery: { endpointId } } = content
    const nowMs = deps.clock.nowMs()
    if (!lanes.enter(sandbox, endpointId)) return await deps.jobs.postpone(DELIVERIES_QUEUE, job.id, lanes.nextTryMs(sandbox, endpointId, nowMs))
    const work = guarded(() => deps.attempt(job, content, shutdown.signal)).finally(() => {
      const wasFull = lanes.freeCount() <= 0
      lanes.leave(sandbox, endpointId, deps.clock.nowMs() - nowMs)
      inFlight.delete(work)
      if (wasFull) poller.wake()
    })
    inFlight.add(work)
  }
  const beginDue = async (): Promise<number> => {
    const limit = Math.min(lanes.freeCount(), DELIVERIES_PER_PASS)
    if (limit <= 0) return 0
    const due = await deps.jobs.claim(DELIVERIES_QUEUE, deps.clock.nowMs(), limit, deps.leaseMs)
    for (const job of due) await guarded(() => begin(job))
    return due.length
  }
  const pass = async (): Promise<number> => await fanOutDue() + await beginDue()
  const poller = createPoller(pass, deps.onFault)

  return {
    runOnce: async () => {
      const count = await pass()
      await Promise.all(inFlight)
      return count
    },
    start: () => {
      if (shutdown.signal.aborted) shutdown = new AbortController()
      poller.start()
    },
    wake: poller.wake,
    stop: async ({ graceMs } = {}) => {
      await poller.stop()
      const timer = graceMs === undefined ? undefined : setTimeout(() => shutdown.abort(), graceMs)
      await Promise.all(inFlight)
      clearTimeout(timer)
    }
  }
}
