import type { TSchema } from 'typebox'
import { pickBranch } from './pick-branch.ts'
import { isRecord, memberSchema, resolveReference, type Definitions, type SchemaNode } from './schema-node.ts'

/**
 * Completes a value with the defaults of its schema and returns a new value; what is wrong with it is left as it is.
 *
 * A missing object is made of its members' defaults when it is required or has a default.
 */
export function fillDefaults (schema: TSchema, value: unknown): unknown {
  return fill(schema, value, {})
}

function fill (node: SchemaNode, value: unknown, outer: Definitions): unknown {
  const { schema, definitions } = resolveReference(node, outer)
  if (schema.anyOf !== undefined) {
    const branch = pickBranch(schema, value, definitions)
    return branch.kind === 'branch' ? fill(branch.schema, value, definitions) : value
  }
  if (Array.isArray(value)) return schema.items === undefined ? value : value.map((item) => fill(schema.items ?? {}, item, definitions))
  return isRecord(value) ? fillObject(schema, value, definitions) : value
}

function fillObject (schema: SchemaNode, value: { readonly [name: string]: unknown }, definitions: Definitions): unknown {
  const result: Record<string, unknown> = {}
  for (const name of Object.keys(schema.properties ?? {})) {
    const filled = Object.hasOwn(value, name) ? undefined : defaultOf(schema, name, definitions)
    if (filled !== undefined) result[name] = filled
  }
  for (const [name, member] of Object.entries(value)) {
    result[name] = fill(memberSchema(schema, name) ?? {}, member, definitions)
  }
  return inSchemaOrder(schema, result)
}

/** The value of a member that is not given, or undefined when it has none. */
function defaultOf (parent: SchemaNode, name: string, outer: Definitions): unknown {
  const { schema, definitions } = resolveReference(parent.properties?.[name] ?? {}, outer)
  if (schema.default !== undefined) return fill(schema, structuredClone(schema.default), definitions)
  const isWanted = parent.required?.includes(name) === true
  return isWanted && schema.type === 'object' && schema.properties !== undefined ? fillObject(schema, {}, definitions) : undefined
}

function inSchemaOrder (schema: SchemaNode, value: { readonly [name: string]: unknown }): Record<string, unknown> {
  const known = Object.keys(schema.properties ?? {}).filter((name) => Object.hasOwn(value, name))
  const others = Object.keys(value).filter((name) => !known.includes(name))
  return Object.fromEntries([...known, ...others].map((name) => [name, value[name]]))
}
