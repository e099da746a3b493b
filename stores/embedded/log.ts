import type { Clock, JsonObject } from '../../kernel/index.ts'
import { createLogBuffer } from '../log-buffer.ts'
import type { Log, LogEntry, Retention } from '../ports.ts'
import { guard, type Database } from './database.ts'
import type { Chore } from './housekeeping.ts'

/**
 * Streams in a table. What is appended waits in memory for up to 200 ms, is then written in slices, a turn each, and stored in
 * one transaction, or in that of a commit which comes meanwhile; whatever reads stores it first. Entries beyond the retention are not read, and deleted with the next flush or by `sweep`.
 */
export function createLog (database: Database, clock: Clock, retention: Retention): { log: Log, sweep: Chore, close: () => void } {
  const store = createLogTable(database, retention)
  const buffer = createLogBuffer({
    write: (batch) => guard('cannot store the log', () => database.transact(() => store.insert(batch))),
    apply: (slice) => guard('cannot store the log', () => {
      const stored = database.linger(() => store.insert(slice))
      stored.catch(store.forget)
      return stored
    }),
    settle: () => database.write('cannot store the log', () => {}),
  })
  const oldestMs = (): number => clock.nowMs() - retention.maxAgeMs
  const readable = <T>(read: () => T): T => guard('cannot read the log', () => {
    buffer.flushNow()
    return read()
  })
  const log: Log = {
    append: buffer.add,
    get: (stream, id) => readable(() => store.get(stream, id, oldestMs())),
    update: (stream, id, value) => readable(() => store.update(stream, id, value)),
    read: (stream, page) => readable(() => store.read(stream, page, oldestMs())),
    flush: async () => { buffer.flushNow() },
  }
  return { log, sweep: () => store.sweep(oldestMs()), close: buffer.close }
}

interface LogTable {
  /** In a transaction of the caller's. */
  readonly insert: (batch: ReadonlyArray<{ stream: string, entry: LogEntry }>) => void
  /** What was inserted last was not stored. */
  readonly forget: () => void
  readonly get: (stream: string, id: string, oldestMs: number) => LogEntry | undefined
  readonly update: (stream: string, id: string, value: JsonObject) => void
  readonly read: (stream: string, page: Parameters<Log['read']>[1], oldestMs: number) => LogEntry[]
  readonly sweep: (oldestMs: number) => boolean
}

function createLogTable (database: Database, retention: Retention): LogTable {
  const insert = database.prepare('INSERT INTO log_entries (stream, id, at_ms, value, links) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
  const link = database.prepare('INSERT INTO log_links VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const get = database.prepare('SELECT id, at_ms, value, links FROM log_entries WHERE stream = ? AND id = ? AND at_ms > ?')
  const update = database.prepare('UPDATE log_entries SET value = ?3 WHERE stream = ?1 AND id = ?2')
  const position = database.prepare('SELECT position FROM log_entries WHERE stream = ? AND id = ?')
  const read = database.prepare(`SELECT id, at_ms, value, links FROM log_entries
    WHERE stream = ? AND position < ? AND at_ms > ? ORDER BY position DESC LIMIT ?`)
  const readLinked = database.prepare(`SELECT e.id, e.at_ms, e.value, e.links FROM log_links l CROSS JOIN log_entries e USING (position)
    WHERE l.stream = ?1 AND l.link = ?5 AND l.position < ?2 AND e.at_ms > ?3 ORDER BY l.position DESC LIMIT ?4`)
  const trimmer = createTrimmer(database, retention)

  function insertOne (stream: string, entry: LogEntry): number {
    const { changes, lastInsertRowid } = insert.run(stream, entry.id, entry.atMs, JSON.stringify(entry.value), entry.links === undefined ? null : JSON.stringify(entry.links))
    if (changes === 0) return 0
    for (const name of entry.links ?? []) link.run(stream, name, lastInsertRowid)
    return 1
  }

  return {
    insert: (batch) => {
      const added = new Map<string, number>()
      for (const { stream, entry } of batch) added.set(stream, (added.get(stream) ?? 0) + insertOne(stream, entry))
      for (const [stream, count] of added) trimmer.trim(stream, count)
    },
    forget: trimmer.forget,
    get: (stream, id, oldestMs) => {
      const row = get.get(stream, id, oldestMs)
      return row === undefined ? undefined : toEntry(row)
    },
    update: (stream, id, value) => database.write('cannot store the log', () => { update.run(stream, id, JSON.stringify(value)) }),
    read (stream, page, oldestMs) {
      const before = page.before === undefined ? Number.MAX_SAFE_INTEGER : position.get(stream, page.before)?.['position'] ?? 0
      const rows = page.link === undefined
        ? read.all(stream, before, oldestMs, page.limit)
        : readLinked.all(stream, before, oldestMs, page.limit, page.link)
      return rows.map(toEntry)
    },
    sweep: (oldestMs) => database.transact(() => trimmer.sweep(oldestMs)),
  }
}

/** Deletes what the retention does not keep, the oldest first. Counts are kept so that no flush has to count a stream. */
interface Trimmer {
  readonly trim: (stream: string, added: number) => void
  readonly forget: () => void
  /** Deletes up to 500 entries that are too old; true when it found some. */
  readonly sweep: (oldestMs: number) => boolean
}

function createTrimmer (database: Database, retention: Retention): Trimmer {
  const counts = new Map<string, number>()
  const count = database.prepare('SELECT count(*) AS count FROM log_entries WHERE stream = ?')
  const first = 'SELECT position FROM log_entries WHERE stream = ?1 ORDER BY position LIMIT ?2'
  const unlinkFirst = database.prepare(`DELETE FROM log_links WHERE position IN (${first})`)
  const deleteFirst = database.prepare(`DELETE FROM log_entries WHERE position IN (${first})`)
  const old = 'SELECT position FROM log_entries WHERE at_ms <= ?1 ORDER BY at_ms LIMIT 500'
  const unlinkOld = database.prepare(`DELETE FROM log_links WHERE position IN (${old})`)
  const deleteOld = database.prepare(`DELETE FROM log_entries WHERE position IN (${old}) RETURNING stream`)
  return {
    trim (stream, added) {
      const known = counts.get(stream)
      const now = known === undefined ? Number(count.get(stream)?.['count']) : known + added
      const excess = now - retention.maxPerStream
      counts.set(stream, Math.min(now, retention.maxPerStream))
      if (excess <= 0) return
      unlinkFirst.run(stream, excess)
      deleteFirst.run(stream, excess)
    },
    forget: () => counts.clear(),
    sweep (oldestMs) {
      unlinkOld.run(oldestMs)
      const deleted = deleteOld.all(oldestMs)
      for (const row of deleted) counts.delete(String(row['stream']))
      return deleted.length > 0
    },
  }
}

function toEntry (row: Record<string, unknown>): LogEntry {
  const entry = { id: String(row['id']), atMs: Number(row['at_ms']), value: JSON.parse(String(row['value'])) as JsonObject }
  return typeof row['links'] === 'string' ? { ...entry, links: JSON.parse(row['links']) as string[] } : entry
}
