import type { Json, JsonObject } from '../../kernel/index.ts'
import type { ApiDocument } from '../openapi/document.ts'
import { readSchema, type SchemaShape } from '../openapi/read-schema.ts'

/** A value as CEL computes with it: integers are bigints. */
export type CelValue = null | boolean | bigint | number | string | readonly CelValue[] | { readonly [key: string]: CelValue }

/** A value that is too large to compute with; keeps expressions cheap whatever a client sends. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge'
}

/** An expression whose value JSON cannot carry: an integer beyond 2^53, NaN, infinity. */
export class NotRepresentable extends Error {
  override readonly name = 'NotRepresentable'
}

const NODES_MAX = 20_000
const LIST_MAX = 1000

/** Turns JSON into CEL values as a schema types them: an `integer` is an int, a `number` a double; what no schema types is an int when whole. */
export type ToCel = (value: Json) => CelValue

/** Converters by schema pointer, each made once. */
export function createCelConverters (document: ApiDocument): (pointer: string | undefined) => ToCel {
  const shapes = new Map<string, SchemaShape>()

  function shapeOf (pointer: string | undefined): SchemaShape | undefined {
    if (pointer === undefined) return undefined
    const known = shapes.get(pointer)
    if (known !== undefined) return known
    const shape = readSchema(document, pointer)
    shapes.set(pointer, shape)
    return shape
  }

  function convert (value: Json, pointer: string | undefined, budget: { nodes: number }): CelValue {
    if (--budget.nodes < 0) throw new TooLarge('too many values to compute with')
    if (typeof value === 'number') return shapeOf(pointer)?.type === 'number' || !Number.isSafeInteger(value) ? value : BigInt(value)
    if (typeof value !== 'object' || value === null) return value
    const shape = shapeOf(pointer)
    if (Array.isArray(value)) {
      if (value.length > LIST_MAX) throw new TooLarge('a list is too long to compute with')
      return value.map(item => convert(item as Json, shape?.items, budget))
    }
    const result = Object.create(null) as Record<string, CelValue>
    for (const [key, child] of Object.entries(value as JsonObject)) result[key] = convert(child, shape?.members.get(key), budget)
    return result
  }

  return pointer => {
    // Objects are never changed in place, so one conversion serves every expression that sees the object.
    const converted = new WeakMap<object, CelValue>()
    return value => {
      if (typeof value !== 'object' || value === null) return convert(value, pointer, { nodes: NODES_MAX })
      const known = converted.get(value)
      if (known !== undefined) return known
      const result = convert(value, pointer, { nodes: NODES_MAX })
      converted.set(value, result)
      return result
    }
  }
}

/** Turns a CEL result back into JSON. Throws NotRepresentable. */
export function fromCel (value: unknown): Json {
  if (typeof value === 'bigint') {
    const number = Number(value)
    if (!Number.isSafeInteger(number)) throw new NotRepresentable('an integer beyond 2^53')
    return number
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotRepresentable('not a finite number')
    return value
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(fromCel)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, child]) => [String(key), fromCel(child)]))
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, fromCel(child)]))
  throw new NotRepresentable('not a JSON value')
}
