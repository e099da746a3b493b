import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { BehaviourSchema, ConfigSchema, productionRequirements, RuleSchema } from '../config/index.ts'

const ROOT = path.dirname(import.meta.dirname)

/** The parts of a schema that the documentation tells. */
interface Documented {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: { readonly [name: string]: Documented }
  readonly required?: readonly string[]
  readonly items?: Documented
  readonly anyOf?: readonly Documented[]
  readonly 'x-means'?: string
  readonly 'x-unit'?: string
}

interface GeneratedFile {
  readonly file: string
  readonly text: string
}

/**
 * Renders what is generated from the schemas: the JSON Schemas that editors use, and docs/config.md with every key.
 *
 * @returns the files with paths relative to the project
 */
export function renderConfigDocs (): readonly GeneratedFile[] {
  return [
    { file: 'config/sandgate.schema.json', text: renderJsonSchema(ConfigSchema, 'Sandgate configuration', true) },
    { file: 'config/rule.schema.json', text: renderJsonSchema(RuleSchema, 'Sandgate abuse rule', false) },
    { file: 'config/behaviour.schema.json', text: renderJsonSchema(BehaviourSchema, 'Sandgate behaviour', false) },
    { file: 'docs/config.md', text: renderReference(ConfigSchema as unknown as Documented) }
  ]
}

/** Names the generated files that differ from what is on disk. */
export function findStaleFiles (): readonly string[] {
  return renderConfigDocs().filter(({ file, text }) => readIfThere(file) !== text).map(({ file }) => file)
}

function readIfThere (file: string): string | undefined {
  try {
    return readFileSync(path.join(ROOT, file), 'utf8')
  } catch {
    return undefined
  }
}

/** A JSON Schema for editors: keys with a default may be left out, and `${NAME}` may stand for any value. */
function renderJsonSchema (schema: object, title: string, hasVariables: boolean): string {
  const relaxed = relax(JSON.parse(JSON.stringify(schema)) as Documented, hasVariables)
  return `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', title, ...relaxed }, null, 2)}\n`
}

function relax (schema: Documented, hasVariables: boolean): Documented {
  const result: Record<string, unknown> = { ...schema }
  const required = schema.required?.filter((name) => !hasDefault(schema.properties?.[name] ?? {}))
  if (required !== undefined) result['required'] = required
  if (schema.properties !== undefined) result['properties'] = mapValues(schema.properties, (member) => relax(member, hasVariables))
  if (schema.items !== undefined) result['items'] = relax(schema.items, hasVariables)
  if (schema.anyOf !== undefined) result['anyOf'] = schema.anyOf.map((branch) => relax(branch, hasVariables))
  return hasVariables && isNarrow(schema) ? allowVariable(result) : result
}

/** True for values that a reference to a variable would not match. */
function isNarrow (schema: Documented): boolean {
  if (schema.const !== undefined) return false
  return schema.type === 'integer' || schema.type === 'boolean' || schema.type === 'array' || schema.enum !== undefined || schema.pattern !== undefined
}

function allowVariable (schema: Documented): Documented {
  const { description, default: value, ...rest } = schema
  return { ...(description === undefined ? {} : { description }), ...(value === undefined ? {} : { default: value }), anyOf: [rest, { type: 'string', pattern: '\\$\\{' }] }
}

function hasDefault (schema: Documented): boolean {
  if (schema.default !== undefined) return true
  return schema.type === 'object' && schema.properties !== undefined && Object.values(schema.properties).every(hasDefault)
}

function mapValues<V, W> (record: { readonly [name: string]: V }, change: (value: V) => W): { [name: string]: W } {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}

const INTRODUCTION = `<!-- Generated from config/schema by tools/generate-config-docs.ts: do not edit. -->
# Configuration

Sandgate reads one YAML file. [config/sandgate.yaml](../config/sandgate.yaml) states every key with its default; a file of
your own needs only the keys that differ. Unknown keys, wrong types and files that do not exist are refused, all at once,
each with its line.

- **Durations** are a whole number and a unit: \`500ms\`, \`30s\`, \`60m\`, \`12h\`, \`7d\`.
- **Variables**: \`\${NAME}\` and \`\${NAME:-default}\` in a value read the environment when the file is loaded; the default
  also stands for an empty variable, and \`$\${\` for the two characters themselves. When \`NAME_FILE\` is set instead, the
  value is the content of the file it names, as Docker and Kubernetes hand over secrets.
- **Overrides**: \`SANDGATE__LIMITS__ADDRESS__LIMIT=50\` goes before \`limits.address.limit\` of the file, and
  \`SANDGATE__KEYS__OPERATOR_TOKEN_FILE=/run/secrets/operator\` reads a file. Lists are JSON or values between commas; a
  number chooses an entry of a list, \`SANDGATE__APIS__0__AUDIENCE\`. Flags go before both.
- **Paths** are relative to the file that states them; from the environment or a flag, to the working directory.
- **Editors** complete and check a file whose first line is \`# yaml-language-server: $schema=./sandgate.schema.json\`.
`

