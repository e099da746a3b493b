import type { Clock } from '../../kernel/index.ts'
import type { Retention, Stores } from '../ports.ts'
import { openConnection, type Connection } from './connection.ts'
import { createCounter } from './counter.ts'
import { createJobs } from './jobs.ts'
import { createKeyValue } from './key-value.ts'
import { createKeys } from './keys.ts'
import { createLayers } from './layers.ts'
import { createLog } from './log.ts'
import { openNotices } from './notices.ts'
import { openPresence } from './presence.ts'
import { createWindow } from './window.ts'

export interface RedisStoresOptions {
  /** `redis://` or `rediss://` (TLS), with user and password when needed. */
  readonly url: string
  /** Goes before every key; several installations can share a server. Without braces. */
  readonly keyPrefix: string
  /** Longest wait for one command. */
  readonly commandDeadlineMs: number
  readonly clock: Clock
  readonly retention: Retention
  /** True when the URL names a node of a Redis Cluster. */
  readonly isCluster?: boolean
  /** Groups of keys that lie together (see keys.ts): 1, in a cluster 16. The first instance decides. */
  readonly shards?: number
}

/**
 * The driver for several instances. Needs Redis 6.2 or newer with `maxmemory-policy noeviction`, and `appendonly yes` if a crash
 * of Redis is to lose no acknowledged write.
 *
 * @throws StoreUnavailable when Redis cannot be reached
 * @throws Error when the keys under this prefix were written with another number of shards
 */
export async function openRedisStores (options: RedisStoresOptions): Promise<Stores> {
  const isCluster = options.isCluster === true
  const keys = createKeys(options.keyPrefix, options.shards ?? (isCluster ? 16 : 1))
  const deps = { keys, clock: options.clock, retention: options.retention }
  const wire = { url: options.url, isCluster, commandDeadlineMs: options.commandDeadlineMs }
  const connection = await openConnection(wire)
  try {
    await agreeOnShards(connection, keys.alone('shards'), keys.shards)
    const presence = await openPresence(connection, keys.alone('instances'), options.clock)
    const { notices, close: closeNotices } = await openNotices(connection, wire, keys.alone('notices'))
    const { log, close: closeLog } = createLog({ ...deps, connection })
    return {
      driver: 'redis',
      keyValue: createKeyValue({ ...deps, connection }),
      counter: createCounter({ ...deps, connection }),
      window: createWindow({ ...deps, connection }),
      log,
      layers: createLayers({ ...deps, connection }),
      jobs: createJobs({ ...deps, connection }),
      notices,
      instances: presence.count,
      ping: async () => { await connection.ask((client) => client.ping()) },
      async close () {
        await closeLog()
        closeNotices()
        await presence.close()
        await connection.close()
      },
    }
  } catch (fault) {
    connection.client.disconnect()
    throw fault
  }
}

async function agreeOnShards (connection: Connection, key: string, shards: number): Promise<void> {
  await connection.ask((client) => client.setnx(key, shards))
  const agreed = Number(await connection.ask((client) => client.get(key)))
  if (agreed !== shards) throw new Error(`the keys in this Redis are spread over ${agreed} shards, not ${shards}: set shards to ${agreed}`)
}
