import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { check, type ConfigDocument } from './check/check.ts'
import { judgeDevelopmentDefaults } from './check/development-defaults.ts'
import type { Config } from './config.ts'
import { describeSettings, type Setting } from './describe-settings.ts'
import { coerce } from './environment/coerce.ts'
import { applyOverrides, collectOverrides, parsePath, schemaAt, type Override } from './environment/collect-overrides.ts'
import { interpolate } from './environment/interpolate.ts'
import { readVariables } from './environment/read-variables.ts'
import { formatPath, type ConfigProblem, type Path, type Violation } from './problem.ts'
import { locateViolation, readParsed } from './read-yaml.ts'
import { ConfigSchema } from './schema/config.ts'
import { translate } from './translate.ts'
import { fillDefaults } from './validation/fill-defaults.ts'
import { isRecord, type SchemaNode } from './validation/schema-node.ts'
import { didYouMean } from './validation/suggest.ts'
import { validate } from './validation/validate.ts'
import { rootProblem, type ParsedYaml } from './yaml/parse-yaml.ts'

export interface LoadOptions {
  /** The configuration file; absent: the shipped one, which states the defaults. */
  readonly file?: string
  readonly environment: { readonly [name: string]: string | undefined }
  /** Flags, which go before environment and file: `{ path: 'limits.address.limit', value: '50' }`. */
  readonly overrides?: readonly { readonly path: string, readonly value: unknown }[]
}

export type LoadOutcome =
  | { readonly kind: 'loaded', readonly config: Config, readonly file: string, readonly warnings: readonly ConfigProblem[], readonly settings: readonly Setting[] }
  | { readonly kind: 'refused', readonly problems: readonly ConfigProblem[] }

/** The file with every default, beside this one. */
export const shippedConfigFile = path.join(path.dirname(fileURLToPath(import.meta.url)), 'sandgate.yaml')

const schema = ConfigSchema as unknown as SchemaNode

/**
 * Loads the configuration: the file, then `SANDGATE__SECTION__KEY` variables over it, then flags, then defaults for the rest.
 *
 * @returns the frozen configuration, development defaults to announce, and each key's value and origin; or every problem
 */
export function loadConfig (options: LoadOptions): LoadOutcome {
  const file = options.file ?? shippedConfigFile
  const fromEnvironment = collectOverrides(options.environment, schema)
  const fromFlags = collectFlags(options.overrides ?? [])
  const early = [...fromEnvironment.problems, ...fromFlags.problems]
  const parsed = readParsed(file)
  if (parsed.kind === 'refused') return { kind: 'refused', problems: [...parsed.problems, ...early] }
  if (parsed.yaml.value !== null && !isRecord(parsed.yaml.value)) return { kind: 'refused', problems: [rootProblem(file, parsed.yaml.value, 'an object of sections such as listen and tls'), ...early] }
  const sources: Sources = { file, yaml: parsed.yaml, overrides: [...fromEnvironment.overrides, ...fromFlags.overrides] }
  return judge(sources, options.environment, early)
}

interface Sources {
  readonly file: string
  readonly yaml: ParsedYaml
  readonly overrides: readonly Override[]
}

function judge (sources: Sources, environment: LoadOptions['environment'], early: readonly ConfigProblem[]): LoadOutcome {
  const interpolated = interpolate(sources.yaml.value ?? {}, readVariables(environment))
  const typed = [...interpolated.fromVariables].reduce((value, at) => coerceAt(value, JSON.parse(at) as Path), interpolated.value)
  const document = fillDefaults(ConfigSchema, applyOverrides(schema, typed, sources.overrides.map(coerceOverride)))
  const structural = [...interpolated.violations, ...validate(ConfigSchema, document).filter(isNew(interpolated.violations))]
  const baseDirectory = (at: Path): string => baseOf(sources, at)
  const crossed = check(document as ConfigDocument, structural, { resolve: (at, text) => path.resolve(baseDirectory(at), text) })
  const defaults = judgeDevelopmentDefaults(document as ConfigDocument, structural)
  const violations = [...structural, ...crossed, ...defaults.problems.filter(isNew(crossed))]
  const problems = [...violations.map((violation) => place(sources, violation)).sort(byPlace), ...early]
  if (problems.length > 0) return { kind: 'refused', problems }
  const config = translate(schema, document, baseDirectory) as Config
  return { kind: 'loaded', config: withIssuer(config), file: sources.file, warnings: defaults.warnings.map((warning) => place(sources, warning)), settings: describeSettings(schema, document, (at) => originOf(sources, at)) }
}

