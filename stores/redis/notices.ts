import type { JsonObject } from '../../kernel/index.ts'
import { createSubscriptions } from '../embedded/notices.ts'
import type { Notices } from '../ports.ts'
import { openSubscriber, type Connection, type ConnectionOptions } from './connection.ts'

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
  await subscriber.subscribe(channel)
  subscriber.on('ready', () => { subscriber.subscribe(channel).then(subscriptions.announceGap, () => undefined) })
  return {
    notices: {
      subscribe: subscriptions.subscribe,
      publish: async (topic, message) => { await connection.ask((client) => client.publish(channel, JSON.stringify({ topic, message }))) },
    },
    close: () => subscriber.disconnect(),
  }
}
