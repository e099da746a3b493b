import { readdirSync } from 'node:fs'
import path from 'node:path'
import Type, { type Static } from 'typebox'
import type { ConfigProblem } from './problem.ts'
import { isDirectory } from './read-file.ts'
import { readYaml, type ReadLimits, type ReadYamlOutcome, type YamlDocument } from './read-yaml.ts'
import { BehaviourSchema } from './schema/behaviour.ts'
import { RuleSchema } from './schema/rule.ts'

/** OpenAPI documents are generated and large: the largest public ones have some ten megabytes. */
const OPENAPI_LIMITS: ReadLimits = { bytesMax: 33_554_432, depthMax: 256, nodesMax: 4_000_000 }

const OpenApiSchema = Type.Object({
  openapi: Type.String({ pattern: '^3\\.[012]\\.', description: 'The version of OpenAPI, 3.0 to 3.2.' }),
  paths: Type.Object({}, { description: 'The paths of the API.' })
})

/** Every rule of a directory, or every problem of all of them. */
export type LoadRulesOutcome =
  | { readonly kind: 'read', readonly rules: readonly YamlDocument<Static<typeof RuleSchema>>[] }
  | { readonly kind: 'refused', readonly problems: readonly ConfigProblem[] }

/** Reads the abuse rules of a directory, one `.yaml` file each, in the order of their names; other files are passed over. */
export function loadRules (directory: string): LoadRulesOutcome {
  if (!isDirectory(directory)) return { kind: 'refused', problems: [{ file: directory, line: 0, column: 0, path: '', found: 'no such directory', expected: 'a directory of rules', hint: 'See abuse.rules_directory.' }] }
  const files = readdirSync(directory).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.')).sort()
  const outcomes = files.map((name) => readYaml(path.join(directory, name), RuleSchema))
  const problems = outcomes.flatMap((outcome) => outcome.kind === 'refused' ? outcome.problems : [])
  return problems.length > 0 ? { kind: 'refused', problems } : { kind: 'read', rules: outcomes.filter((outcome) => outcome.kind === 'read') }
}

/** Reads the behaviour of a sandboxed API; its expressions are compiled by the sandbox core. */
export function loadBehaviour (file: string): ReadYamlOutcome<Static<typeof BehaviourSchema>> {
  return readYaml(file, BehaviourSchema)
}

/** Reads an OpenAPI document, YAML or JSON; what it says beyond `openapi` and `paths` is judged by the sandbox core. */
export function loadOpenApi (file: string): ReadYamlOutcome<Static<typeof OpenApiSchema>> {
  return readYaml(file, OpenApiSchema, OPENAPI_LIMITS)
}
