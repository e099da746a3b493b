import { randomId, type Clock } from '../../kernel/index.ts'
import type { Connection } from './connection.ts'

/** An instance says that it is there every 5 s and is counted for 15 s. */
const BEAT_MS = 5000
const ALIVE_MS = 15_000

/** Counts the instances on this store. While the store is lost, the last known number stands. */
export async function openPresence (connection: Connection, key: string, clock: Clock): Promise<{ count: () => number, close: () => Promise<void> }> {
  const self = randomId('instance')
  let count = 1

  async function beat (): Promise<void> {
    const nowMs = clock.nowMs()
    await connection.ask((client) => client.zadd(key, nowMs, self))
    await connection.ask((client) => client.zremrangebyscore(key, '-inf', nowMs - ALIVE_MS))
    count = Math.max(1, await connection.ask((client) => client.zcard(key)))
  }

  await beat()
  const timer = setInterval(() => { beat().catch(() => undefined) }, BEAT_MS).unref()
  return {
    count: () => count,
    async close () {
      clearInterval(timer)
      await connection.ask((client) => client.zrem(key, self)).catch(() => undefined)
    },
  }
}
