import type { JsonObject } from '../../kernel/index.ts'
import type { Notices } from '../ports.ts'
import { createSubscriptions } from '../subscriptions.ts'
import { CONNECT_MS, openSubscriber, withDeadline, type Connection, type ConnectionOptions } from './connection.ts'

/**
 * Notices over one channel for all topics, so that a subscription counts from the moment it is made. When the second
 * connection comes back after it was away, every subscriber is told that something may be missing.
 */
export async function openNotices (connection: Connection, options: ConnectionOptions, channel: string): Promise<{ notices: Notices, close: () => void }> {
  const subscriptions = createSubscriptions()
  const subscriber = openSubscriber(options)
  subscriber.on('message', (_channel: string, text: string) => {
    const { topic, message } = JSON.parse(text) as { topic: string, message: JsonObject }
    subscriptions.deliver(topic, message)
  })
  await subscribeFirst(subscriber.subscribe(channel), () => subscriber.disconnect())
  subscriber.on('ready', () => { subscriber.subscribe(channel).then(subscriptions.announceGap, () => undefined) })
  return {
    notices: {
      subscribe: subscriptions.subscribe,
      publish: async (topic, message) => { await connection.ask((client) => client.publish(channel, JSON.stringify({ topic, message }))) },
    },
    close: () => subscriber.disconnect(),
  }
}

async function subscribeFirst (subscribed: Promise<unknown>, giveUp: () => void): Promise<void> {
  try {
    await withDeadline(subscribed, CONNECT_MS)
  } catch (fault) {
    giveUp()
    throw fault
  }
}
