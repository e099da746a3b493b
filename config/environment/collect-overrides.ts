import type { ConfigProblem, Path } from '../problem.ts'
import { pickBranch } from '../validation/pick-branch.ts'
import { isRecord, memberSchema, type SchemaNode } from '../validation/schema-node.ts'
import { didYouMean } from '../validation/suggest.ts'
import { readSecretFile } from './read-variables.ts'

/** A value that goes before the file's. */
export interface Override {
  readonly path: Path
  readonly value: unknown
  /** Where it came from, as it is told in problems. */
  readonly origin: string
}

export interface CollectedOverrides {
  readonly overrides: readonly Override[]
  readonly problems: readonly ConfigProblem[]
}

const PREFIX = 'SANDGATE__'

/**
 * Reads the overrides of an environment: `SANDGATE__LIMITS__ADDRESS__LIMIT=50` sets `limits.address.limit`, a number
 * chooses an entry of a list, and `..._FILE` names a file that holds the value, unless a key of that name exists.
 *
 * A name that no key has is refused, because a misspelt override would silently keep the old value.
 */
export function collectOverrides (environment: { readonly [name: string]: string | undefined }, schema: SchemaNode): CollectedOverrides {
  const overrides: Override[] = []
  const problems: ConfigProblem[] = []
  for (const name of Object.keys(environment).filter((key) => key.startsWith(PREFIX)).sort()) {
    const value = environment[name]
    if (value === undefined) continue
    const outcome = readOverride(name, value, schema)
    if ('problem' in outcome) problems.push(outcome.problem)
    else overrides.push(outcome)
  }
  return { overrides, problems }
}

/** Turns the path of a flag, `limits.address.limit` or `apis[0].audience`, into steps. */
export function parsePath (text: string): Path {
  return text.replaceAll(/\[(\d+)\]/g, '.$1').split('.').filter((step) => step !== '').map(toStep)
}

/** The schema at a path, or the first step that does not exist and its neighbours. */
export function schemaAt (schema: SchemaNode, path: Path): { readonly schema: SchemaNode } | { readonly unknown: string, readonly known: readonly string[] } {
  let at = schema
  for (const step of path) {
    const next = stepInto(at, step)
    if (next === undefined) return { unknown: String(step), known: Object.keys(at.properties ?? {}) }
    at = next
  }
  return { schema: at }
}

function readOverride (name: string, value: string, schema: SchemaNode): Override | { readonly problem: ConfigProblem } {
  const origin = `environment ${name}`
  const path = name.slice(PREFIX.length).toLowerCase().split('__').map(toStep)
  const target = schemaAt(schema, path)
  if ('schema' in target) return { path, value, origin }
  const last = path.at(-1)
  if (typeof last === 'string' && last.endsWith('_file')) {
    const filePath = [...path.slice(0, -1), last.slice(0, -'_file'.length)]
    if ('schema' in schemaAt(schema, filePath)) {
      const content = readSecretFile(value)
      return 'problem' in content ? { problem: { ...content.problem, file: origin } } : { path: filePath, value: content.value, origin }
    }
  }
  return { problem: { file: origin, line: 0, column: 0, path: '', found: `the unknown key ${target.unknown}`, expected: target.known.length === 0 ? 'a key of the configuration' : `one of ${target.known.join(', ')}`, hint: didYouMean(target.unknown, target.known) } }
}

function toStep (step: string): string | number {
  return /^\d{1,4}$/.test(step) ? Number(step) : step
}

function stepInto (schema: SchemaNode, step: string | number): SchemaNode | undefined {
  if (schema.anyOf !== undefined) return schema.anyOf.map((branch) => stepInto(branch, step)).find((found) => found !== undefined)
  if (schema.type === 'array') return typeof step === 'number' ? schema.items : undefined
  return typeof step === 'string' ? schema.properties?.[step] : undefined
}

/** Writes overrides into a copy of a document's value; lists that the document leaves to their default are made first. */
export function applyOverrides (schema: SchemaNode, value: unknown, overrides: readonly Override[]): unknown {
  let result = value
  for (const override of overrides) result = setAt(schema, result, override.path, override.value)
  return result
}

function setAt (schema: SchemaNode, value: unknown, path: Path, replacement: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return replacement
  if (schema.anyOf !== undefined) {
    const branch = pickBranch(schema, value, {})
    return branch.kind === 'branch' ? setAt(branch.schema, value, path, replacement) : value
  }
  if (typeof step === 'number') return setItem(schema, value, step, rest, replacement)
  const object = isRecord(value) ? value : {}
  return { ...object, [step]: setAt(memberSchema(schema, step) ?? {}, object[step], rest, replacement) }
}

function setItem (schema: SchemaNode, value: unknown, index: number, rest: Path, replacement: unknown): unknown {
  const given: unknown = Array.isArray(value) ? value : structuredClone(schema.default)
  const list: unknown[] = Array.isArray(given) ? [...given as unknown[]] : []
  list[Math.min(index, list.length)] = setAt(schema.items ?? {}, list[index], rest, replacement)
  return list
}
