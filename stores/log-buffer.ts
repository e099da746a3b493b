import { StoreUnavailable, type LogEntry } from './ports.ts'

/** Longest time that an entry waits in memory. */
const FLUSH_MS = 200
/** Entries applied in one turn in the background: a millisecond or two, for which every request waits. */
const SLICE = 64
/** Entries that wait while the store is lost; beyond that the oldest are given up. */
const WAITING_MAX = 10_000

export interface Appended { readonly stream: string, readonly entry: LogEntry }

/** Entries on their way to a store that writes at once. */
export interface LogBuffer {
  readonly add: (stream: string, entry: LogEntry) => void
  readonly flushNow: () => void
  readonly close: () => void
}

/** The store. An entry that it holds is not written again, so that a batch may be repeated. */
export interface LogTarget {
  /** Stores what was applied and a batch. */
  readonly write: (batch: readonly Appended[]) => void
  /** Applies a slice; resolves when it is stored, by `settle` or by what others store. */
  readonly apply: (slice: readonly Appended[]) => Promise<unknown>
  readonly settle: () => void
}

/**
 * Gathers entries and writes them together, a slice in each turn of the event loop: one transaction costs half of what one for each
 * slice does. When the store is lost, they wait for the next attempt. The values are written as they are when flushed: an
 * entry handed over is not changed any more.
 */
export function createLogBuffer (target: LogTarget): LogBuffer {
  const queue = createQueue(target)
  const schedule = createSchedule(flushSlice)

  /** Takes up to `left` entries, which waited when the timer came; what came meanwhile waits for the next time. */
  function flushSlice (left: number): void {
    const count = Math.min(SLICE, left)
    try {
      if (count > 0) queue.apply(count).then(goOn, repeatAfter)
      if (left > count) schedule.nextTurn(left - count)
      else target.settle()
    } catch (fault) {
      repeatAfter(fault)
    }
  }

  function goOn (): void {
    if (queue.length() > 0 && !schedule.isUnderWay()) flushLater()
  }

  function repeatAfter (fault: unknown): void {
    if (!(fault instanceof StoreUnavailable)) throw fault
    schedule.stop()
    queue.repeat()
    flushLater()
  }

  const flushLater = (): void => schedule.later(queue.length)
  const flushNow = (): void => {
    schedule.stop()
    queue.writeAll()
  }
  return {
    add (stream, entry) {
      queue.add({ stream, entry })
      if (!schedule.isUnderWay()) flushLater()
    },
    flushNow,
    close: flushNow,
  }
}

/** The entries that wait, the first of them applied and not yet known to be stored. */
interface Queue {
  readonly add: (appended: Appended) => void
  readonly length: () => number
  /** Applies the next; resolves when they are stored and gone, or when another attempt has taken them. */
  readonly apply: (count: number) => Promise<void>
  /** What is applied counts for nothing, and is written again. */
  readonly repeat: () => void
  readonly writeAll: () => void
}

function createQueue (target: LogTarget): Queue {
  let waiting: Appended[] = []
  let applied = 0
  let attempt = 0
  function repeat (): void {
    applied = 0
    attempt++
  }
  return {
    length: () => waiting.length,
    repeat,
    add (appended) {
      if (waiting.length >= WAITING_MAX) {
        waiting.shift()
        repeat()
      }
      waiting.push(appended)
    },
    async apply (count) {
      const mine = attempt
      const stored = target.apply(waiting.slice(applied, applied + count))
      applied += count
      try {
        await stored
      } catch (fault) {
        if (mine === attempt) throw fault
      }
      if (mine !== attempt) return
      waiting = waiting.slice(count)
      applied -= count
    },
    writeAll () {
      if (waiting.length === 0) return
      target.write(waiting.slice(applied))
      waiting = []
      repeat()
    },
  }
}

/** One timer until the next flush, then turns until it is done. */
interface Schedule {
  readonly later: (count: () => number) => void
  readonly nextTurn: (left: number) => void
  /** True between the slices of a flush. */
  readonly isUnderWay: () => boolean
  readonly stop: () => void
}

function createSchedule (flush: (left: number) => void): Schedule {
  let timer: NodeJS.Timeout | undefined
  let next: NodeJS.Immediate | undefined
  return {
    later (count) {
      timer ??= setTimeout(() => {
        timer = undefined
        flush(count())
      }, FLUSH_MS)
    },
    nextTurn (left) {
      next = setImmediate(() => {
        next = undefined
        flush(left)
      })
    },
    isUnderWay: () => next !== undefined,
    stop () {
      clearTimeout(timer)
      clearImmediate(next)
      timer = next = undefined
    },
  }
}
