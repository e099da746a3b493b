import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import { locate, locateChild, type ApiDocument, type Located } from './document.ts'

/** What the engine needs to know of a schema, with `allOf` merged and references followed. */
export interface SchemaShape {
  readonly pointer: string
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'unknown'
  readonly isNullable: boolean
  readonly format: string | undefined
  /** Members by name; each is the pointer of its schema. */
  readonly members: ReadonlyMap<string, string>
  readonly required: ReadonlySet<string>
  /** Where the schema of the items stands, for arrays. */
  readonly items: string | undefined
  readonly hasConst: boolean
  /** `const`, else `default`, else the first `enum` value; undefined when there is none. */
  readonly preset: Json | undefined
  readonly isPresetDefault: boolean
  readonly isReadOnly: boolean
  readonly isWriteOnly: boolean
  readonly node: JsonObject
}

const MERGE_DEPTH_MAX = 8
const TYPES = new Set(['object', 'array', 'string', 'integer', 'number', 'boolean'])

/** Reads the schema at a pointer. Alternatives (`oneOf`, `anyOf`) are read when all but one of them are `null`. */
export function readSchema (document: ApiDocument, pointer: string): SchemaShape {
  const located = locate(document, pointer)
  const parts = mergeParts(document, located, 0)
  const members = new Map<string, string>()
  const required = new Set<string>()
  for (const part of parts) {
    const properties = part.node['properties']
    if (isJsonObject(properties)) for (const name of Object.keys(properties)) members.set(name, `${part.pointer}/properties/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    const names = part.node['required']
    if (Array.isArray(names)) for (const name of names) if (typeof name === 'string') required.add(name)
  }
  const first = (key: string): Json | undefined => parts.find(part => part.node[key] !== undefined)?.node[key]
  const itemsPart = parts.find(part => isJsonObject(part.node['items']))
  // null is a value: `default: null` is no lack of a default.
  const preset = [first('const'), first('default'), firstOf(first('enum'))].find(value => value !== undefined)
  return {
    pointer: located.pointer,
    type: typeOf(parts, members.size > 0),
    isNullable: parts.some(part => isNullable(document, part)),
    format: textOf(first('format')),
    members,
    required,
    items: itemsPart === undefined ? undefined : locate(document, `${itemsPart.pointer}/items`).pointer,
    hasConst: first('const') !== undefined,
    preset,
    isPresetDefault: first('const') !== undefined || first('default') !== undefined,
    isReadOnly: first('readOnly') === true,
    isWriteOnly: first('writeOnly') === true,
    node: located.node,
  }
}

function mergeParts (document: ApiDocument, located: Located, depth: number): Located[] {
  const parts = [located]
  if (depth >= MERGE_DEPTH_MAX) return parts
  for (const keyword of ['allOf', 'oneOf', 'anyOf']) {
    const list = located.node[keyword]
    if (!Array.isArray(list)) continue
    const branches = list.flatMap((_, index) => locateChild(document, located, keyword, index) ?? []).filter(branch => branch.node['type'] !== 'null')
    if (keyword === 'allOf' || branches.length === 1) for (const branch of branches) parts.push(...mergeParts(document, branch, depth + 1))
  }
  return parts
}

function typeOf (parts: readonly Located[], hasMembers: boolean): SchemaShape['type'] {
  for (const { node } of parts) {
    const type = node['type']
    const names: readonly unknown[] = Array.isArray(type) ? type.filter(name => name !== 'null') : [type]
    const name = names.length === 1 ? names[0] : undefined
    if (typeof name === 'string' && TYPES.has(name)) return name as SchemaShape['type']
    const constant = node['const']
    if (typeof constant === 'string') return 'string'
  }
  return hasMembers ? 'object' : 'unknown'
}

function isNullable (document: ApiDocument, part: Located): boolean {
  const { node } = part
  if (node['nullable'] === true || node['type'] === 'null') return true
  if (Array.isArray(node['type']) && node['type'].includes('null')) return true
  return ['oneOf', 'anyOf'].some(keyword => {
    const list = node[keyword]
    return Array.isArray(list) && list.some((_, index) => locateChild(document, part, keyword, index)?.node['type'] === 'null')
  })
}

function firstOf (value: Json | undefined): Json | undefined {
  return Array.isArray(value) ? value[0] as Json | undefined : undefined
}

function textOf (value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
