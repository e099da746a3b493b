import type { Json, JsonObject } from '../../kernel/index.ts'
import type { ApiDocument } from './document.ts'
import type { Validators, Validator, Violation } from './create-validators.ts'
import type { DocumentOperation, OperationParameter } from './list-operations.ts'
import { readSchema, type SchemaShape } from './read-schema.ts'

const QUERY_PAIRS_MAX = 200

/** Parameters as the schema types them. */
export interface ReadParameters { readonly path: JsonObject, readonly query: JsonObject, readonly headers: JsonObject }

/** A violation and where the parameter stands. */
export interface ParameterViolation extends Violation { readonly place: 'path' | 'query' | 'header', readonly name: string }

export interface ParameterSource {
  readonly pathParameters: Readonly<Record<string, string>>
  readonly query: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

type Outcome = { readonly kind: 'read', readonly parameters: ReadParameters } | { readonly kind: 'violated', readonly violation: ParameterViolation }

interface Reader { readonly parameter: OperationParameter, readonly shape: SchemaShape | undefined, readonly itemType: SchemaShape['type'], readonly validator: () => Validator | undefined }

/**
 * Makes the reader of an operation's parameters: text is coerced as the schema says (`"10"` to 10 for an integer), checked,
 * and defaults are filled in. A value that cannot be coerced stays text, so that the schema refuses it.
 *
 * @param isUnknownRefused whether a query parameter that the document does not list is an error
 */
export function createParameterReader (document: ApiDocument, validators: Validators, operation: DocumentOperation, isUnknownRefused: boolean): (source: ParameterSource) => Outcome {
  const readers = operation.parameters.map((parameter): Reader => {
    const { schema } = parameter
    const shape = schema === undefined ? undefined : readSchema(document, schema)
    return {
      parameter,
      shape,
      itemType: shape?.items === undefined ? 'unknown' : readSchema(document, shape.items).type,
      validator: () => schema === undefined ? undefined : validators.of(schema, 'request'),
    }
  })
  const known = new Set(operation.parameters.filter(parameter => parameter.place === 'query').map(parameter => parameter.name))

  return source => {
    const found = { path: emptyMap(), query: emptyMap(), headers: emptyMap() }
    const pairs = parseQuery(source.query)
    if (pairs === undefined) return violated('query', '', 'query', 'has too many parameters')
    if (isUnknownRefused) for (const name of pairs.keys()) if (!known.has(name.replace(/\[\]$/, ''))) return violated('query', name, 'unknown', 'is not a known parameter')
    for (const reader of readers) {
      const { name, place } = reader.parameter
      const raw = rawValue(reader.parameter, source, pairs)
      const target = found[place === 'header' ? 'headers' : place]
      if (raw === undefined) {
        if (reader.parameter.isRequired) return violated(place, name, 'required', 'is required')
        if (reader.shape?.node['default'] !== undefined) target[name] = reader.shape.node['default']
        continue
      }
      const value = coerce(raw, reader)
      const violation = reader.validator()?.(value)
      if (violation !== undefined) return { kind: 'violated', violation: { ...violation, place, name } }
      target[name] = value
    }
    return { kind: 'read', parameters: found }
  }
}

/** Without a prototype: names come from the document, values from the client. */
function emptyMap (): Record<string, Json> {
  return Object.create(null) as Record<string, Json>
}

function violated (place: 'path' | 'query' | 'header', name: string, keyword: string, message: string): Outcome {
  return { kind: 'violated', violation: { place, name, pointer: '', keyword, message } }
}

function parseQuery (query: string): Map<string, string[]> | undefined {
  const pairs = new Map<string, string[]>()
  if (query === '') return pairs
  let count = 0
  for (const [name, value] of new URLSearchParams(query)) {
    if (++count > QUERY_PAIRS_MAX) return undefined
    const list = pairs.get(name)
    if (list === undefined) pairs.set(name, [value])
    else list.push(value)
  }
  return pairs
}

function rawValue (parameter: OperationParameter, source: ParameterSource, pairs: ReadonlyMap<string, string[]>): readonly string[] | undefined {
  if (parameter.place === 'query') return pairs.get(parameter.name) ?? pairs.get(`${parameter.name}[]`)
  if (parameter.place === 'path') return Object.hasOwn(source.pathParameters, parameter.name) ? [source.pathParameters[parameter.name] as string] : undefined
  const header = Object.hasOwn(source.headers, parameter.name.toLowerCase()) ? source.headers[parameter.name.toLowerCase()] : undefined
  if (header === undefined) return undefined
  return typeof header === 'string' ? [header] : [header.join(', ')]
}

function coerce (raw: readonly string[], reader: Reader): Json {
  if (reader.shape?.type === 'array') {
    const items = reader.parameter.isCommaSeparated ? raw.flatMap(text => text.split(',')) : raw
    return items.map(text => coerceText(text, reader.itemType))
  }
  return raw.length === 1 ? coerceText(raw[0] as string, reader.shape?.type ?? 'unknown') : [...raw]
}

function coerceText (text: string, type: SchemaShape['type']): Json {
  if (type === 'integer' || type === 'number') {
    const isNumeral = text.length <= 32 && (type === 'integer' ? /^-?\d+$/ : /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/).test(text)
    const value = Number(text)
    return isNumeral && Number.isFinite(value) ? value : text
  }
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
