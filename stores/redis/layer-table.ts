import { randomId } from '../../kernel/index.ts'
import { CHAIN_MAX, StoreUnavailable, type Layers } from '../ports.ts'
import { loadScript, type Connection } from './connection.ts'
import type { Keys } from './keys.ts'
import { layerKeys, type LayerKeys } from './layer-keys.ts'

/** The layers themselves, without their documents. */
export interface LayerTable extends Pick<Layers, 'head' | 'moveHead' | 'create' | 'freeze' | 'drop'> {
  /** A layer and those below it, nearest first; undefined when there is no such layer. */
  readonly chain: (layer: string) => Promise<readonly LayerKeys[] | undefined>
}

interface Deps { readonly connection: Connection, readonly keys: Keys }

/** Chains never change; beyond this many they are forgotten and read again. */
const CHAINS_MAX = 100_000

export function createLayerTable (deps: Deps): LayerTable {
  const { connection, keys } = deps
  const ids = createChains(deps)
  const move = loadScript('head-move')
  const headKey = (name: string): string => keys.alone('head', name)
  return {
    ...createLifecycle(deps, ids),
    head: async (name) => await connection.ask((client) => client.get(headKey(name))) ?? undefined,
    async moveHead (name, expected, layer) {
      return await connection.run(move, [headKey(name)], [expected === undefined ? '0' : '1', expected ?? '', layer]) === 1
    },
    async chain (layer) {
      const chain = await ids(layer)
      return chain?.flatMap((id) => layerKeys(keys, id) ?? [])
    },
  }
}

type Chains = (layer: string) => Promise<readonly string[] | undefined>

function createChains ({ connection, keys }: Deps): Chains {
  const known = new Map<string, readonly string[]>()
  return async (layer) => {
    const chain = known.get(layer)
    if (chain !== undefined) return chain
    const names = layerKeys(keys, layer)
    const stored = names === undefined ? null : await connection.ask((client) => client.hget(names.layer, 'chain'))
    if (stored === null) return undefined
    if (known.size >= CHAINS_MAX) known.clear()
    const read = stored.split(' ')
    known.set(layer, read)
    return read
  }
}

/**
 * A layer knows how many lie over it, because its documents must outlive it until the last of those has gone. The count lies
 * in another shard than the layer that it counts: a crash between the two steps leaves a layer that is never cleaned up, and
 * never the reverse.
 */
function createLifecycle (deps: Deps, chains: Chains): Pick<LayerTable, 'create' | 'freeze' | 'drop'> {
  const { connection, keys } = deps
  const children = loadScript('layer-children')
  const close = loadScript('layer-close')
  const purge = createPurge(deps, chains)

  async function adopt (parent: string): Promise<readonly string[]> {
    const names = layerKeys(keys, parent)
    const below = await chains(parent) ?? []
    if (below.length >= CHAIN_MAX) throw new Error(`layer ${parent} is the last that its chain can hold`)
    const isFrozen = names !== undefined && await connection.run(children, [names.layer], ['1']) === 1
    if (!isFrozen) throw new Error(`layer ${parent} is not frozen and cannot be a parent`)
    return below
  }

  async function change (layer: string, state: 'frozen' | 'dropped'): Promise<void> {
    const names = layerKeys(keys, layer)
    if (names === undefined) return
    const isFree = await connection.run(close, [names.layer], [state]) === 1
    if (isFree) purge(layer)
  }

  return {
    async create (parent) {
      const below = parent === undefined ? [] : await adopt(parent)
      const name = randomId('', 20)
      const id = `${keys.shardOf(name)}-${name.slice(1)}`
      const names = layerKeys(keys, id)
      await connection.ask((client) => client.hset(names?.layer ?? '', 'state', 'writable', 'children', 0, 'chain', [id, ...below].join(' ')))
      return id
    },
    freeze: (layer) => change(layer, 'frozen'),
    drop: (layer) => change(layer, 'dropped'),
  }
}

/** Cleans up in the background: UNLINK frees the memory in a thread of Redis, so a step is short however much there is. */
function createPurge ({ connection, keys }: Deps, chains: Chains): (layer: string) => void {
  const children = loadScript('layer-children')

  async function purge (layer: string): Promise<void> {
    const names = layerKeys(keys, layer)
    const parent = (await chains(layer))?.[1]
    if (names === undefined) return
    const fields = await connection.ask((client) => client.hkeys(names.collections))
    for (const field of fields.filter((one) => one.startsWith('s:'))) {
      await connection.ask((client) => client.unlink(names.documents(field.slice(2)), names.order(field.slice(2))))
    }
    await connection.ask((client) => client.unlink(names.collections, names.layer))
    const below = parent === undefined ? undefined : layerKeys(keys, parent)
    if (below === undefined || parent === undefined) return
    if (await connection.run(children, [below.layer], ['-1']) === 1) await purge(parent)
  }

  return (layer) => {
    purge(layer).catch((fault: unknown) => { if (!(fault instanceof StoreUnavailable)) throw fault })
  }
}
