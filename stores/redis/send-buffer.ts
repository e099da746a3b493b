import { StoreUnavailable, type LogEntry } from '../ports.ts'

/** Longest time that an entry waits before it is sent. */
const FLUSH_MS = 200
/** Entries that wait while the store is lost; beyond that the oldest are given up. */
const WAITING_MAX = 10_000
/** Entries sent in one command. */
const BATCH = 200

export interface SendBuffer {
  readonly add: (stream: string, entry: LogEntry) => void
  /** Sends all that waits now. Throws StoreUnavailable when that fails; the entries wait on. */
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * Gathers entries and sends them stream by stream. A batch whose answer is lost is sent again; the store knows the ids that
 * it has.
 */
export function createSendBuffer (send: (stream: string, entries: readonly LogEntry[]) => Promise<void>): SendBuffer {
  let waiting: Array<{ stream: string, entry: LogEntry }> = []
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> = Promise.resolve()

  async function sendBatch (): Promise<void> {
    const batch = waiting.slice(0, BATCH)
    const streams = Map.groupBy(batch, (item) => item.stream)
    await Promise.all([...streams].map(([stream, items]) => send(stream, items.map((item) => item.entry))))
    const sent = new Set(batch)
    waiting = waiting.filter((item) => !sent.has(item))
  }

  async function sendAll (): Promise<void> {
    while (waiting.length > 0) await sendBatch()
  }

  function flush (): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    sending = sending.catch(() => undefined).then(sendAll)
    return sending
  }

  function flushLater (): void {
    timer ??= setTimeout(() => {
      flush().catch((fault: unknown) => {
        if (!(fault instanceof StoreUnavailable)) throw fault
        flushLater()
      })
    }, FLUSH_MS)
  }

  return {
    add (stream, entry) {
      if (waiting.length >= WAITING_MAX) waiting.shift()
      waiting.push({ stream, entry })
      flushLater()
    },
    flush,
    close: async () => { await flush().catch(() => clearTimeout(timer)) },
  }
}
