import { isRecord, memberSchema, resolveReference, typeNameOf, type Definitions, type SchemaNode } from './schema-node.ts'

export type Branch =
  | { readonly kind: 'branch', readonly schema: SchemaNode }
  | { readonly kind: 'unknown-kind', readonly key: string, readonly values: readonly unknown[] }
  | { readonly kind: 'none' }

/**
 * Chooses the alternative of an `anyOf` that a value was meant as, so that problems are told about that one alone.
 *
 * Objects are told apart by members with one fixed value (`kind: core`), then by the names of their members; other values
 * by their JSON type.
 */
export function pickBranch (schema: SchemaNode, value: unknown, definitions: Definitions): Branch {
  const branches = (schema.anyOf ?? []).map((branch) => resolveReference(branch, definitions).schema)
  const alike = branches.filter((branch) => isAlike(branch, value))
  if (!isRecord(value)) return alike.length === 1 && alike[0] !== undefined ? { kind: 'branch', schema: alike[0] } : { kind: 'none' }
  const fitting = alike.filter((branch) => constants(branch).every(([name, constant]) => !Object.hasOwn(value, name) || value[name] === constant))
  if (fitting.length > 0) return bestOf(fitting, value)
  const key = constants(alike[0] ?? {})[0]?.[0]
  return key === undefined ? { kind: 'none' } : { kind: 'unknown-kind', key, values: alike.map((branch) => branch.properties?.[key]?.const) }
}

function isAlike (branch: SchemaNode, value: unknown): boolean {
  if (branch.const !== undefined) return branch.const === value
  if (branch.enum !== undefined && branch.type === undefined) return branch.enum.includes(value)
  if (branch.type === undefined) return true
  return typeNameOf(value) === (branch.type === 'integer' ? 'number' : branch.type)
}

function constants (branch: SchemaNode): [string, unknown][] {
  return Object.entries(branch.properties ?? {}).filter(([, member]) => member.const !== undefined).map(([name, member]) => [name, member.const])
}

function bestOf (branches: readonly SchemaNode[], value: { [name: string]: unknown }): Branch {
  const scored = branches.map((schema) => ({ schema, score: Object.keys(value).filter((name) => memberSchema(schema, name) !== undefined).length + constants(schema).filter(([name, constant]) => value[name] === constant).length }))
  const best = Math.max(...scored.map(({ score }) => score))
  const winners = scored.filter(({ score }) => score === best)
  const winner = winners[0]
  return winner !== undefined && winners.length === 1 ? { kind: 'branch', schema: winner.schema } : { kind: 'none' }
}
