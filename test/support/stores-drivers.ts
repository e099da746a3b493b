import type { Test } from 'tap'
import { randomId, type Clock } from '../../kernel/index.ts'
import { openEmbeddedStores, openRedisStores, type Stores } from '../../stores/index.ts'
import { isRedisInstalled, startRedis } from './stores-redis-server.ts'

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock { readonly advance: (byMs: number) => void }

export interface Opened { readonly stores: Stores, readonly clock: FakeClock, readonly nowMs: number }

export const RETENTION = { maxAgeMs: 3_600_000, maxPerStream: 50 }

export function createFakeClock (startMs = 1_800_000_000_000): FakeClock {
  let nowMs = startMs
  return { nowMs: () => nowMs, advance: (byMs) => { nowMs += byMs } }
}

/**
 * Runs one suite over every driver: embedded, and Redis with one shard and with four, on a server that enforces a cluster's
 * slots. Each `open` gives an empty store.
 */
export async function overDrivers (t: Test, suite: (t: Test, open: () => Promise<Opened>) => Promise<void>): Promise<void> {
  await t.test('embedded', (t) => suite(t, async () => {
    const clock = createFakeClock()
    return opened(t, openEmbeddedStores({ directory: ':memory:', clock, retention: RETENTION }), clock)
  }))
  if (!isRedisInstalled) {
    await t.test('redis', { skip: 'redis-server not found' }, () => undefined)
    return
  }
  const server = await startRedis({ isCluster: true })
  t.teardown(server.stop)
  for (const shards of [1, 4]) {
    await t.test(`redis, ${shards} shard(s)`, (t) => suite(t, async () => {
      const clock = createFakeClock()
      const options = { url: server.url, keyPrefix: `${randomId('t')}:`, commandDeadlineMs: 10_000, clock, retention: RETENTION, shards }
      return opened(t, await openRedisStores(options), clock)
    }))
  }
}

function opened (t: Test, stores: Stores, clock: FakeClock): Opened {
  t.teardown(() => stores.close())
  return { stores, clock, nowMs: clock.nowMs() }
}

/** Starts `count` calls at once and gives their answers. */
export async function inParallel<T> (count: number, call: (index: number) => T | Promise<T>): Promise<T[]> {
  return await Promise.all(Array.from({ length: count }, async (_, index) => await call(index)))
}
