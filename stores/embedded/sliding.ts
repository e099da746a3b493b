import type { Aggregate, Observation } from '../ports.ts'

/** One aggregate over (nowMs − windowMs, nowMs]. */
export interface Sliding {
  readonly add: (nowMs: number, observation: Observation) => void
  readonly read: (nowMs: number) => number
  readonly isIdle: (nowMs: number) => boolean
}

/** Observations kept one by one, buckets of a window beyond that, members of a distinct count: the promises of the port. */
const ENTRIES_MAX = 256
const BUCKETS = 64
const MEMBERS_MAX = 4096

/**
 * A count or a sum. Entries are exact until there are too many of them; then those of one 64th of the window are joined
 * under the time of the newest. A clock that goes back adds to the newest entry's time.
 */
export function createTally (aggregate: Aggregate): Sliding {
  const { windowMs } = aggregate
  let entries: Array<{ atMs: number, amount: number }> = []
  let first = 0
  let total = 0

  function expire (nowMs: number): void {
    for (let entry = entries[first]; entry !== undefined && entry.atMs <= nowMs - windowMs; entry = entries[++first]) total -= entry.amount
    if (first < entries.length) return
    entries = []
    first = total = 0
  }

  function forgetExpired (): void {
    entries = entries.slice(first)
    first = 0
  }

  function join (): void {
    const joined = joinBuckets(entries.slice(first), windowMs / BUCKETS)
    entries = joined
    first = 0
    total = joined.reduce((sum, { amount }) => sum + amount, 0)
  }

  return {
    add (nowMs, observation) {
      expire(nowMs)
      const amount = aggregate.kind === 'sum' ? observation.amount ?? 0 : 1
      entries.push({ atMs: Math.max(nowMs, entries.at(-1)?.atMs ?? nowMs), amount })
      total += amount
      if (entries.length - first > ENTRIES_MAX) join()
      else if (first > ENTRIES_MAX) forgetExpired()
    },
    read (nowMs) {
      expire(nowMs)
      return total
    },
    isIdle: (nowMs) => (entries.at(-1)?.atMs ?? -Infinity) <= nowMs - windowMs,
  }
}

function joinBuckets (entries: ReadonlyArray<{ atMs: number, amount: number }>, bucketMs: number): Array<{ atMs: number, amount: number }> {
  const joined: Array<{ atMs: number, amount: number }> = []
  for (const { atMs, amount } of entries) {
    const last = joined.at(-1)
    if (last === undefined || Math.floor(last.atMs / bucketMs) !== Math.floor(atMs / bucketMs)) joined.push({ atMs, amount })
    else joined[joined.length - 1] = { atMs, amount: last.amount + amount }
  }
  return joined
}

/** A count of distinct members, each alive from when it was last seen; the map's order is that of last sight. */
export function createMemberSet (windowMs: number): Sliding {
  const seen = new Map<string, number>()
  let newestMs = -Infinity

  function expire (nowMs: number): void {
    for (const [member, atMs] of seen) {
      if (atMs > nowMs - windowMs && seen.size <= MEMBERS_MAX) return
      seen.delete(member)
    }
  }

  return {
    add (nowMs, { member = '' }) {
      newestMs = Math.max(newestMs, nowMs)
      seen.delete(member)
      seen.set(member, newestMs)
      expire(nowMs)
    },
    read (nowMs) {
      expire(nowMs)
      return seen.size
    },
    isIdle: (nowMs) => newestMs <= nowMs - windowMs,
  }
}
