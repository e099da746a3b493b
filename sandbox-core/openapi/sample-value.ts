import type { Json } from '../../kernel/index.ts'
import type { ApiDocument } from './document.ts'
import { readSchema, type SchemaShape } from './read-schema.ts'

const DEPTH_MAX = 6

/**
 * The plainest value that a schema takes: its constant, default or first enum value, null where allowed, else an empty or
 * least value with its required members. The same for every call: samples hold nothing random.
 */
export function sampleValue (document: ApiDocument, pointer: string, depth = 0): Json {
  const shape = readSchema(document, pointer)
  if (shape.hasConst && shape.preset !== undefined) return shape.preset
  if (shape.isPresetDefault && shape.preset !== undefined) return shape.preset
  if (shape.isNullable) return null
  if (shape.preset !== undefined) return shape.preset
  if (shape.type === 'object') return depth >= DEPTH_MAX ? {} : sampleObject(document, shape, depth)
  if (shape.type === 'array') return sampleArray(document, shape, depth)
  if (shape.type === 'integer' || shape.type === 'number') return numberOf(shape.node['minimum']) ?? 0
  if (shape.type === 'boolean') return false
  return sampleText(shape)
}

function sampleObject (document: ApiDocument, shape: SchemaShape, depth: number): Json {
  return Object.fromEntries([...shape.members].filter(([name]) => shape.required.has(name)).map(([name, member]) => [name, sampleValue(document, member, depth + 1)]))
}

function sampleArray (document: ApiDocument, shape: SchemaShape, depth: number): Json {
  const count = Math.min(numberOf(shape.node['minItems']) ?? 0, 3)
  if (shape.items === undefined || depth >= DEPTH_MAX) return []
  const { items } = shape
  return Array.from({ length: count }, () => sampleValue(document, items, depth + 1))
}

function sampleText (shape: SchemaShape): string {
  if (shape.format === 'date-time') return '2026-01-01T00:00:00Z'
  if (shape.format === 'date') return '2026-01-01'
  if (shape.format === 'uuid') return '00000000-0000-4000-8000-000000000000'
  if (shape.format === 'email') return 'someone@example.test'
  if (shape.format === 'uri' || shape.format === 'url') return 'https://example.test/'
  const { examples } = shape.node
  const example: Json | undefined = shape.node['example'] ?? (Array.isArray(examples) ? examples[0] as Json : undefined)
  if (typeof example === 'string') return example
  return 'x'.repeat(Math.min(numberOf(shape.node['minLength']) ?? 0, 1000))
}

function numberOf (value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
