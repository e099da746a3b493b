import type { Meaning } from '../schema/fields.ts'

/** A JSON Schema as the walkers of this folder read it; TypeBox schemas are such objects. */
export interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: { readonly [name: string]: SchemaNode }
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | SchemaNode
  readonly patternProperties?: { readonly [pattern: string]: SchemaNode }
  readonly minProperties?: number
  readonly items?: SchemaNode
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly anyOf?: readonly SchemaNode[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly $ref?: string
  readonly $defs?: { readonly [name: string]: SchemaNode }
  readonly 'x-means'?: Meaning
  readonly 'x-unit'?: string
  readonly 'x-shape'?: string
  readonly 'x-minimum-ms'?: number
  readonly 'x-maximum-ms'?: number
  readonly 'x-minimum-length'?: number
}

/** Named schemas that `$ref` may name. */
export type Definitions = NonNullable<SchemaNode['$defs']>

/** Follows a `$ref` (TypeBox's `Cyclic`) to the schema it names, and gathers the definitions in reach. */
export function resolveReference (schema: SchemaNode, definitions: Definitions): { schema: SchemaNode, definitions: Definitions } {
  const known = schema.$defs === undefined ? definitions : { ...definitions, ...schema.$defs }
  const target = schema.$ref === undefined ? undefined : known[schema.$ref]
  return target === undefined ? { schema, definitions: known } : { schema: target, definitions: known }
}

/** The schema of one member of an object: a named one, one by pattern, or the one for all others. */
export function memberSchema (schema: SchemaNode, name: string): SchemaNode | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) return schema.properties[name]
  for (const [pattern, member] of Object.entries(schema.patternProperties ?? {})) {
    if (new RegExp(pattern, 'u').test(name)) return member
  }
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties
  const isClosed = schema.additionalProperties === false || schema.patternProperties !== undefined
  return isClosed ? undefined : {}
}

/** The name that JSON Schema has for the type of a value; a whole number is a `number` here. */
export function typeNameOf (value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** True for an object that is no array. */
export function isRecord (value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
