import type { Json } from '../../kernel/index.ts'

/** A scalar as text; nothing for null, lists and objects, which are no ids and no states. */
export function textOf (value: Json | undefined): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
