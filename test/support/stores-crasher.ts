import { openEmbeddedStores } from '../../stores/index.ts'
import { COLLECTION, makeChange } from './stores-change.ts'

/**
 * A process for crash tests: commits documents to the directory given as its first argument, as many at once as its second
 * says, and writes each acknowledged number to its standard output, until it is killed.
 */
const directory = process.argv[2] ?? ''
const atOnce = Number(process.argv[3] ?? 1)
const stores = openEmbeddedStores({ directory, clock: { nowMs: () => 1_800_000_000_000 }, retention: { maxAgeMs: 1e9, maxPerStream: 100 } })
const layer = await stores.layers.create(undefined)
await stores.layers.moveHead('world', undefined, layer)
async function commit (n: number): Promise<void> {
  await stores.layers.commit(layer, makeChange({
    writes: [{ collection: COLLECTION, id: `d${n}`, body: { n } }],
    jobs: [{ queue: 'q', id: `j${n}`, dueMs: n, payload: {} }],
    once: { key: `k${n}`, outcome: { n }, nowMs: 1_800_000_000_000, ttlMs: 1e9 },
  }))
  process.stdout.write(`${n}\n`)
}
for (let n = 0; ; n += atOnce) {
  await Promise.all(Array.from({ length: atOnce }, (_, i) => commit(n + i)))
  await new Promise((resolve) => setImmediate(resolve))
}
