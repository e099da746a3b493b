import type { Static, TSchema } from 'typebox'
import type { ConfigProblem, Location, Path, Violation } from './problem.ts'
import { formatFound, formatPath } from './problem.ts'
import { readFile } from './read-file.ts'
import { fillDefaults } from './validation/fill-defaults.ts'
import { validate } from './validation/validate.ts'
import { parseYaml, type ParsedYaml, type YamlLimits } from './yaml/parse-yaml.ts'

/** A document that was read and fits its schema. */
export interface YamlDocument<T> {
  readonly kind: 'read'
  readonly file: string
  /** With the defaults of the schema filled in; deeply frozen. */
  readonly value: T
  /** Finds the line of a value, so that later problems can point at it. */
  readonly locate: (path: Path) => Location
}

export type ReadYamlOutcome<T> = YamlDocument<T> | { readonly kind: 'refused', readonly problems: readonly ConfigProblem[] }

export interface ReadLimits extends YamlLimits {
  readonly bytesMax: number
}

/** What a file written by hand needs at most. */
const HAND_WRITTEN: ReadLimits = { bytesMax: 1_048_576, depthMax: 64, nodesMax: 100_000 }

/** What a problem found after loading is told as: by the folders that compile rules, behaviours and OpenAPI documents. */
export interface CompileProblem {
  readonly path: Path
  readonly message: string
  readonly hint?: string
}

/**
 * Reads a YAML file, fills in the defaults of its schema and checks it.
 *
 * @returns the value and a way back to its lines, or every problem
 */
export function readYaml<T extends TSchema> (file: string, schema: T, limits: ReadLimits = HAND_WRITTEN): ReadYamlOutcome<Static<T>> {
  const parsed = readParsed(file, limits)
  if (parsed.kind === 'refused') return parsed
  const value = fillDefaults(schema, parsed.yaml.value)
  const violations = validate(schema, value)
  if (violations.length > 0) return { kind: 'refused', problems: violations.map((violation) => locateViolation(file, parsed.yaml, violation)) }
  return { kind: 'read', file, value: freezeDeep(value) as Static<T>, locate: parsed.yaml.locate }
}

/** Reads and parses a file without checking it against a schema. */
export function readParsed (file: string, limits: ReadLimits = HAND_WRITTEN): { readonly kind: 'parsed', readonly yaml: ParsedYaml } | { readonly kind: 'refused', readonly problems: readonly ConfigProblem[] } {
  const content = readFile(file, limits.bytesMax)
  return content.kind === 'refused' ? { kind: 'refused', problems: [content.problem] } : parseYaml(content.text, file, limits)
}

/** Gives a violation its place in a file. */
export function locateViolation (file: string, yaml: ParsedYaml, violation: Violation): ConfigProblem {
  const { path, part, found, expected, hint } = violation
  return { file, ...yaml.locate(path, part), path: formatPath(path), found, expected, hint }
}

/** Gives problems that were found while compiling a document their place in its file. */
export function locateProblems (document: Pick<YamlDocument<unknown>, 'file' | 'value' | 'locate'>, problems: readonly CompileProblem[]): readonly ConfigProblem[] {
  return problems.map(({ path, message, hint }) => ({
    file: document.file, ...document.locate(path), path: formatPath(path), found: formatFound(valueAt(document.value, path)), expected: message, hint: hint ?? ''
  }))
}

function valueAt (value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => typeof at === 'object' && at !== null && Object.hasOwn(at, step) ? (at as { [step: string]: unknown })[step] : undefined, value)
}

function freezeDeep (value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) freezeDeep(member)
  return Object.freeze(value)
}
