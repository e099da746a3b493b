import type { Clock, Json } from '../../kernel/index.ts'
import type { KeyValue } from '../ports.ts'
import { loadScript, type Connection } from './connection.ts'
import type { Keys } from './keys.ts'

interface Deps { readonly connection: Connection, readonly keys: Keys, readonly clock: Clock }

/**
 * Small values, each with its expiry written before it: Redis deletes by its own clock, and what has expired by ours is not
 * returned meanwhile. A space is spread over the shards, each with an index of names.
 */
export function createKeyValue (deps: Deps): KeyValue {
  const { connection, clock } = deps
  const takeScript = loadScript('key-value-take')
  const store = createStore(deps)
  const names = (space: string, key: string): string[] => keyNames(deps.keys, space, key)
  const take = async (space: string, key: string): Promise<Json | undefined> => {
    const stored = await connection.run(takeScript, names(space, key), [key])
    return readStored(stored, clock.nowMs())
  }
  return {
    get: async (space, key) => readStored(await connection.ask((client) => client.get(names(space, key)[0] ?? '')), clock.nowMs()),
    put: async (space, key, value, options) => { await store(space, key, value, options?.ttlMs, 'put') },
    putIfAbsent: (space, key, value, options) => store(space, key, value, options?.ttlMs, 'absent'),
    take,
    delete: async (space, key) => { await take(space, key) },
    list: createList(deps),
  }
}

function createStore ({ connection, keys, clock }: Deps): (space: string, key: string, value: Json, ttlMs: number | undefined, mode: 'put' | 'absent') => Promise<boolean> {
  const script = loadScript('key-value-put')
  return async (space, key, value, ttlMs, mode) => {
    const nowMs = clock.nowMs()
    const expiresMs = ttlMs === undefined ? 0 : Math.ceil(nowMs + ttlMs)
    const ttl = ttlMs === undefined ? 0 : Math.max(1, Math.ceil(ttlMs))
    const args = [key, `${expiresMs}:${JSON.stringify(value)}`, nowMs, expiresMs, ttl, mode]
    return await connection.run(script, keyNames(keys, space, key), args) === 1
  }
}

/** The first `limit` names of every shard, merged: the first `limit` of them all are among these. */
function createList ({ connection, keys, clock }: Deps): KeyValue['list'] {
  async function namesAfter (space: string, after: string | undefined, limit: number): Promise<string[]> {
    const from = after === undefined ? '-' : `(${after}`
    const found = await Promise.all(Array.from({ length: keys.shards }, (_, shard) =>
      connection.ask((client) => client.zrangebylex(keys.inShard(shard, 'kv-index', space), from, '+', 'LIMIT', 0, limit))))
    return found.flat().sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).slice(0, limit)
  }

  return async (space, page) => {
    const entries: Array<{ key: string, value: Json }> = []
    let after = page.after
    while (entries.length < page.limit) {
      const names = await namesAfter(space, after, page.limit)
      const stored = await Promise.all(names.map((key) => connection.ask((client) => client.get(keyNames(keys, space, key)[0] ?? ''))))
      for (const [index, key] of names.entries()) {
        const value = readStored(stored[index], clock.nowMs())
        if (value !== undefined && entries.length < page.limit) entries.push({ key, value })
      }
      if (names.length < page.limit) break
      after = names.at(-1)
    }
    return entries
  }
}

function keyNames (keys: Keys, space: string, key: string): string[] {
  const shard = keys.shardOf(key)
  return [keys.inShard(shard, 'kv', space, key), keys.inShard(shard, 'kv-index', space), keys.inShard(shard, 'kv-expiry', space)]
}

function readStored (stored: unknown, nowMs: number): Json | undefined {
  if (typeof stored !== 'string') return undefined
  const end = stored.indexOf(':')
  const expiresMs = Number(stored.slice(0, end))
  return expiresMs !== 0 && expiresMs <= nowMs ? undefined : JSON.parse(stored.slice(end + 1)) as Json
}
