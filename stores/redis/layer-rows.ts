import { createRowCache, rowKey } from '../row-cache.ts'
import type { DocumentRow } from '../document-row.ts'
import { loadScript, type Connection } from './connection.ts'
import type { LayerKeys } from './layer-keys.ts'
import { parseRow } from './row-text.ts'

/** Rows and counts of layers. What lies below a layer is frozen, so it is read once and kept in memory. */
export interface LayerRows {
  /** The nearest row of the layers below: null when none has one. */
  readonly below: (chain: readonly LayerKeys[], collection: string, id: string) => Promise<DocumentRow | null>
  /** What the layer itself holds in a field of one of its hashes; undefined when the layer must not be read. */
  readonly own: (layer: LayerKeys, hash: string, field: string) => Promise<string | null | undefined>
  /** The highest `seq` that the layers below gave out in a collection. */
  readonly lastSeqBelow: (chain: readonly LayerKeys[], collection: string) => Promise<number>
}

/** Characters of document text of frozen layers kept parsed in memory. */
const CACHED_LENGTH_MAX = 32 * 1024 * 1024
/** Highest `seq`s kept; beyond that they are forgotten and read again. */
const LAST_SEQS_MAX = 100_000

export function createLayerRows (connection: Connection): LayerRows {
  const field = loadScript('layer-field')
  const frozen = createRowCache(CACHED_LENGTH_MAX)
  const lastSeqs = new Map<string, number>()

  async function frozenRow (layer: LayerKeys, collection: string, id: string): Promise<DocumentRow | null> {
    const key = rowKey(layer.layer, collection, id)
    const cached = frozen.get(key)
    if (cached !== undefined) return cached
    const text = await connection.ask((client) => client.hget(layer.documents(collection), id))
    const row = text === null ? null : parseRow(text)
    frozen.set(key, row, text?.length ?? 0)
    return row
  }

  async function frozenLastSeq (layer: LayerKeys, collection: string): Promise<number> {
    const key = rowKey(layer.layer, collection, '')
    const known = lastSeqs.get(key)
    if (known !== undefined) return known
    const seq = Number(await connection.ask((client) => client.hget(layer.collections, `s:${collection}`)) ?? 0)
    if (lastSeqs.size >= LAST_SEQS_MAX) lastSeqs.clear()
    lastSeqs.set(key, seq)
    return seq
  }

  return {
    async below (chain, collection, id) {
      for (const layer of chain.slice(1)) {
        const row = await frozenRow(layer, collection, id)
        if (row !== null) return row
      }
      return null
    },
    async own (layer, hash, name) {
      const [isReadable, text] = await connection.run(field, [layer.layer, hash], [name]) as [number, string | null]
      return isReadable === 1 ? text ?? null : undefined
    },
    async lastSeqBelow (chain, collection) {
      const seqs = await Promise.all(chain.slice(1).map((layer) => frozenLastSeq(layer, collection)))
      return Math.max(0, ...seqs)
    },
  }
}
