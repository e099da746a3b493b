import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import { appendPointer } from '../../kernel/index.ts'
import type { ApiDocument, SupportNote } from './document.ts'
import { compilePattern } from './bounded-pattern.ts'

/** Requests need no read-only members, responses no write-only ones (OpenAPI 3.1 §4.8.24). */
export type Direction = 'request' | 'response'

/** Their content is data, not schemas. */
const DATA_KEYWORDS = new Set(['example', 'examples', 'default', 'enum', 'const', 'x-examples'])
/** Their children are named by the document, not by JSON Schema. */
const NAME_MAPS = new Set(['properties', 'patternProperties', '$defs', 'schemas', 'definitions', 'dependentSchemas'])
const UNSUPPORTED = new Map([
  ['$dynamicRef', 'not followed'],
  ['contentEncoding', 'not checked'],
  ['contentSchema', 'not checked'],
  ['discriminator', 'not used to choose a branch; oneOf and anyOf are checked as they stand'],
])

/**
 * The document as JSON Schema 2020-12 can be compiled from it, for one direction: 3.0's `nullable` and boolean bounds become
 * their 3.1 forms, patterns that RE2 cannot run are removed, and each loss is noted.
 */
export function normalizeDocument (document: ApiDocument, direction: Direction, notes: SupportNote[]): JsonObject {
  const isOld = document.version === '3.0'

  function visit (node: Json, pointer: string, isNameMap: boolean): Json {
    if (Array.isArray(node)) return node.map((child, index) => visit(child as Json, appendPointer(pointer, index), false))
    if (!isJsonObject(node)) return node
    if (!isNameMap && typeof node['$ref'] === 'string' && (isOld || !node['$ref'].startsWith('#'))) return node['$ref'].startsWith('#') ? { $ref: node['$ref'] } : {}
    const entries: [string, Json][] = []
    for (const [key, child] of Object.entries(node)) {
      const at = appendPointer(pointer, key)
      if (isNameMap) entries.push([key, visit(child, at, false)])
      else if (DATA_KEYWORDS.has(key)) entries.push([key, child])
      else if (!isDropped(key, child, at, notes)) entries.push([key, visit(child, at, NAME_MAPS.has(key))])
    }
    const copy = Object.fromEntries(entries) as Record<string, Json>
    if (isNameMap) return copy
    relaxRequired(node, copy, direction)
    return isOld ? modernize(copy) : copy
  }

  return visit(document.root, '', false) as JsonObject
}

function isDropped (key: string, child: Json, pointer: string, notes: SupportNote[]): boolean {
  const effect = UNSUPPORTED.get(key)
  if (effect !== undefined) notes.push({ pointer, keyword: key, effect })
  if (key === 'pattern' && typeof child === 'string') {
    const compiled = compilePattern(child)
    if (compiled === undefined) notes.push({ pointer, keyword: 'pattern', effect: 'not checked: RE2 cannot run it (look-around or back-reference)' })
    return compiled === undefined
  }
  if (key === 'patternProperties' && isJsonObject(child)) {
    const bad = Object.keys(child).find(pattern => compilePattern(pattern) === undefined)
    if (bad !== undefined) notes.push({ pointer, keyword: 'patternProperties', effect: 'not checked: RE2 cannot run one of its patterns' })
    return bad !== undefined
  }
  return key === '$dynamicRef' || key === 'discriminator'
}

function relaxRequired (node: JsonObject, copy: Record<string, Json>, direction: Direction): void {
  const { required, properties } = node
  if (!Array.isArray(required) || !isJsonObject(properties)) return
  const flag = direction === 'request' ? 'readOnly' : 'writeOnly'
  const kept = required.filter(name => {
    const member = typeof name === 'string' ? properties[name] : undefined
    return !(isJsonObject(member) && member[flag] === true)
  })
  if (kept.length !== required.length) copy['required'] = kept as Json[]
}

function omit (node: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(node).filter(([name]) => !names.includes(name)))
}

function modernize (copy: JsonObject): Json {
  let modern = copy
  for (const [exclusive, bound] of [['exclusiveMinimum', 'minimum'], ['exclusiveMaximum', 'maximum']] as const) {
    const flag = copy[exclusive]
    if (typeof flag !== 'boolean') continue
    const limit = copy[bound]
    modern = omit(modern, flag && limit !== undefined ? [exclusive, bound] : [exclusive])
    if (flag && limit !== undefined) modern = { ...modern, [exclusive]: limit }
  }
  if (modern['nullable'] !== true) return modern
  return { anyOf: [omit(modern, ['nullable']), { type: 'null' }] }
}
