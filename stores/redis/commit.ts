import type { JsonObject } from '../../kernel/index.ts'
import type { Change, Committed } from '../ports.ts'
import { loadScript, type Connection } from './connection.ts'
import { queueKeys } from './jobs.ts'
import type { Keys } from './keys.ts'
import type { LayerKeys } from './layer-keys.ts'
import type { LayerRows } from './layer-rows.ts'
import type { Outcomes } from './outcomes.ts'

interface CommitDeps {
  readonly connection: Connection
  readonly keys: Keys
  readonly rows: LayerRows
  readonly outcomes: Outcomes
}

/** The JSON that the script reads; its header says what each place means. */
interface Plan {
  readonly collections: ReadonlyArray<readonly [string, number]>
  readonly reads: ReadonlyArray<readonly [number, string, number, number]>
  readonly scans: ReadonlyArray<readonly [number, number]>
  readonly writes: ReadonlyArray<readonly [number, string, string | false, number, number, boolean]>
  readonly jobs: ReadonlyArray<readonly [number, string, number, string]>
  readonly once: readonly [string, number, number] | false
}

/**
 * One script in the slot of the writable layer checks and applies everything. What it cannot see, the layers below, is frozen:
 * it is looked up before and sent along.
 */
export function createCommit (deps: CommitDeps): (chain: readonly LayerKeys[], change: Change) => Promise<Committed> {
  const { connection, keys, outcomes } = deps
  const script = loadScript('layer-commit')
  return async (chain, change) => {
    const [layer] = chain
    if (layer === undefined) return { kind: 'closed' }
    const known = change.once === undefined ? undefined : await outcomes.below(chain, change.once.key, change.once.nowMs)
    const collections = [...new Set([...change.reads, ...change.scans, ...change.writes].map((one) => one.collection))]
    const queues = [...new Set(change.jobs.map((job) => job.queue))]
    const names = [
      layer.layer, layer.collections, layer.outcome(change.once?.key ?? ''),
      ...collections.flatMap((collection) => [layer.documents(collection), layer.order(collection)]),
      ...queues.flatMap((queue) => queueKeys(keys, layer.shard, queue)),
    ]
    if (known !== undefined) return await isWritable(connection, layer) ? { kind: 'known', outcome: known } : { kind: 'closed' }
    const plan = await makePlan(deps, chain, change, collections, queues)
    return readCommitted(await connection.run(script, names, [JSON.stringify(plan)]) as [string, string?])
  }
}

async function isWritable (connection: Connection, layer: LayerKeys): Promise<boolean> {
  return await connection.ask((client) => client.hget(layer.layer, 'state')) === 'writable'
}

async function makePlan ({ rows }: CommitDeps, chain: readonly LayerKeys[], change: Change, collections: readonly string[], queues: readonly string[]): Promise<Plan> {
  const place = (collection: string): number => collections.indexOf(collection) + 1
  const [lastSeqs, reads, writes] = await Promise.all([
    Promise.all(collections.map((collection) => rows.lastSeqBelow(chain, collection))),
    Promise.all(change.reads.map((read) => rows.below(chain, read.collection, read.id))),
    Promise.all(change.writes.map((write) => rows.below(chain, write.collection, write.id))),
  ])
  return {
    collections: collections.map((collection, index) => [collection, lastSeqs[index] ?? 0]),
    reads: change.reads.map((read, index) => {
      const below = reads[index]
      return [place(read.collection), read.id, read.version, below?.body === null ? 0 : below?.version ?? 0]
    }),
    scans: change.scans.map((scan) => [place(scan.collection), scan.version]),
    writes: change.writes.map(({ collection, id, body }, index) => {
      const below = writes[index]
      const isAlive = below !== null && below !== undefined && below.body !== null
      return [place(collection), id, body === null ? false : JSON.stringify(body), below?.version ?? 0, below?.seq ?? 0, isAlive]
    }),
    jobs: change.jobs.map((job) => [queues.indexOf(job.queue) + 1, job.id, job.dueMs, JSON.stringify(job.payload)]),
    once: planOnce(change.once),
  }
}

function planOnce (once: Change['once']): Plan['once'] {
  if (once === undefined) return false
  return [`${Math.ceil(once.nowMs + once.ttlMs)}:${JSON.stringify(once.outcome)}`, once.nowMs, Math.max(1, Math.ceil(once.ttlMs))]
}

function readCommitted ([kind, outcome]: [string, string?]): Committed {
  if (kind === 'known') return { kind, outcome: JSON.parse(outcome ?? '{}') as JsonObject }
  if (kind === 'committed' || kind === 'conflict' || kind === 'closed') return { kind }
  throw new Error(`the commit script answered ${kind}`)
}
