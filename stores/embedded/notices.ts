import type { Notices } from '../ports.ts'
import { createSubscriptions } from '../subscriptions.ts'

/** Notices within one process: nothing is ever lost, so `onGap` is never called. Delivered after the publisher's own step. */
export function createNotices (): Notices {
  const subscriptions = createSubscriptions()
  return {
    subscribe: subscriptions.subscribe,
    publish: (topic, message) => queueMicrotask(() => subscriptions.deliver(topic, message)),
  }
}
