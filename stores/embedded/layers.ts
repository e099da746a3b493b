import type { Clock, JsonObject } from '../../kernel/index.ts'
import { createRowFilter, toDocument, type DocumentRow } from '../document-row.ts'
import type { DocumentPage, Layers, NewJob, StoredDocument } from '../ports.ts'
import { createRowCache, rowKey, type RowCache } from '../row-cache.ts'
import { createCommit, createOutcomes, whenStored } from './commit.ts'
import { guard, type Database } from './database.ts'
import type { Chore } from './housekeeping.ts'
import { createLayerTable, type LayerRecord, type LayerTable } from './layer-table.ts'

/** Characters of document text kept parsed in memory; roughly 100 MB when full. */
const CACHED_LENGTH_MAX = 32 * 1024 * 1024

/** Layers in tables. Rows read lately are kept parsed: a layer has one writer, this process, which forgets what it changes. */
export function createLayers (database: Database, clock: Clock, insertJob: (job: NewJob) => void): { layers: Layers, purge: Chore, sweep: Chore, forget: () => void } {
  const table = createLayerTable(database, clock)
  const rows = createRows(database, table)
  const outcomes = createOutcomes(database, clock)
  const list = createList(database, table, rows.cache)
  const commit = createCommit({ database, table, rows, outcomes, insertJob })
  const layers: Layers = {
    isAppliedAtOnce: true,
    head: (name) => guard('cannot read', () => table.head(name)),
    moveHead: (name, expected, layer) => database.write('cannot write', () => table.moveHead(name, expected, layer)),
    create: (parent) => table.create(parent),
    freeze: (layer) => database.write('cannot write', () => table.freeze(layer)),
    drop: (layer) => database.write('cannot write', () => table.drop(layer)),
    get: (layer, collection, id) => guard('cannot read', () => {
      const record = table.find(layer)
      return record === undefined ? undefined : toDocument(id, rows.resolve(record, collection, id))
    }),
    list: (layer, collection, page) => guard('cannot read', () => {
      const record = table.find(layer)
      return record === undefined ? [] : list(record, collection, page)
    }),
    collectionVersion: (layer, collection) => guard('cannot read', () => {
      const record = table.find(layer)
      return record === undefined ? 0 : table.collection(record, collection).version
    }),
    recall: (layer, key, nowMs) => guard('cannot read', () => {
      const record = table.find(layer)
      const outcome = record === undefined ? undefined : outcomes.recall(record, key, nowMs)
      return outcome === undefined ? undefined : whenStored(database, outcome)
    }),
    commit,
  }
  return { layers, purge: table.purge, sweep: outcomes.sweep, forget: rows.forget }
}

/** Rows of single documents. */
export interface Rows {
  /** The nearest layer's row, which may be a deletion; null when no layer of the chain has one. */
  readonly resolve: (record: LayerRecord, collection: string, id: string) => DocumentRow | null
  readonly cache: RowCache
  /** What was written is not what is stored: everything is read again. */
  readonly forget: () => void
}

function createRows (database: Database, table: LayerTable): Rows {
  const cache = createRowCache(CACHED_LENGTH_MAX)
  const select = database.prepare('SELECT version, seq, body FROM documents WHERE layer = ? AND collection = ? AND id = ?')

  function own (record: LayerRecord, collection: string, id: string): DocumentRow | null {
    const key = rowKey(record.id, collection, id)
    const cached = cache.get(key)
    if (cached !== undefined) return cached
    const found = select.get(record.key, collection, id)
    const row = found === undefined ? null : toRow(found)
    cache.set(key, row, typeof found?.['body'] === 'string' ? found['body'].length : 0)
    return row
  }

  return {
    cache,
    forget () {
      cache.clear()
      table.forgetCollections()
    },
    resolve (record, collection, id) {
      for (const layer of record.chain) {
        if (table.collection(layer, collection).version === 0) continue
        const row = own(layer, collection, id)
        if (row !== null) return row
      }
      return null
    },
  }
}

function toRow (row: Record<string, unknown>): DocumentRow {
  const body = typeof row['body'] === 'string' ? JSON.parse(row['body']) as JsonObject : null
  return { version: Number(row['version']), seq: Number(row['seq']), body }
}

/**
 * A page is one query over all layers of the chain that wrote to the collection: SQLite merges their indexes in `seq` order
 * and passes over what a nearer layer holds, row by row, until the page is full.
 */
function createList (database: Database, table: LayerTable, cache: RowCache): (record: LayerRecord, collection: string, page: DocumentPage) => StoredDocument[] {
  const statements = new Map<string, ReturnType<Database['prepare']>>()

  function statementFor (depth: number, order: DocumentPage['order']): ReturnType<Database['prepare']> {
    const name = `${depth} ${order}`
    let statement = statements.get(name)
    if (statement === undefined) statements.set(name, statement = database.prepare(listQuery(depth, order)))
    return statement
  }

  function read (layer: string, collection: string, row: Record<string, unknown>): StoredDocument {
    const id = String(row['id'])
    const version = Number(row['version'])
    const text = String(row['body'])
    const cached = cache.get(rowKey(layer, collection, id))
    if (cached?.version === version && cached.body !== null) return { id, body: cached.body, version, seq: cached.seq }
    const fresh = { version, seq: Number(row['seq']), body: JSON.parse(text) as JsonObject }
    cache.set(rowKey(layer, collection, id), fresh, text.length)
    return { id, ...fresh }
  }

  return (record, collection, page) => {
    const layers = record.chain.filter((layer) => table.collection(layer, collection).version > 0)
    if (layers.length === 0) return []
    const filter = createRowFilter(page.where)
    const found: StoredDocument[] = []
    const beyond = page.beyondSeq ?? (page.order === 'ascending' ? 0 : Number.MAX_SAFE_INTEGER)
    for (const row of statementFor(layers.length, page.order).iterate(collection, beyond, ...layers.map((layer) => layer.key))) {
      const text = row['body']
      if (typeof text !== 'string' || !filter.mayMatchText(text)) continue
      const document = read(String(row['layer']), collection, row)
      if (filter.matches(document.body) && found.push(document) >= page.limit) break
    }
    return found
  }
}

/** ?1 collection, ?2 bound, ?3… the layers, nearest first. */
function listQuery (depth: number, order: DocumentPage['order']): string {
  const bound = order === 'ascending' ? '>' : '<'
  const layer = (rank: number): string => `?${rank + 3}`
  const hidden = (rank: number): string => Array.from({ length: rank }, (_, nearer) =>
    ` AND NOT EXISTS (SELECT 1 FROM documents n WHERE n.layer = ${layer(nearer)} AND n.collection = ?1 AND n.id = d.id)`).join('')
  const parts = Array.from({ length: depth }, (_, rank) =>
    `SELECT layer, id, version, seq, body FROM documents d WHERE layer = ${layer(rank)} AND collection = ?1 AND seq ${bound} ?2 AND body IS NOT NULL${hidden(rank)}`)
  return `${parts.join(' UNION ALL ')} ORDER BY seq ${order === 'ascending' ? 'ASC' : 'DESC'}`
}
