import { StoreUnavailable, type LogEntry } from './ports.ts'

/** Longest time that an entry waits in memory. */
const FLUSH_MS = 200
/** Entries written in one go in the background: about two milliseconds, for which every request waits. */
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

/**
 * Gathers entries and writes them together, in slices. When the store is lost, they wait for the next attempt. The values are written
 * as they are when flushed: an entry handed over is not changed any more.
 */
export function createLogBuffer (write: (batch: readonly Appended[]) => void): LogBuffer {
  let waiting: Appended[] = []
  let timer: NodeJS.Timeout | undefined
  let next: NodeJS.Immediate | undefined

  function flushNow (): void {
    clearTimeout(timer)
    clearImmediate(next)
    timer = next = undefined
    if (waiting.length === 0) return
    write(waiting)
    waiting = []
  }

  function flushLater (): void {
    timer ??= setTimeout(() => { flushSlice(waiting.length) }, FLUSH_MS)
  }

  /** Writes what waited when the timer came, a slice in each turn, and then lets what came meanwhile wait. */
  function flushSlice (left: number): void {
    timer = next = undefined
    const slice = waiting.slice(0, Math.min(SLICE, left))
    try {
      if (slice.length > 0) write(slice)
      waiting = waiting.slice(slice.length)
    } catch (fault) {
      if (!(fault instanceof StoreUnavailable)) throw fault
      flushLater()
      return
    }
    if (left > slice.length) next = setImmediate(() => { flushSlice(left - slice.length) })
    else if (waiting.length > 0) flushLater()
  }

  return {
    add (stream, entry) {
      if (waiting.length >= WAITING_MAX) waiting.shift()
      waiting.push({ stream, entry })
      if (next === undefined) flushLater()
    },
    flushNow,
    close () {
      flushNow()
    },
  }
}
