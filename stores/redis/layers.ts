import { toDocument } from '../document-row.ts'
import type { Layers } from '../ports.ts'
import { createCommit } from './commit.ts'
import type { Connection } from './connection.ts'
import type { Keys } from './keys.ts'
import { createLayerList } from './layer-list.ts'
import { createLayerRows } from './layer-rows.ts'
import { createLayerTable } from './layer-table.ts'
import { createOutcomes } from './outcomes.ts'
import { parseRow } from './row-text.ts'

/**
 * Layers in hashes and sorted sets. Each layer lies in one slot of its own choosing: only the writable layer is ever changed,
 * so those below it may lie anywhere, and a baseline that a thousand layers share burdens no slot with their writes.
 */
export function createLayers (deps: { readonly connection: Connection, readonly keys: Keys }): Layers {
  const { connection, keys } = deps
  const { chain: chainOf, ...lifecycle } = createLayerTable(deps)
  const rows = createLayerRows(connection)
  const outcomes = createOutcomes(connection)
  const list = createLayerList(connection)
  const commit = createCommit({ connection, keys, rows, outcomes })
  return {
    isAppliedAtOnce: false,
    ...lifecycle,
    async get (layer, collection, id) {
      const chain = await chainOf(layer)
      const nearest = chain?.[0]
      if (chain === undefined || nearest === undefined) return undefined
      const own = await rows.own(nearest, nearest.documents(collection), id)
      if (own === undefined) return undefined
      return toDocument(id, own === null ? await rows.below(chain, collection, id) : parseRow(own))
    },
    async list (layer, collection, page) {
      const chain = await chainOf(layer)
      return chain === undefined ? [] : await list(chain, collection, page)
    },
    async collectionVersion (layer, collection) {
      const nearest = (await chainOf(layer))?.[0]
      if (nearest === undefined) return 0
      return Number(await rows.own(nearest, nearest.collections, `v:${collection}`) ?? 0)
    },
    async recall (layer, key, nowMs) {
      const chain = await chainOf(layer)
      const nearest = chain?.[0]
      if (chain === undefined || nearest === undefined) return undefined
      const isReadable = await rows.own(nearest, nearest.collections, '') !== undefined
      return isReadable ? await outcomes.anywhere(chain, key, nowMs) : undefined
    },
    async commit (layer, change) {
      const chain = await chainOf(layer)
      return chain === undefined ? { kind: 'closed' } : await commit(chain, change)
    },
  }
}