function renderReference (schema: Documented): string {
  const scalars = Object.entries(schema.properties ?? {}).filter(([, member]) => member.type !== 'object')
  const sections = Object.entries(schema.properties ?? {}).filter(([, member]) => member.type === 'object')
  const top = scalars.flatMap(([name, member]) => rowsOf(name, member))
  const parts = sections.map(([name, member]) => `## ${name}\n\n${member.description ?? ''}\n\n${renderTable(membersOf(name, member))}`)
  return [INTRODUCTION, renderTable(top), ...parts, renderProduction()].join('\n')
}

function renderProduction (): string {
  const items = productionRequirements().map(({ path: steps, expected }) => `- \`${steps.join('.')}\`: ${expected}`)
  return `## Production\n\n\`production: true\` refuses to start on development defaults, and demands:\n\n${items.join('\n')}\n`
}

interface Row {
  readonly key: string
  readonly schema: Documented
}

function rowsOf (key: string, schema: Documented): Row[] {
  if (schema.type === 'object') return membersOf(key, schema)
  if (schema.type !== 'array') return [{ key, schema }]
  const alternatives = schema.items?.anyOf ?? (schema.items?.type === 'object' ? [schema.items] : [])
  return [{ key, schema }, ...alternatives.flatMap((item) => membersOf(`${key}[${alternativeName(item)}]`, item))]
}

function membersOf (key: string, schema: Documented): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => rowsOf(`${key}.${name}`, member))
}

/** Tells alternatives apart by their fixed member: `kind=core`. */
function alternativeName (item: Documented): string {
  const fixed = Object.entries(item.properties ?? {}).find(([, member]) => member.const !== undefined)
  return fixed === undefined ? '' : `${fixed[0]}=${String(fixed[1].const)}`
}

function renderTable (rows: readonly Row[]): string {
  const lines = rows.map(({ key, schema }) => `| \`${key}\` | ${typeOf(schema)} | ${defaultOf(schema)} | ${schema['x-unit'] ?? ''} | ${escapeCell(schema.description ?? '')} |`)
  return ['| key | type | default | unit | what |', '|---|---|---|---|---|', ...lines, ''].join('\n')
}

function typeOf (schema: Documented): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => value === '' ? 'empty' : `\`${String(value)}\``).join(', ')
  if (schema.anyOf !== undefined) return schema.anyOf.map(alternativeName).join(' or ')
  if (schema.type === 'object') return 'objects'
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'values' : typeOf(schema.items)}`
  if (schema['x-means'] !== undefined) return schema['x-means'].replaceAll('-', ' ')
  if (schema.type === 'integer') return `whole number, ${String(schema.minimum)} to ${String(schema.maximum)}`
  if (schema.type === 'string') return 'text'
  return schema.type ?? 'any'
}

function defaultOf (schema: Documented): string {
  if (schema.const !== undefined) return ''
  if (schema.default === undefined) return '*required*'
  if (schema.default === '') return 'empty'
  if (Array.isArray(schema.default) && schema.default.some((item) => typeof item === 'object')) return 'see sandgate.yaml'
  return `\`${escapeCell(typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default))}\``
}

function escapeCell (text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

function main (mode: string | undefined): number {
  const stale = findStaleFiles()
  if (mode === '--check') {
    for (const file of stale) process.stderr.write(`${file} is stale: run node tools/generate-config-docs.ts\n`)
    return stale.length === 0 ? 0 : 1
  }
  for (const { file, text } of renderConfigDocs()) writeFileSync(path.join(ROOT, file), text)
  return 0
}

if (import.meta.main) process.exitCode = main(process.argv[2])
