import type { JsonObject } from '../kernel/index.ts'
import type { Notices } from './ports.ts'

/** Who listens to which topic in this process; both drivers deliver through it. */
export interface Subscriptions {
  readonly subscribe: Notices['subscribe']
  readonly deliver: (topic: string, message: JsonObject) => void
  readonly announceGap: () => void
}

type Subscriber = { readonly listener: (message: JsonObject) => void, readonly onGap: (() => void) | undefined }

/** Listeners are told in the order in which they subscribed. */
export function createSubscriptions (): Subscriptions {
  const topics = new Map<string, Set<Subscriber>>()
  return {
    subscribe (topic, listener, onGap) {
      const subscriber: Subscriber = { listener, onGap }
      const subscribers = topics.get(topic) ?? new Set()
      topics.set(topic, subscribers.add(subscriber))
      return () => { if (subscribers.delete(subscriber) && subscribers.size === 0) topics.delete(topic) }
    },
    deliver (topic, message) {
      for (const { listener } of [...topics.get(topic) ?? []]) listener(message)
    },
    announceGap () {
      for (const subscribers of topics.values()) for (const { onGap } of [...subscribers]) onGap?.()
    },
  }
}
