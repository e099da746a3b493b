import type { JsonObject, SandboxId } from '../../kernel/index.ts'
import type { Committed, KeyValue, Layers, MaybePromise } from '../../stores/index.ts'
import { isPromise, runSteps, settle, type Steps } from './steps.ts'
import { Transaction } from './transaction.ts'

const SPACE = 'sandbox-world'
const ATTEMPTS_MAX = 40
const SEEDS_KEPT_MAX = 10_000

/** A sandbox that was never created here. */
export class SandboxUnknown extends Error {
  override readonly name = 'SandboxUnknown'
}

/** Too many commits in a row met a conflict. Told from other faults by its name, as a store that does not answer is: the same request may succeed later. */
export class WorldContended extends Error {
  override readonly name = 'StoreUnavailable'
}

/** How a transaction ended: what its body returned, or the outcome that was remembered under its `once` key before. */
export type Ended<T> = { readonly kind: 'done', readonly value: T } | { readonly kind: 'known', readonly outcome: JsonObject }

/** The worlds of all sandboxes: each a thin layer over the shared, frozen baseline. */
export interface Worlds {
  /** The layer that the sandbox writes to now. Throws SandboxUnknown. */
  readonly layerOf: (sandboxId: SandboxId) => MaybePromise<string>
  readonly seedOf: (sandboxId: SandboxId) => MaybePromise<string>
  readonly create: (sandboxId: SandboxId, seed: string) => Promise<void>
  /** Back to the baseline in constant time. */
  readonly reset: (sandboxId: SandboxId) => Promise<void>
  /** Runs `body` until its commit meets no conflict. Throws WorldContended after too many. */
  readonly transact: <T>(sandboxId: SandboxId, body: (tx: Transaction) => Steps<T>) => MaybePromise<Ended<T>>
}

/** @param deps.baseline the layer that new worlds lie over, made at its first use */
export function createWorlds (deps: { readonly layers: Layers, readonly keyValue: KeyValue, readonly baseline: () => MaybePromise<string> }): Worlds {
  const { layers, keyValue } = deps
  const seeds = new Map<SandboxId, string>()
  const exclusively = createQueues()

  function layerOf (sandboxId: SandboxId): MaybePromise<string> {
    const head = layers.head(headName(sandboxId))
    return isPromise(head) ? head.then(layer => known(sandboxId, layer)) : known(sandboxId, head)
  }

  async function moveToBaseline (sandboxId: SandboxId, mayReplace: boolean): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const old = await layers.head(headName(sandboxId))
      if (old !== undefined && !mayReplace) return
      if (old === undefined && mayReplace) throw new SandboxUnknown(`no sandbox ${sandboxId}`)
      const fresh = await layers.create(await deps.baseline())
      if (await layers.moveHead(headName(sandboxId), old, fresh)) {
        if (old !== undefined) await layers.drop(old)
        return
      }
      await layers.drop(fresh)
    }
    throw new WorldContended(`the world of ${sandboxId} is being moved by others`)
  }

  function * attemptAll<T> (sandboxId: SandboxId, body: (tx: Transaction) => Steps<T>): Steps<Ended<T>> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const tx = new Transaction(layers, yield * settle(layerOf(sandboxId)))
      const value = yield * body(tx)
      const committed: Committed = yield * settle(tx.commit())
      if (committed.kind === 'committed') return { kind: 'done', value }
      if (committed.kind === 'known') return { kind: 'known', outcome: committed.outcome }
    }
    throw new WorldContended(`gave up after ${ATTEMPTS_MAX} conflicting commits`)
  }

  return {
    layerOf,
    seedOf (sandboxId) {
      const seed = seeds.get(sandboxId)
      if (seed !== undefined) return seed
      const stored = keyValue.get(SPACE, sandboxId)
      return isPromise(stored) ? stored.then(value => keepSeed(seeds, sandboxId, value)) : keepSeed(seeds, sandboxId, stored)
    },
    async create (sandboxId, seed) {
      await keyValue.putIfAbsent(SPACE, sandboxId, { seed })
      await moveToBaseline(sandboxId, false)
    },
    reset: sandboxId => moveToBaseline(sandboxId, true),
    transact: layers.isAppliedAtOnce
      ? (sandboxId, body) => runSteps(attemptAll(sandboxId, body))
      : (sandboxId, body) => exclusively(sandboxId, () => runSteps(attemptAll(sandboxId, body))),
  }
}

function headName (sandboxId: SandboxId): string {
  return `world/${sandboxId}`
}

function known (sandboxId: SandboxId, layer: string | undefined): string {
  if (layer === undefined) throw new SandboxUnknown(`no sandbox ${sandboxId}`)
  return layer
}

function keepSeed (seeds: Map<SandboxId, string>, sandboxId: SandboxId, stored: unknown): string {
  const seed = (stored as { readonly seed?: unknown } | undefined)?.seed
  if (typeof seed !== 'string') throw new SandboxUnknown(`no sandbox ${sandboxId}`)
  if (seeds.size >= SEEDS_KEPT_MAX) seeds.clear()
  seeds.set(sandboxId, seed)
  return seed
}

/** One writer at a time for each sandbox in this process, so that only other processes cause conflicts. */
function createQueues (): <T>(key: string, work: () => MaybePromise<T>) => MaybePromise<T> {
  const tails = new Map<string, Promise<unknown>>()

  function track<T> (key: string, promise: Promise<T>): Promise<T> {
    const tail = promise.then(() => undefined, () => undefined).then(() => {
      if (tails.get(key) === tail) tails.delete(key)
    })
    tails.set(key, tail)
    return promise
  }

  return (key, work) => {
    const tail = tails.get(key)
    if (tail !== undefined) return track(key, tail.then(work))
    const answer = work()
    return isPromise(answer) ? track(key, answer) : answer
  }
}
