import type { Clock, Json, JsonObject } from '../../kernel/index.ts'
import type { Job, Jobs, KeyValue, Log, LogEntry, NewJob } from '../../stores/ports.ts'

export interface MemoryStores { readonly jobs: Jobs, readonly keyValue: KeyValue, readonly log: Log }

/** The three ports that webhooks need, in memory and with nothing but what the ports promise. */
export function createMemoryStores (clock: Clock): MemoryStores {
  return { jobs: createJobs(), keyValue: createKeyValue(clock), log: createLog() }
}

function createJobs (): Jobs {
  const waiting = new Map<string, { job: NewJob, dueMs: number, attempt: number }>()
  const keyOf = (queue: string, id: string): string => `${queue}\n${id}`
  const ofQueue = (queue: string): Array<{ job: NewJob, dueMs: number, attempt: number }> => [...waiting.values()].filter(({ job }) => job.queue === queue)
  return {
    enqueue: (job) => {
      const key = keyOf(job.queue, job.id)
      if (!waiting.has(key)) waiting.set(key, { job: structuredClone(job), dueMs: job.dueMs, attempt: 0 })
    },
    claim: (queue, nowMs, limit, leaseMs) => {
      const due = ofQueue(queue).filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs).slice(0, limit)
      return due.map((entry): Job => {
        const claimed = { ...structuredClone(entry.job), dueMs: entry.dueMs, attempt: ++entry.attempt }
        entry.dueMs = nowMs + leaseMs
        return claimed
      })
    },
    complete: (queue, id) => { waiting.delete(keyOf(queue, id)) },
    postpone: (queue, id, dueMs) => {
      const entry = waiting.get(keyOf(queue, id))
      if (entry !== undefined) entry.dueMs = dueMs
    },
    depth: (queue) => {
      const dues = ofQueue(queue).map(({ dueMs }) => dueMs)
      return dues.length === 0 ? { count: 0 } : { count: dues.length, oldestDueMs: Math.min(...dues) }
    }
  }
}

function createKeyValue (clock: Clock): KeyValue {
  const spaces = new Map<string, Map<string, { value: Json, endsAtMs: number }>>()
  const spaceOf = (space: string): Map<string, { value: Json, endsAtMs: number }> => {
    const found = spaces.get(space) ?? new Map<string, { value: Json, endsAtMs: number }>()
    spaces.set(space, found)
    for (const [key, { endsAtMs }] of found) if (endsAtMs <= clock.nowMs()) found.delete(key)
    return found
  }
  const put: KeyValue['put'] = (space, key, value, options) => {
    spaceOf(space).set(key, { value: structuredClone(value) as Json, endsAtMs: clock.nowMs() + (options?.ttlMs ?? Infinity) })
  }
  return {
    get: (space, key) => spaceOf(space).get(key)?.value,
    put,
    putIfAbsent: async (space, key, value, options) => {
      if (spaceOf(space).has(key)) return false
      await put(space, key, value, options)
      return true
    },
    take: (space, key) => {
      const value = spaceOf(space).get(key)?.value
      spaceOf(space).delete(key)
      return value
    },
    delete: (space, key) => { spaceOf(space).delete(key) },
    list: (space, { after, limit }) => [...spaceOf(space)]
      .filter(([key]) => after === undefined || key > after)
      .sort(([a], [b]) => a < b ? -1 : 1)
      .slice(0, limit)
      .map(([key, { value }]) => ({ key, value }))
  }
}

function createLog (): Log {
  const streams = new Map<string, LogEntry[]>()
  const streamOf = (stream: string): LogEntry[] => {
    const found = streams.get(stream) ?? []
    streams.set(stream, found)
    return found
  }
  return {
    append: (stream, entry) => {
      if (streamOf(stream).some(({ id }) => id === entry.id)) throw new Error(`the log entry ${entry.id} is there already`)
      streamOf(stream).push(structuredClone(entry))
    },
    get: (stream, id) => streamOf(stream).find((entry) => entry.id === id),
    update: (stream, id, value: JsonObject) => {
      const entries = streamOf(stream)
      const index = entries.findIndex((entry) => entry.id === id)
      const entry = entries[index]
      if (entry !== undefined) entries[index] = { ...entry, value: structuredClone(value) as JsonObject }
    },
    read: (stream, { before, limit, link }) => {
      const newestFirst = streamOf(stream).toReversed()
      const start = before === undefined ? 0 : newestFirst.findIndex(({ id }) => id === before) + 1
      return newestFirst.slice(start).filter(({ links }) => link === undefined || links?.includes(link) === true).slice(0, limit)
    },
    flush: async () => {}
  }
}
