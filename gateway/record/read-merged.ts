import type { Log, LogEntry } from '../../stores/index.ts'
import type { RecordPage } from './request-records.ts'

export interface MergedReading {
  readonly log: Log
  readonly streams: readonly string[]
  /** An entry's id, or a `next` of an earlier page. */
  readonly before?: string | undefined
  readonly limit: number
  readonly isWanted: (entry: LogEntry) => boolean
  readonly sinceMs?: number
}

/** Read from each stream at a time. */
const CHUNK_MIN = 20
const CHUNK_MAX = 200
/** Looked at for one page; a filter that little passes is continued on the next. */
const LOOKED_AT_MAX = 5000

/** Reads several streams as one, newest first, narrowed by a filter. */
export async function readMerged ({ log, streams, before, limit, isWanted, sinceMs }: MergedReading): Promise<RecordPage> {
  const cursor = await findCursor(log, streams, before)
  if (cursor === undefined) return { entries: [] }
  const chunk = Math.min(CHUNK_MAX, Math.max(CHUNK_MIN, limit))
  const readers = streams.map((stream, index) => createReader({ log, stream, after: cursor.ids[index], beforeMs: cursor.ids[index] === undefined ? cursor.beforeMs : undefined, chunk }))
  const entries: LogEntry[] = []
  for (let lookedAt = 0; lookedAt < LOOKED_AT_MAX; lookedAt++) {
    const newest = await takeNewest(readers)
    if (newest === undefined || (sinceMs !== undefined && newest.atMs < sinceMs)) return { entries }
    if (isWanted(newest)) entries.push(newest)
    if (entries.length === limit) break
  }
  return { entries, next: readers.map((reader) => reader.lastId() ?? '').join('~') }
}

interface Cursor {
  /** The last entry that was read of each stream; undefined: nothing yet. */
  readonly ids: ReadonlyArray<string | undefined>
  /** Entries after this are not wanted; for streams without a place of their own. */
  readonly beforeMs?: number
}

async function findCursor (log: Log, streams: readonly string[], before: string | undefined): Promise<Cursor | undefined> {
  if (before === undefined) return { ids: streams.map(() => undefined) }
  const places = before.split('~')
  if (places.length === streams.length && streams.length > 1) return { ids: places.map((id) => id === '' ? undefined : id) }
  const found = await Promise.all(streams.map(async (stream) => await log.get(stream, before)))
  const entry = found.find((candidate) => candidate !== undefined)
  return entry === undefined ? undefined : { ids: found.map((candidate) => candidate?.id), beforeMs: entry.atMs }
}

interface Reader {
  readonly peek: () => Promise<LogEntry | undefined>
  readonly take: () => void
  readonly lastId: () => string | undefined
}

interface ReaderOptions {
  readonly log: Log
  readonly stream: string
  /** The entry that was read last. */
  readonly after: string | undefined
  readonly beforeMs: number | undefined
  readonly chunk: number
}

function createReader ({ log, stream, after, beforeMs, chunk }: ReaderOptions): Reader {
  let buffer: readonly LogEntry[] = []
  let index = 0
  let isAtEnd = false
  let last = after

  function take (): void {
    last = buffer[index]?.id ?? last
    index++
  }

  async function peek (): Promise<LogEntry | undefined> {
    for (;;) {
      const head = buffer[index]
      if (head === undefined && isAtEnd) return undefined
      if (head === undefined) await fill()
      else if (beforeMs === undefined || head.atMs <= beforeMs) return head
      else take()
    }
  }

  async function fill (): Promise<void> {
    buffer = await log.read(stream, { limit: chunk, ...(last === undefined ? {} : { before: last }) })
    isAtEnd = buffer.length < chunk
    index = 0
  }

  return { lastId: () => last, take, peek }
}

async function takeNewest (readers: readonly Reader[]): Promise<LogEntry | undefined> {
  let newest: { readonly reader: Reader, readonly entry: LogEntry } | undefined
  for (const reader of readers) {
    const entry = await reader.peek()
    if (entry !== undefined && (newest === undefined || entry.atMs > newest.entry.atMs)) newest = { reader, entry }
  }
  newest?.reader.take()
  return newest?.entry
}
