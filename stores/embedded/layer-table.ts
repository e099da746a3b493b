import type { Clock } from '../../kernel/index.ts'
import { CHAIN_MAX, type Layers } from '../ports.ts'
import type { Database } from './database.ts'
import type { Chore } from './housekeeping.ts'

/** What is remembered of a layer while the process lives; `chain` starts with the layer itself and ends at the root. */
export interface LayerRecord {
  readonly key: number
  readonly id: string
  readonly parent: LayerRecord | undefined
  readonly chain: readonly LayerRecord[]
  readonly collections: Map<string, CollectionState>
  state: 'writable' | 'frozen' | 'dropped'
}

/**
 * What a layer wrote to a collection: its version, and the highest `seq` given out by it or by a layer below. Versions are
 * counted in memory for all collections together, from the time of opening: whoever read an older one has ended with the
 * process that gave it, and none is given twice.
 */
export interface CollectionState { readonly version: number, readonly lastSeq: number }

/** The layers themselves, without their documents. */
export interface LayerTable extends Pick<Layers, 'head' | 'moveHead'> {
  /** The record of a layer that was not dropped. */
  readonly find: (layer: string) => LayerRecord | undefined
  readonly create: (parent: string | undefined) => string
  readonly freeze: (layer: string) => void
  readonly drop: (layer: string) => void
  readonly collection: (record: LayerRecord, collection: string) => CollectionState
  readonly nextVersion: () => number
  readonly forgetCollections: () => void
  /** Cleans up dropped layers that no layer lies over, a few hundred documents a step. */
  readonly purge: Chore
}

export function createLayerTable (database: Database, clock: Clock): LayerTable {
  const records = new Map<string, LayerRecord>()
  const select = database.prepare('SELECT parent, state FROM layers WHERE key = ?')
  const selectCollection = database.prepare('SELECT max(seq) AS last FROM documents WHERE layer = ? AND collection = ?')
  let lastVersion = clock.nowMs()

  function load (id: string): LayerRecord | undefined {
    const key = Number(id)
    const row = Number.isSafeInteger(key) ? select.get(key) : undefined
    if (row === undefined) return undefined
    const parent = row['parent'] === null ? undefined : findAny(String(row['parent']))
    const state = row['state'] as LayerRecord['state']
    const chain: LayerRecord[] = []
    const record = { key, id, parent, chain, collections: new Map<string, CollectionState>(), state }
    chain.push(record, ...parent?.chain ?? [])
    records.set(id, record)
    return record
  }

  const findAny = (id: string): LayerRecord | undefined => records.get(id) ?? load(id)

  function collection (record: LayerRecord, name: string): CollectionState {
    const known = record.collections.get(name)
    if (known !== undefined) return known
    const last = selectCollection.get(record.key, name)?.['last'] ?? null
    const inherited = record.parent === undefined ? 0 : collection(record.parent, name).lastSeq
    const state = { version: last === null ? 0 : ++lastVersion, lastSeq: Math.max(Number(last ?? 0), inherited) }
    record.collections.set(name, state)
    return state
  }

  return {
    ...createHeads(database),
    ...createLifecycle(database, findAny),
    collection,
    nextVersion: () => ++lastVersion,
    forgetCollections: () => { for (const record of records.values()) record.collections.clear() },
    find (id) {
      const record = findAny(id)
      return record?.state === 'dropped' ? undefined : record
    },
    purge: createPurge(database, (key) => { records.delete(String(key)) }),
  }
}

/** Heads kept in memory; each request asks for one, and nobody else writes them. */
const HEADS_KEPT_MAX = 100_000

function createHeads (database: Database): Pick<LayerTable, 'head' | 'moveHead'> {
  const select = database.prepare('SELECT layer FROM heads WHERE name = ?')
  const insert = database.prepare('INSERT INTO heads VALUES (?, ?) ON CONFLICT DO NOTHING')
  const update = database.prepare('UPDATE heads SET layer = ?3 WHERE name = ?1 AND layer = ?2')
  const known = new Map<string, string>()
  const remember = (name: string, layer: string): string => {
    if (known.size >= HEADS_KEPT_MAX) known.clear()
    known.set(name, layer)
    return layer
  }
  return {
    head (name) {
      const layer = known.get(name)
      if (layer !== undefined) return layer
      const row = select.get(name)
      return row === undefined ? undefined : remember(name, String(row['layer']))
    },
    moveHead (name, expected, layer) {
      const { changes } = expected === undefined ? insert.run(name, layer) : update.run(name, expected, layer)
      if (changes === 1) remember(name, layer)
      return changes === 1
    },
  }
}

function createLifecycle (database: Database, find: (id: string) => LayerRecord | undefined): Pick<LayerTable, 'create' | 'freeze' | 'drop'> {
  const insert = database.prepare("INSERT INTO layers (parent, state) VALUES (?, 'writable')")
  const addChild = database.prepare('UPDATE layers SET children = children + 1 WHERE key = ?')
  const setState = database.prepare('UPDATE layers SET state = ? WHERE key = ?')

  function change (id: string, from: ReadonlyArray<LayerRecord['state']>, state: LayerRecord['state']): void {
    const record = find(id)
    if (record === undefined || !from.includes(record.state)) return
    setState.run(state, record.key)
    record.state = state
  }

  return {
    create: (parentId) => database.transact(() => {
      const parent = parentId === undefined ? undefined : find(parentId)
      if (parent === undefined && parentId === undefined) return String(insert.run(null).lastInsertRowid)
      if (parent?.state !== 'frozen') throw new Error(`layer ${parentId} is not frozen and cannot be a parent`)
      if (parent.chain.length >= CHAIN_MAX) throw new Error(`layer ${parent.id} is the last that its chain can hold`)
      addChild.run(parent.key)
      return String(insert.run(parent.key).lastInsertRowid)
    }),
    freeze: (id) => change(id, ['writable'], 'frozen'),
    drop: (id) => change(id, ['writable', 'frozen'], 'dropped'),
  }
}

/** A layer goes when its last row has gone; its parent may follow, having a child less. */
function createPurge (database: Database, forget: (key: number) => void): Chore {
  const next = database.prepare("SELECT key, parent FROM layers WHERE state = 'dropped' AND children = 0 LIMIT 1")
  const deleteDocuments = database.prepare(`DELETE FROM documents WHERE layer = ?1 AND (collection, id) IN
    (SELECT collection, id FROM documents WHERE layer = ?1 LIMIT 500)`)
  const deleteOutcomes = database.prepare('DELETE FROM outcomes WHERE layer = ?1 AND key IN (SELECT key FROM outcomes WHERE layer = ?1 LIMIT 500)')
  const deleteLayer = database.prepare('DELETE FROM layers WHERE key = ?')
  const removeChild = database.prepare('UPDATE layers SET children = children - 1 WHERE key = ?')
  return () => {
    const row = next.get()
    if (row === undefined) return false
    const key = Number(row['key'])
    return database.transact(() => {
      if (deleteDocuments.run(key).changes !== 0 || deleteOutcomes.run(key).changes !== 0) return true
      deleteLayer.run(key)
      if (row['parent'] !== null) removeChild.run(row['parent'] ?? null)
      forget(key)
      return true
    })
  }
}
