import type { Json } from '../../../kernel/index.ts'

const LENGTH_MAX = 300

/** A value in a cell of a table: words, not JSON, where that is enough; control characters replaced. */
export function showValue (value: Json): string {
  return cut(stripControls(show(value)))
}

function show (value: Json): string {
  if (value === null) return '–'
  if (typeof value === 'string') return value === '' ? '(empty)' : value
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : (value as readonly Json[]).map(show).join(', ')
  if (typeof value === 'object') return Object.entries(value).map(([name, member]) => `${name}: ${show(member)}`).join('; ')
  return String(value)
}

/** Keeps what another machine sent from writing to a terminal or turning the direction of text. */
export function stripControls (text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
}

function cut (text: string): string {
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text
}
