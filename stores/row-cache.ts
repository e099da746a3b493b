import type { DocumentRow } from './document-row.ts'

/** Rows by the layer, collection and id that hold them. `null`: known to hold none. Undefined: not known. */
export interface RowCache {
  readonly get: (key: string) => DocumentRow | null | undefined
  readonly set: (key: string, row: DocumentRow | null, textLength: number) => void
  readonly delete: (key: string) => void
  readonly clear: () => void
}

/** What an entry costs beside its text. */
const OVERHEAD = 200

/**
 * Keeps what was read lately, parsed, within `lengthMax` characters of text. Two generations instead of a list of uses: when
 * the young one is full the old one is forgotten, and what is read from the old one becomes young again.
 */
export function createRowCache (lengthMax: number): RowCache {
  let young = new Map<string, { row: DocumentRow | null, length: number }>()
  let old = young
  let length = 0

  function add (key: string, entry: { row: DocumentRow | null, length: number }): void {
    if (length + entry.length > lengthMax / 2) {
      old = young
      young = new Map()
      length = 0
    }
    young.set(key, entry)
    length += entry.length
  }

  return {
    get (key) {
      const entry = young.get(key)
      if (entry !== undefined) return entry.row
      const aged = old.get(key)
      if (aged !== undefined) add(key, aged)
      return aged?.row
    },
    set (key, row, textLength) {
      if (textLength <= lengthMax / 16) add(key, { row, length: textLength + OVERHEAD })
      else this.delete(key)
    },
    delete (key) {
      young.delete(key)
      old.delete(key)
    },
    clear () {
      young = new Map()
      old = young
      length = 0
    },
  }
}

/** The key of a row: no two rows share one, because a layer's id and a length hold no colon. */
export function rowKey (layer: string, collection: string, id: string): string {
  return `${layer}:${collection.length}:${collection}${id}`
}
