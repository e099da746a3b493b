import type { ApiDocument, SupportNote } from './document.ts'
import type { DocumentOperation } from './list-operations.ts'
import { readSchema, type SchemaShape } from './read-schema.ts'

/** What an operation means, as far as paths and schemas tell. */
export type OperationKind = 'create' | 'get' | 'list' | 'update' | 'delete' | 'action' | 'singleton' | 'unknown'

/** A path parameter before the object's own, and the member of the object that holds its value. */
export interface ParentLink { readonly parameter: string, readonly member: string, readonly resource: string | undefined }

export interface InferredOperation {
  readonly operation: DocumentOperation
  readonly kind: OperationKind
  /** The verb of an action: `capture` in `POST /payments/{id}/capture`. */
  readonly action: string | undefined
  readonly resource: string | undefined
  readonly idParameter: string | undefined
  /** The member of a list reply that holds the items; undefined for a bare array. */
  readonly itemsMember: string | undefined
  readonly parents: readonly ParentLink[]
}

export interface InferredResource {
  readonly name: string
  /** Pointer of its schema. */
  readonly schema: string
  readonly shape: SchemaShape
  readonly idMember: string
}

export interface Inference { readonly resources: ReadonlyMap<string, InferredResource>, readonly operations: readonly InferredOperation[], readonly notes: readonly SupportNote[] }

/**
 * Reads resources and what each operation does to them from paths, methods and schemas: `P/{x}` makes P a collection and
 * `P/{x}` an item; POST on `P/{x}/verb` is an action; a GET without parameters on no collection is a singleton. Resources are
 * told apart by the schema of their replies, so that one resource may have several collections.
 *
 * @param names resource names that a behaviour gives to schemas, by schema pointer
 */
export function inferResources (document: ApiDocument, operations: readonly DocumentOperation[], names: ReadonlyMap<string, string>): Inference {
  const byPath = Map.groupBy(operations, operation => operation.path)
  const resources = new Map<string, InferredResource>()
  const nameBySchema = new Map<string, string>()
  const notes: SupportNote[] = []

  function schemaOfItem (itemPath: string): string | undefined {
    const own = byPath.get(itemPath)?.find(operation => operation.method === 'GET') ?? byPath.get(itemPath)?.find(operation => operation.method !== 'DELETE')
    if (own?.responseSchema !== undefined) return readSchema(document, own.responseSchema).pointer
    const collection = parentPath(itemPath)
    const create = byPath.get(collection)?.find(operation => operation.method === 'POST')
    if (create?.responseSchema !== undefined) return readSchema(document, create.responseSchema).pointer
    return undefined
  }

  function nameOf (schema: string, path: string): string {
    const known = nameBySchema.get(schema)
    if (known !== undefined) return known
    const wanted = names.get(schema) ?? defaultName(schema, path)
    let name = wanted
    for (let number = 2; resources.has(name); number++) name = `${wanted}_${number}`
    const shape = readSchema(document, schema)
    nameBySchema.set(schema, name)
    resources.set(name, { name, schema, shape, idMember: idMemberOf(shape, path) })
    return name
  }

  const context: Context = { document, byPath, schemaOfItem, nameOf }
  const inferred = operations.map(operation => classify(context, operation))
  for (const { kind, operation } of inferred) {
    if (kind === 'unknown') notes.push({ pointer: operation.pointer, keyword: 'operation', effect: 'not understood: answers with a fixed sample of its response schema' })
  }
  return { resources, operations: inferred, notes }
}

interface Context {
  readonly document: ApiDocument
  readonly byPath: ReadonlyMap<string, readonly DocumentOperation[]>
  readonly schemaOfItem: (itemPath: string) => string | undefined
  readonly nameOf: (schema: string, path: string) => string
}

function classify (context: Context, operation: DocumentOperation): InferredOperation {
  const { path, method } = operation
  const last = lastSegment(path)
  if (isParameter(last)) return classifyItem(context, operation, path)
  const parent = parentPath(path)
  const isCollection = [...context.byPath.keys()].some(other => isParameter(lastSegment(other)) && parentPath(other) === path)
  if (method === 'GET') return classifyRead(context, operation)
  if (isParameter(lastSegment(parent)) && context.byPath.has(parent) && !isCollection && method !== 'DELETE') {
    const schema = context.schemaOfItem(parent)
    const own = operation.responseSchema === undefined ? undefined : readSchema(context.document, operation.responseSchema).pointer
    if (schema !== undefined && (own === undefined || own === schema || !readSchema(context.document, own).members.has('id'))) {
      return { ...blank(operation), kind: 'action', action: last, resource: context.nameOf(schema, parent), idParameter: parameterName(lastSegment(parent)), parents: parentsOf(context, parent, schema) }
    }
  }
  if (method !== 'POST' || operation.responseSchema === undefined) return blank(operation)
  const schema = readSchema(context.document, operation.responseSchema)
  if (schema.members.size === 0) return blank(operation)
  return { ...blank(operation), kind: 'create', resource: context.nameOf(schema.pointer, `${path}/{id}`), parents: parentsOf(context, `${path}/{id}`, schema.pointer) }
}

