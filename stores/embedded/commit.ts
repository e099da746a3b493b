import type { Clock, JsonObject } from '../../kernel/index.ts'
import type { DocumentRow } from '../document-row.ts'
import type { Change, Committed, MaybePromise, NewJob } from '../ports.ts'
import { rowKey } from '../row-cache.ts'
import { guard, type Database } from './database.ts'
import type { Chore } from './housekeeping.ts'
import type { LayerRecord, LayerTable } from './layer-table.ts'
import type { Rows } from './layers.ts'

interface CommitDeps {
  readonly database: Database
  readonly table: LayerTable
  readonly rows: Rows
  readonly outcomes: Outcomes
  readonly insertJob: (job: NewJob) => void
}

const COMMITTED: Committed = { kind: 'committed' }

/**
 * Checks and applies a change in one step of this process, which is the only writer: nothing can come between the checks
 * and what is written. It is stored with the others of its turn, and acknowledged then; what a refusal says may rest on
 * one of them, so that a remembered outcome waits for them, too.
 */
export function createCommit (deps: CommitDeps): (layer: string, change: Change) => MaybePromise<Committed> {
  const { database, table, rows, outcomes, insertJob } = deps
  const write = createWrite(deps)

  function apply (record: LayerRecord, change: Change): Committed {
    if (change.writes.length > 0) write(record, change.writes)
    for (const job of change.jobs) insertJob(job)
    if (change.once !== undefined) outcomes.remember(record, change.once)
    return COMMITTED
  }

  return (layer, change) => guard('cannot commit', () => {
    const record = table.find(layer)
    if (record?.state !== 'writable') return { kind: 'closed' }
    const known = change.once === undefined ? undefined : outcomes.recall(record, change.once.key, change.once.nowMs)
    if (known !== undefined) return whenStored<Committed>(database, { kind: 'known', outcome: known })
    if (!isCurrent(deps, record, change)) return { kind: 'conflict' }
    try {
      return database.join(() => apply(record, change))
    } catch (fault) {
      rows.forget()
      throw fault
    }
  })
}

/** An answer that may tell of what this turn has joined, given when that is stored. */
export function whenStored<T> (database: Database, answer: T): MaybePromise<T> {
  return database.pending()?.then(() => answer) ?? answer
}

function isCurrent ({ table, rows }: CommitDeps, record: LayerRecord, change: Change): boolean {
  return change.reads.every((read) => visibleVersion(rows.resolve(record, read.collection, read.id)) === read.version) &&
    change.scans.every((scan) => table.collection(record, scan.collection).version === scan.version)
}

function visibleVersion (row: DocumentRow | null): number {
  return row === null || row.body === null ? 0 : row.version
}

const SHORT = 256

/** A deleted document keeps its row, so that its version goes on growing when it is created again. */
function createWrite ({ database, table, rows }: CommitDeps): (record: LayerRecord, writes: Change['writes']) => void {
  const upsert = database.prepare(`INSERT INTO documents VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT DO UPDATE SET version = ?4, seq = ?5, body = ?6`)

  return (record, writes) => {
    const lastSeqs = new Map<string, number>()
    for (const { collection, id, body } of writes) {
      const lastSeq = lastSeqs.get(collection) ?? openCollection(record, collection)
      const before = rows.resolve(record, collection, id)
      const isNew = body !== null && (before === null || before.body === null)
      const seq = isNew ? lastSeq + 1 : before?.seq ?? lastSeq
      lastSeqs.set(collection, isNew ? seq : lastSeq)
      if (body === null && before === null) continue
      const text = body === null ? null : JSON.stringify(body)
      const version = (before?.version ?? 0) + 1
      upsert.run(record.key, collection, id, version, seq, text)
      keepShort(rowKey(record.id, collection, id), { version, seq }, text)
    }
    for (const [collection, lastSeq] of lastSeqs) {
      const { version } = table.collection(record, collection)
      record.collections.set(collection, { version, lastSeq })
    }
  }

  /** What is short, a counter for instance, is mostly read again by the next commit. It is parsed, because the caller's object may change. */
  function keepShort (key: string, row: Omit<DocumentRow, 'body'>, text: string | null): void {
    if (text === null || text.length > SHORT) rows.cache.delete(key)
    else rows.cache.set(key, { ...row, body: JSON.parse(text) as JsonObject }, text.length)
  }

  /** Counts the commit before its rows are written, so that rows of this very commit are looked for. */
  function openCollection (record: LayerRecord, collection: string): number {
    const { lastSeq } = table.collection(record, collection)
    record.collections.set(collection, { version: table.nextVersion(), lastSeq })
    return lastSeq
  }
}

/** Outcomes by `once` key. */
export interface Outcomes {
  readonly recall: (record: LayerRecord, key: string, nowMs: number) => JsonObject | undefined
  readonly remember: (record: LayerRecord, once: NonNullable<Change['once']>) => void
  readonly sweep: Chore
}

/** Outcomes expire on the caller's clock, which may run ahead or stand still, and are deleted after as long on the machine's. */
export function createOutcomes (database: Database, clock: Clock): Outcomes {
  const select = database.prepare('SELECT outcome FROM outcomes WHERE layer = ? AND key = ? AND expires_ms > ?')
  const upsert = database.prepare(`INSERT INTO outcomes VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET outcome = ?3, expires_ms = ?4, sweep_ms = ?5`)
  const page = database.prepare('SELECT layer, key, sweep_ms FROM outcomes WHERE (layer, key) > (?, ?) ORDER BY layer, key LIMIT 200')
  const forget = database.prepare('DELETE FROM outcomes WHERE layer = ? AND key = ?')
  let hand = { layer: 0, key: '' }

  /** Looks at 200 outcomes a step, round and round: an index by time would cost every commit a page. */
  function sweep (): boolean {
    const rows = page.all(hand.layer, hand.key)
    const expired = rows.filter((row) => Number(row['sweep_ms']) <= clock.nowMs())
    if (expired.length > 0) database.transact(() => { for (const row of expired) forget.run(row['layer'] ?? null, row['key'] ?? null) })
    const last = rows.at(-1)
    hand = last === undefined ? { layer: 0, key: '' } : { layer: Number(last['layer']), key: String(last['key']) }
    return expired.length > 0
  }

  return {
    recall (record, key, nowMs) {
      for (const layer of record.chain) {
        const row = select.get(layer.key, key, nowMs)
        if (row !== undefined) return JSON.parse(String(row['outcome'])) as JsonObject
      }
      return undefined
    },
    remember (record, { key, outcome, nowMs, ttlMs }) {
      upsert.run(record.key, key, JSON.stringify(outcome), nowMs + ttlMs, clock.nowMs() + ttlMs)
    },
    sweep,
  }
}
