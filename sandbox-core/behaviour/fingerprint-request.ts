import { createHash } from 'node:crypto'
import type { Json } from '../../kernel/index.ts'

/** A digest of method, path and body by which a repeated idempotency key tells the same request from another. The order of members does not matter. */
export function fingerprintRequest (method: string, path: string, query: string, body: Json | undefined): string {
  return createHash('sha256').update(`${method} ${path}?${query}\n${canonicalize(body ?? null)}`).digest('base64url')
}

/** The name an idempotency key is remembered under: a digest, since clients put all sorts of data into keys. */
export function fingerprintKey (api: string, client: string, key: string): string {
  return createHash('sha256').update(JSON.stringify([api, client, key])).digest('base64url')
}

function canonicalize (value: Json): string {
  if (Array.isArray(value)) return `[${value.map(item => canonicalize(item as Json)).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, child]) => `${JSON.stringify(key)}:${canonicalize(child)}`).join()}}`
}
