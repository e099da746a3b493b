import type { Keys } from './keys.ts'

/** The keys of one layer. A layer's id starts with its shard, and all that it holds lies there. */
export interface LayerKeys {
  readonly shard: number
  /** Hash: `state`, `children`, `chain`. */
  readonly layer: string
  /** Hash: `v:<collection>` version, `s:<collection>` last seq. */
  readonly collections: string
  readonly documents: (collection: string) => string
  readonly order: (collection: string) => string
  readonly outcome: (key: string) => string
}

/** @returns undefined when no layer can have this id */
export function layerKeys (keys: Keys, id: string): LayerKeys | undefined {
  const shard = /^(\d+)-/.exec(id)?.[1]
  if (shard === undefined || Number(shard) >= keys.shards) return undefined
  const name = (kind: string, ...names: string[]): string => keys.inShard(Number(shard), kind, id, ...names)
  return {
    shard: Number(shard),
    layer: name('layer'),
    collections: name('layer-collections'),
    documents: (collection) => name('documents', collection),
    order: (collection) => name('order', collection),
    outcome: (key) => name('outcome', key),
  }
}