function classifyItem (context: Context, operation: DocumentOperation, path: string): InferredOperation {
  const schema = context.schemaOfItem(path)
  const kind = ({ GET: 'get', PUT: 'update', PATCH: 'update', POST: 'update', DELETE: 'delete' } as const)[operation.method as 'GET'] as OperationKind | undefined
  if (schema === undefined || kind === undefined) return blank(operation)
  return { ...blank(operation), kind, resource: context.nameOf(schema, path), idParameter: parameterName(lastSegment(path)), parents: parentsOf(context, path, schema) }
}

function classifyRead (context: Context, operation: DocumentOperation): InferredOperation {
  if (operation.responseSchema === undefined) return blank(operation)
  const shape = readSchema(context.document, operation.responseSchema)
  const listed = listedItems(context.document, shape)
  const itemPath = `${operation.path}/{id}`
  if (listed !== undefined) {
    return { ...blank(operation), kind: 'list', itemsMember: listed.member, resource: context.nameOf(listed.schema, itemPath), parents: parentsOf(context, itemPath, listed.schema) }
  }
  if (operation.path.includes('{')) return blank(operation)
  return { ...blank(operation), kind: 'singleton', resource: context.nameOf(shape.pointer, itemPath) }
}

function blank (operation: DocumentOperation): InferredOperation {
  return { operation, kind: 'unknown', action: undefined, resource: undefined, idParameter: undefined, itemsMember: undefined, parents: [] }
}

function listedItems (document: ApiDocument, shape: SchemaShape): { readonly member: string | undefined, readonly schema: string } | undefined {
  if (shape.type === 'array') return shape.items === undefined ? undefined : { member: undefined, schema: shape.items }
  if (shape.members.has('id')) return undefined
  const arrays = [...shape.members].flatMap(([member, pointer]) => {
    const inner = readSchema(document, pointer)
    const items = inner.type === 'array' && inner.items !== undefined ? readSchema(document, inner.items) : undefined
    return items?.type === 'object' && idMemberOf(items, '') !== '' ? [{ member, schema: items.pointer }] : []
  })
  return arrays.length === 1 && arrays[0] !== undefined && readSchema(document, arrays[0].schema).members.has('id') ? arrays[0] : undefined
}

function parentsOf (context: Context, itemPath: string, schema: string): readonly ParentLink[] {
  const shape = readSchema(context.document, schema)
  const segments = itemPath.split('/').slice(0, -1)
  return segments.flatMap((segment, index) => {
    if (!isParameter(segment)) return []
    const parameter = parameterName(segment)
    const bare = parameter.replace(/(?:_id|Id|_sid|Sid)$/, '')
    const member = [parameter, bare, `${bare}_id`, `${bare}Id`, singular(segments[index - 1] ?? '')].find(name => shape.members.has(name))
    const parentItem = segments.slice(0, index + 1).join('/')
    const parentSchema = context.byPath.has(parentItem) ? context.schemaOfItem(parentItem) : undefined
    return member === undefined ? [] : [{ parameter, member, resource: parentSchema === undefined ? undefined : context.nameOf(parentSchema, parentItem) }]
  })
}

function idMemberOf (shape: SchemaShape, path: string): string {
  const parameter = isParameter(lastSegment(path)) ? parameterName(lastSegment(path)) : ''
  return ['id', 'sid', 'uuid', parameter].find(name => shape.members.has(name)) ?? 'id'
}

function defaultName (schema: string, path: string): string {
  const named = /^\/components\/schemas\/([^/]+)$/.exec(schema)?.[1]
  const text = named ?? singular(lastSegment(parentPath(path)))
  return text.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/[^A-Za-z0-9]+/g, '_').toLowerCase()
}

function singular (word: string): string {
  return word.replace(/ies$/, 'y').replace(/(?<=[^s])s$/, '')
}

function lastSegment (path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function parentPath (path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function isParameter (segment: string): boolean {
  return segment.startsWith('{') && segment.endsWith('}')
}

function parameterName (segment: string): string {
  return segment.slice(1, -1)
}
