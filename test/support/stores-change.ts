import type { Json, JsonObject } from '../../kernel/index.ts'
import type { Change, Layers, StoredDocument } from '../../stores/index.ts'

export const COLLECTION = 'things'

/** A change of nothing, with what is given put in. */
export function makeChange (parts: Partial<Change> = {}): Change {
  return { reads: [], scans: [], writes: [], jobs: [], ...parts }
}

/** Writes documents of one collection; `null` deletes. */
export function writing (documents: { readonly [id: string]: JsonObject | null }): Change {
  return makeChange({ writes: Object.entries(documents).map(([id, body]) => ({ collection: COLLECTION, id, body })) })
}

/** A frozen layer over `parent` with these documents. */
export async function makeFrozen (layers: Layers, parent: string | undefined, documents: { readonly [id: string]: JsonObject | null }): Promise<string> {
  const layer = await layers.create(parent)
  await layers.commit(layer, writing(documents))
  await layers.freeze(layer)
  return layer
}

/** The ids of everything that a layer shows, read in pages of `limit`. */
export async function listIds (layers: Layers, layer: string, options: { readonly order?: 'ascending' | 'descending', readonly limit?: number, readonly where?: { readonly [member: string]: Json } } = {}): Promise<string[]> {
  return (await listAll(layers, layer, options)).map((document) => document.id)
}

export async function listAll (layers: Layers, layer: string, options: { readonly order?: 'ascending' | 'descending', readonly limit?: number, readonly where?: { readonly [member: string]: Json } } = {}): Promise<StoredDocument[]> {
  const { order = 'ascending', limit = 3, where } = options
  const found: StoredDocument[] = []
  for (let beyondSeq: number | undefined; ;) {
    const page = await layers.list(layer, COLLECTION, { order, limit, ...beyondSeq === undefined ? {} : { beyondSeq }, ...where === undefined ? {} : { where } })
    found.push(...page)
    if (page.length < limit) return found
    beyondSeq = page.at(-1)?.seq
  }
}
