import type { JsonObject } from '../../kernel/index.ts'
import type { DocumentRow } from '../document-row.ts'

/** A row as the scripts store it, `<version> <seq> <json>`, without being parsed further. No json: the layer deleted it. */
export interface RowText { readonly version: number, readonly seq: number, readonly json: string }

export function splitRow (text: string): RowText {
  const first = text.indexOf(' ')
  const second = text.indexOf(' ', first + 1)
  return { version: Number(text.slice(0, first)), seq: Number(text.slice(first + 1, second)), json: text.slice(second + 1) }
}

export function parseRow (text: string): DocumentRow {
  const { version, seq, json } = splitRow(text)
  return { version, seq, body: json === '' ? null : JSON.parse(json) as JsonObject }
}
