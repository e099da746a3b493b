import type { JsonObject } from '../../kernel/index.ts'
import { createRowFilter } from '../document-row.ts'
import type { DocumentPage, StoredDocument } from '../ports.ts'
import { loadScript, type Connection } from './connection.ts'
import type { LayerKeys } from './layer-keys.ts'
import { splitRow, type RowText } from './row-text.ts'

/** Rows fetched at once from a layer while a condition passes over many of them. */
const FILTERED_BATCH = 200

interface Candidate extends RowText { readonly id: string }

/** Candidates of one layer in order, fetched batch by batch. */
interface Source {
  readonly peek: () => Candidate | undefined
  readonly pop: () => void
  /** Fetches until there is a candidate or nothing more. False when the layer must not be read. */
  readonly fill: () => Promise<boolean>
}

/**
 * Merges the layers of a chain in `seq` order. A row of a layer below counts as what the nearest layer says of it; if that
 * came to be while the list was being read, the same `seq` shows twice and is taken once.
 */
export function createLayerList (connection: Connection): (chain: readonly LayerKeys[], collection: string, page: DocumentPage) => Promise<StoredDocument[]> {
  const openSource = createSources(connection)
  return async (chain, collection, page) => {
    const sources = chain.map((_, rank) => openSource(chain, rank, collection, page))
    const filter = createRowFilter(page.where)
    const found: StoredDocument[] = []
    let lastSeq: number | undefined
    while (found.length < page.limit) {
      const isReadable = await Promise.all(sources.map((source) => source.fill()))
      if (isReadable[0] === false) return []
      const candidate = popNext(sources, page.order)
      if (candidate === undefined) return found
      if (candidate.seq === lastSeq) continue
      lastSeq = candidate.seq
      if (!filter.mayMatchText(candidate.json)) continue
      const body = JSON.parse(candidate.json) as JsonObject
      if (filter.matches(body)) found.push({ id: candidate.id, body, version: candidate.version, seq: candidate.seq })
    }
    return found
  }
}

/** The first candidate of them all; of two with one `seq` the nearer layer's. */
function popNext (sources: readonly Source[], order: DocumentPage['order']): Candidate | undefined {
  const sign = order === 'ascending' ? 1 : -1
  let first: { source: Source, candidate: Candidate } | undefined
  for (const source of sources) {
    const candidate = source.peek()
    if (candidate !== undefined && (first === undefined || (candidate.seq - first.candidate.seq) * sign < 0)) first = { source, candidate }
  }
  first?.source.pop()
  return first?.candidate
}

function createSources (connection: Connection): (chain: readonly LayerKeys[], rank: number, collection: string, page: DocumentPage) => Source {
  const fetchPage = createFetch(connection)
  const resolve = createResolve(connection)
  return (chain, rank, collection, page) => {
    const batch = page.where === undefined ? page.limit : Math.max(page.limit, FILTERED_BATCH)
    let bound = page.beyondSeq ?? (page.order === 'ascending' ? 0 : Number.MAX_SAFE_INTEGER)
    let waiting: Candidate[] = []
    let isEnded = false

    async function fetchMore (): Promise<boolean> {
      const rows = await fetchPage(chain, rank, collection, { order: page.order, bound, batch })
      if (rows === undefined) isEnded = true
      isEnded ||= (rows?.length ?? 0) < batch
      bound = rows?.at(-1)?.seq ?? bound
      waiting = await resolve(chain.slice(0, rank), collection, rows ?? [])
      return rows !== undefined
    }

    return {
      peek: () => waiting[0],
      pop: () => { waiting.shift() },
      async fill () {
        let isReadable = true
        while (waiting.length === 0 && !isEnded) isReadable = await fetchMore()
        return isReadable
      },
    }
  }
}

interface Slice { readonly order: DocumentPage['order'], readonly bound: number, readonly batch: number }

function createFetch (connection: Connection): (chain: readonly LayerKeys[], rank: number, collection: string, slice: Slice) => Promise<Candidate[] | undefined> {
  const script = loadScript('layer-page')
  return async (chain, rank, collection, { order, bound, batch }) => {
    const layer = chain[rank]
    if (layer === undefined) return []
    const names = [layer.layer, layer.order(collection), layer.documents(collection)]
    const [isReadable, ...flat] = await connection.run(script, names, [order, bound, batch, rank === 0 ? '0' : '1']) as [number, ...string[]]
    if (isReadable !== 1) return undefined
    return Array.from({ length: flat.length / 2 }, (_, index) => ({ id: flat[index * 2] ?? '', ...splitRow(flat[index * 2 + 1] ?? '') }))
  }
}

/** Replaces rows by what nearer layers hold under the same id; what is deleted or created anew there goes. */
function createResolve (connection: Connection): (nearer: readonly LayerKeys[], collection: string, rows: readonly Candidate[]) => Promise<Candidate[]> {
  return async (nearer, collection, rows) => {
    if (nearer.length === 0 || rows.length === 0) return [...rows]
    const texts = await Promise.all(nearer.map((layer) => connection.ask((client) => client.hmget(layer.documents(collection), ...rows.map((row) => row.id)))))
    return rows.flatMap((row, index) => {
      const text = texts.map((column) => column[index]).find((one) => typeof one === 'string')
      if (typeof text !== 'string') return [row]
      const over = splitRow(text)
      return over.json === '' || over.seq !== row.seq ? [] : [{ id: row.id, ...over }]
    })
  }
}