/** Leaves out what has been told about the same key already. */
function isNew (told: readonly Violation[]): (violation: Violation) => boolean {
  const paths = new Set(told.map((violation) => formatPath(violation.path)))
  return (violation) => !paths.has(formatPath(violation.path))
}

function collectFlags (flags: NonNullable<LoadOptions['overrides']>): { overrides: Override[], problems: ConfigProblem[] } {
  const overrides: Override[] = []
  const problems: ConfigProblem[] = []
  for (const flag of flags) {
    const at = parsePath(flag.path)
    const origin = `flag ${flag.path}`
    const target = schemaAt(schema, at)
    if ('schema' in target) overrides.push({ path: at, value: flag.value, origin })
    else problems.push({ file: origin, line: 0, column: 0, path: flag.path, found: `the unknown key ${target.unknown}`, expected: target.known.length === 0 ? 'a key of the configuration' : `one of ${target.known.join(', ')}`, hint: didYouMean(target.unknown, target.known) })
  }
  return { overrides, problems }
}

function coerceOverride (override: Override): Override {
  const target = schemaAt(schema, override.path)
  return typeof override.value === 'string' && 'schema' in target ? { ...override, value: coerce(target.schema, override.value) } : override
}

function coerceAt (value: unknown, at: Path): unknown {
  const target = schemaAt(schema, at)
  const text = at.reduce<unknown>((node, step) => (node as { [step: string]: unknown })[step], value)
  return typeof text === 'string' && 'schema' in target ? applyOverrides(schema, value, [{ path: at, value: coerce(target.schema, text), origin: '' }]) : value
}

function overrideOf (sources: Sources, at: Path): Override | undefined {
  return sources.overrides.findLast(({ path: target }) => target.length <= at.length && target.every((step, index) => String(step) === String(at[index])))
}

function originOf (sources: Sources, at: Path): string {
  return overrideOf(sources, at)?.origin ?? (sources.yaml.has(at) ? sources.file : 'default')
}

/** A path in the file is relative to the file, a default to the shipped file, and one typed by hand to the working directory. */
function baseOf (sources: Sources, at: Path): string {
  if (overrideOf(sources, at) !== undefined) return path.resolve('.')
  return path.dirname(sources.yaml.has(at) ? sources.file : shippedConfigFile)
}

function place (sources: Sources, violation: Violation): ConfigProblem {
  const override = overrideOf(sources, violation.path)
  if (override === undefined) return locateViolation(sources.file, sources.yaml, violation)
  const { found, expected, hint } = violation
  return { file: override.origin, line: 0, column: 0, path: formatPath(violation.path), found, expected, hint }
}

function byPlace (a: ConfigProblem, b: ConfigProblem): number {
  return a.line - b.line || a.column - b.column
}

/** The issuer follows from the public door; with port 0 it is known only when the door is open, and stays empty. */
function withIssuer (config: Config): Config {
  const { public: door, publicHost } = config.listen
  if (config.profile.issuer !== '' || door.port === 0) return config
  const host = publicHost.includes(':') ? `[${publicHost}]` : publicHost
  const issuer = new URL(`https://${host}:${door.port}`).origin
  return Object.freeze({ ...config, profile: Object.freeze({ ...config.profile, issuer }) })
}
