import { findPathConflicts, loadBehaviour, loadOpenApi, loadRules, locateProblems, type Config, type ConfigProblem } from '../config/index.ts'
import { compileApi, type CompiledApi } from '../sandbox-core/index.ts'
import { compileRules, type CompiledRule } from './abuse/index.ts'

/** Rules and APIs, compiled. */
export interface LoadedDefinitions {
  readonly rules: readonly CompiledRule[]
  readonly apis: readonly CompiledApi[]
}

/**
 * Reads and compiles everything that the configuration points at: abuse rules, OpenAPI documents, behaviours. All problems are
 * reported at once, each at its place in its file.
 */
export function loadDefinitions (config: Config, file: string): { readonly kind: 'loaded', readonly definitions: LoadedDefinitions } | { readonly kind: 'refused', readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = []
  const rules = compileRuleFiles(config.abuse.rulesDirectory, problems)
  const apis = config.apis.filter((api) => api.kind === 'core').flatMap((api) => compileCoreApi(api, problems))
  problems.push(...findConflicts(config, apis).map((conflict): ConfigProblem => ({ file, line: 0, column: 0, path: 'apis', found: conflict, expected: 'paths that one API alone serves', hint: 'Change the path, or the prefix of the upstream.' })))
  return problems.length === 0 ? { kind: 'loaded', definitions: { rules, apis } } : { kind: 'refused', problems }
}

function compileRuleFiles (directory: string, problems: ConfigProblem[]): readonly CompiledRule[] {
  const read = loadRules(directory)
  if (read.kind === 'refused') {
    problems.push(...read.problems)
    return []
  }
  const compiled = compileRules(read.rules.map(({ file, value }) => ({ file, value })))
  for (const rule of read.rules) problems.push(...locateProblems(rule, compiled.problems.filter(({ file }) => file === rule.file)))
  return compiled.rules
}

function compileCoreApi (api: Extract<Config['apis'][number], { kind: 'core' }>, problems: ConfigProblem[]): readonly CompiledApi[] {
  const document = loadOpenApi(api.openapi)
  const behaviour = api.behaviour === '' ? undefined : loadBehaviour(api.behaviour)
  if (document.kind === 'refused') problems.push(...document.problems)
  if (behaviour?.kind === 'refused') problems.push(...behaviour.problems)
  if (document.kind === 'refused' || behaviour?.kind === 'refused') return []
  const compiled = compileApi({ name: api.name, openapi: document.value, behaviour: behaviour?.value })
  if (compiled.kind === 'compiled') return [compiled.api]
  const located = compiled.problems.map(({ path, ...rest }) => ({ ...rest, path: stepsOf(path) }))
  // A document that cannot be used alone is what is wrong, whatever lies beside it.
  const isOfDocument = behaviour === undefined || compileApi({ name: api.name, openapi: document.value }).kind === 'refused'
  problems.push(...locateProblems(isOfDocument ? document : behaviour, located))
  return []
}

function findConflicts (config: Config, compiled: readonly CompiledApi[]): readonly string[] {
  const served = config.apis.map((api) => api.kind === 'upstream'
    ? { name: api.name, prefix: api.prefix }
    : { name: api.name, paths: compiled.find(({ name }) => name === api.name)?.model.operations.map(({ operation }) => operation.path) ?? [] })
  return findPathConflicts(served, Object.values(config.profile.paths))
}

/** The steps of a JSON Pointer (RFC 6901 §4). */
function stepsOf (pointer: string): readonly (string | number)[] {
  return pointer.split('/').slice(1).map((token) => /^\d+$/.test(token) ? Number(token) : token.replaceAll('~1', '/').replaceAll('~0', '~'))
}
