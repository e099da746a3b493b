import type { JsonObject } from '../../kernel/index.ts'
import type { Job, Jobs } from '../ports.ts'
import { loadScript, type Connection } from './connection.ts'
import type { Keys } from './keys.ts'

/**
 * The queue, spread over the shards: a job that comes with a commit lies in the shard of its layer, so that both are stored
 * in one step. Who claims looks at all shards; jobs due at the same time have no order among them.
 */
export function createJobs (deps: { readonly connection: Connection, readonly keys: Keys }): Jobs {
  const { connection, keys } = deps
  const enqueue = loadScript('job-enqueue')
  const complete = loadScript('job-complete')
  const everyShard = <T>(task: (shard: number) => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: keys.shards }, (_, shard) => task(shard)))
  const dueKey = (shard: number, queue: string): string => queueKeys(keys, shard, queue)[0]
  return {
    enqueue: async (job) => { await connection.run(enqueue, queueKeys(keys, keys.shardOf(job.id), job.queue), [job.id, job.dueMs, JSON.stringify(job.payload)]) },
    claim: createClaim(deps, everyShard),
    complete: async (queue, id) => { await everyShard((shard) => connection.run(complete, queueKeys(keys, shard, queue), [id])) },
    postpone: async (queue, id, dueMs) => { await everyShard((shard) => connection.ask((client) => client.zadd(dueKey(shard, queue), 'XX', dueMs, id))) },
    async depth (queue) {
      const counts = await everyShard((shard) => connection.ask((client) => client.zcard(dueKey(shard, queue))))
      const firsts = await everyShard((shard) => connection.ask((client) => client.zrange(dueKey(shard, queue), 0, 0, 'WITHSCORES')))
      const count = counts.reduce((sum, one) => sum + one, 0)
      const times = firsts.flatMap(([, dueMs]) => dueMs === undefined ? [] : [Number(dueMs)])
      return times.length === 0 ? { count } : { count, oldestDueMs: Math.min(...times) }
    },
  }
}

/** The keys of a queue in a shard: due times and data. */
export function queueKeys (keys: Keys, shard: number, queue: string): [string, string] {
  return [keys.inShard(shard, 'job-due', queue), keys.inShard(shard, 'job-data', queue)]
}

type EveryShard = <T>(task: (shard: number) => Promise<T>) => Promise<T[]>

/** With several shards, first looks which of them hold the oldest jobs, and then claims from each only its part. */
function createClaim ({ connection, keys }: { readonly connection: Connection, readonly keys: Keys }, everyShard: EveryShard): Jobs['claim'] {
  const script = loadScript('job-claim')

  async function parts (queue: string, nowMs: number, limit: number): Promise<number[]> {
    if (keys.shards === 1) return [limit]
    const due = await everyShard((shard) => connection.ask((client) => client.zrangebyscore(queueKeys(keys, shard, queue)[0], '-inf', nowMs, 'WITHSCORES', 'LIMIT', 0, limit)))
    const times = due.flatMap((flat, shard) => flat.filter((_, index) => index % 2 === 1).map((dueMs) => ({ shard, dueMs: Number(dueMs) })))
    const oldest = times.sort((a, b) => a.dueMs - b.dueMs).slice(0, limit)
    return due.map((_, shard) => oldest.filter((one) => one.shard === shard).length)
  }

  return async (queue, nowMs, limit, leaseMs) => {
    const shares = await parts(queue, nowMs, limit)
    const claimed = await everyShard(async (shard) => {
      const share = shares[shard] ?? 0
      return share === 0 ? [] : readClaimed(queue, await connection.run(script, queueKeys(keys, shard, queue), [nowMs, share, nowMs + leaseMs]))
    })
    return claimed.flat().sort((a, b) => a.dueMs - b.dueMs)
  }
}

function readClaimed (queue: string, flat: unknown): Job[] {
  const fields = flat as string[]
  return Array.from({ length: fields.length / 4 }, (_, index) => {
    const [id = '', dueMs, attempt, payload = '{}'] = fields.slice(index * 4, index * 4 + 4)
    return { queue, id, dueMs: Number(dueMs), attempt: Number(attempt), payload: JSON.parse(payload) as JsonObject }
  })
}
