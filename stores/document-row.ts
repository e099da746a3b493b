import { isDeepStrictEqual } from 'node:util'
import type { DocumentPage, StoredDocument } from './ports.ts'
import type { Json, JsonObject } from '../kernel/index.ts'

/** A document as one layer holds it. `body: null` says that the layer deleted it. */
export interface DocumentRow { readonly version: number, readonly seq: number, readonly body: JsonObject | null }

/** The public form of a row; undefined for a deleted or absent document. */
export function toDocument (id: string, row: DocumentRow | null | undefined): StoredDocument | undefined {
  if (row === null || row === undefined || row.body === null) return undefined
  return { id, body: row.body, version: row.version, seq: row.seq }
}

/** Decides whether a document is on a page, first by its text (cheap, may say yes too often), then by its members. */
export interface RowFilter {
  readonly mayMatchText: (text: string) => boolean
  readonly matches: (body: JsonObject) => boolean
}

/**
 * `where` as a filter. Texts are written by JSON.stringify, so a scalar member shows in them letter by letter and most
 * documents are passed over without being parsed.
 */
export function createRowFilter (where: DocumentPage['where']): RowFilter {
  const conditions = Object.entries(where ?? {})
  const needles = conditions.filter(([, value]) => isScalar(value)).map(([member, value]) => `${JSON.stringify(member)}:${JSON.stringify(value)}`)
  return {
    mayMatchText: (text) => needles.every((needle) => text.includes(needle)),
    matches: (body) => conditions.every(([member, value]) => Object.hasOwn(body, member) && isSame(body[member], value)),
  }
}

function isSame (found: Json | undefined, wanted: Json): boolean {
  return found === wanted || (!isScalar(wanted) && isDeepStrictEqual(found, wanted))
}

function isScalar (value: Json): boolean {
  return typeof value !== 'object' || value === null
}
