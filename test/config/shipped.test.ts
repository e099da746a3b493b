import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { ConfigSchema, shippedConfigFile } from '../../config/index.ts'
import { fillDefaults } from '../../config/validation/fill-defaults.ts'
import { findStaleFiles, renderConfigDocs } from '../../tools/generate-config-docs.ts'

interface Described {
  readonly description?: string
  readonly properties?: { readonly [name: string]: Described }
  readonly items?: Described
  readonly anyOf?: readonly Described[]
  readonly additionalProperties?: boolean
}

const shipped: unknown = parse(readFileSync(shippedConfigFile, 'utf8'))

function keysOf (value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [at]
  return Object.entries(value).flatMap(([name, member]) => keysOf(member, `${at}/${name}`))
}

t.test('the shipped file states every key, each with the default of the schema', async (t) => {
  const defaults = fillDefaults(ConfigSchema, {})
  t.same(keysOf(shipped).sort(), keysOf(defaults).sort())
  t.same(shipped, defaults)
})

t.test('the shipped file states the keys in the order of the schema', async (t) => {
  t.same(Object.keys(shipped as object), Object.keys(ConfigSchema.properties))
})

t.test('every key has a description, and every object refuses unknown keys', async (t) => {
  const visit = (schema: Described, at: string): void => {
    if (at !== '' && schema.anyOf === undefined) t.ok(schema.description, at)
    if (schema.properties !== undefined) t.equal(schema.additionalProperties, false, at)
    for (const [name, member] of Object.entries(schema.properties ?? {})) visit(member, `${at}/${name}`)
    if (schema.items !== undefined) visit(schema.items, `${at}/*`)
    for (const branch of schema.anyOf ?? []) visit(branch, at)
  }
  visit(ConfigSchema as Described, '')
})

t.test('the JSON Schemas and docs/config.md are fresh', async (t) => {
  t.same(findStaleFiles(), [], 'run node tools/generate-config-docs.ts')
})

t.test('docs/config.md has every key of the shipped file', async (t) => {
  const reference = renderConfigDocs().find(({ file }) => file === 'docs/config.md')?.text ?? ''
  const keys = keysOf(shipped).filter((key) => !/\/\d+/.test(key)).map((key) => key.slice(1).replaceAll('/', '.'))
  t.ok(keys.length > 60)
  for (const key of keys) t.ok(reference.includes(`| \`${key}\` |`), key)
})
