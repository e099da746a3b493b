import { StoreUnavailable, type LogEntry } from './ports.ts'

/** Longest time that an entry waits in memory. */
const FLUSH_MS = 200
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
 * Gathers entries and writes them together. When the store is lost, they wait for the next attempt. The values are written
 * as they are when flushed: an entry handed over is not changed any more.
 */
export function createLogBuffer (write: (batch: readonly Appended[]) => void): LogBuffer {
  let waiting: Appended[] = []
  let timer: NodeJS.Timeout | undefined

  function flushNow (): void {
    clearTimeout(timer)
    timer = undefined
    if (waiting.length === 0) return
    write(waiting)
    waiting = []
  }

  function flushLater (): void {
    timer ??= setTimeout(() => {
      timer = undefined
      try {
        flushNow()
      } catch (fault) {
        if (!(fault instanceof StoreUnavailable)) throw fault
        flushLater()
      }
    }, FLUSH_MS)
  }

  return {
    add (stream, entry) {
      if (waiting.length >= WAITING_MAX) waiting.shift()
      waiting.push({ stream, entry })
      flushLater()
    },
    flushNow,
    close () {
      clearTimeout(timer)
      flushNow()
    },
  }
}
