import type { Json, JsonObject } from '../../kernel/index.ts'
import type { Change, Committed, DocumentPage, Layers, MaybePromise, NewJob, StoredDocument } from '../../stores/index.ts'
import { settle, type Steps } from './steps.ts'

const WORLD = '~world'
const COUNTER = 'counter'

/**
 * What one request reads and changes in a layer. Reads see the request's own writes; nothing is stored before `commit`,
 * which stores everything or nothing. A class, because it lives from the first read to its commit.
 */
export class Transaction {
  readonly #layers: Layers
  readonly layer: string
  readonly #reads = new Map<string, { readonly collection: string, readonly id: string, readonly found: StoredDocument | undefined }>()
  readonly #scans = new Map<string, number>()
  #writes = new Map<string, { readonly collection: string, readonly id: string, readonly body: JsonObject | null }>()
  #jobs: NewJob[] = []
  #once: Change['once']

  constructor (layers: Layers, layer: string) {
    this.#layers = layers
    this.layer = layer
  }

  /** A document as this request sees it. */
  * get (collection: string, id: string): Steps<JsonObject | undefined> {
    const key = keyOf(collection, id)
    const written = this.#writes.get(key)
    if (written !== undefined) return written.body ?? undefined
    const known = this.#reads.get(key)
    if (known !== undefined) return known.found?.body
    const found = yield * settle(this.#layers.get(this.layer, collection, id))
    this.#reads.set(key, { collection, id, found })
    return found?.body
  }

  /** Stored documents of a collection with this request's own writes laid over them; the commit fails if the collection changes meanwhile. */
  * list (collection: string, page: DocumentPage): Steps<readonly JsonObject[]> {
    if (!this.#scans.has(collection)) this.#scans.set(collection, yield * settle(this.#layers.collectionVersion(this.layer, collection)))
    const stored = yield * settle(this.#layers.list(this.layer, collection, page))
    const listed = new Set(stored.map(document => document.id))
    const kept: JsonObject[] = []
    for (const document of stored) {
      const body = this.#overlay(collection, document.id, document.body, page.where)
      if (body !== undefined) kept.push(body)
    }
    for (const write of this.#writes.values()) {
      if (write.collection === collection && !listed.has(write.id) && write.body !== null && isMatch(write.body, page.where)) kept.push(write.body)
    }
    return kept
  }

  #overlay (collection: string, id: string, body: JsonObject, where: DocumentPage['where']): JsonObject | undefined {
    const written = this.#writes.get(keyOf(collection, id))
    if (written === undefined) return body
    return written.body !== null && isMatch(written.body, where) ? written.body : undefined
  }

  put (collection: string, id: string, body: JsonObject): void {
    this.#writes.set(keyOf(collection, id), { collection, id, body })
  }

  delete (collection: string, id: string): void {
    this.#writes.set(keyOf(collection, id), { collection, id, body: null })
  }

  /** The next of this world's numbers, from which ids derive: 1, 2, 3 … since its baseline. */
  * nextNumber (): Steps<number> {
    const counter = yield * this.get(WORLD, COUNTER)
    const next = (typeof counter?.['value'] === 'number' ? counter['value'] : 0) + 1
    this.put(WORLD, COUNTER, { value: next })
    return next
  }

  enqueue (job: NewJob): void {
    this.#jobs.push(job)
  }

  /** Notes the version of a scanned collection that was read elsewhere, so that the commit checks it. */
  noteScan (collection: string, version: number): void {
    if (!this.#scans.has(collection)) this.#scans.set(collection, version)
  }

  remember (once: NonNullable<Change['once']>): void {
    this.#once = once
  }

  /** Forgets every write and job, as if the request had only read. */
  discard (): void {
    this.#writes = new Map()
    this.#jobs = []
  }

  commit (): MaybePromise<Committed> {
    if (this.#writes.size === 0 && this.#jobs.length === 0 && this.#once === undefined) return { kind: 'committed' }
    return this.#layers.commit(this.layer, {
      reads: [...this.#reads.values()].map(({ collection, id, found }) => ({ collection, id, version: found?.version ?? 0 })),
      scans: [...this.#scans].map(([collection, version]) => ({ collection, version })),
      writes: [...this.#writes.values()],
      jobs: this.#jobs,
      ...(this.#once === undefined ? {} : { once: this.#once }),
    })
  }
}

function keyOf (collection: string, id: string): string {
  return `${collection}\n${id}`
}

function isMatch (body: JsonObject, where: Readonly<Record<string, Json>> | undefined): boolean {
  return where === undefined || Object.entries(where).every(([member, value]) => body[member] === value)
}
