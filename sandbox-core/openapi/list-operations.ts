import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import { escapeToken, locate, locateChild, type ApiDocument, type Located, type SupportNote } from './document.ts'

/** One parameter of an operation. */
export interface OperationParameter {
  readonly name: string
  readonly place: 'path' | 'query' | 'header'
  readonly isRequired: boolean
  /** Pointer of its schema; undefined when it has none. */
  readonly schema: string | undefined
  /** An array is one comma-separated value rather than one value for each item. */
  readonly isCommaSeparated: boolean
}

/** One operation, read once at load. */
export interface DocumentOperation {
  readonly operationId: string
  readonly method: string
  /** As in the document: `/v1/customers/{customer_id}`. */
  readonly path: string
  readonly pointer: string
  readonly parameters: readonly OperationParameter[]
  readonly requestMediaTypes: readonly string[]
  /** Pointer of the request body's JSON schema. */
  readonly requestSchema: string | undefined
  readonly isBodyRequired: boolean
  /** The first documented 2xx status. */
  readonly successStatus: number
  /** Pointer of the JSON schema of the success response. */
  readonly responseSchema: string | undefined
  /** JSON schema pointers by documented status (`200`, `4XX`, `default`). */
  readonly responses: ReadonlyMap<string, string>
  /** From the security requirements; undefined when the document states none. */
  readonly scopes: readonly string[] | undefined
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/** Every operation of a document, in its order, and notes on what of them is not honoured. */
export function listOperations (document: ApiDocument): { readonly operations: readonly DocumentOperation[], readonly notes: readonly SupportNote[] } {
  const operations: DocumentOperation[] = []
  const notes: SupportNote[] = []
  for (const path of Object.keys(document.root['paths'] as JsonObject)) {
    const item = locate(document, `/paths/${escapeToken(path)}`)
    for (const method of METHODS) {
      if (!isJsonObject(item.node[method])) continue
      operations.push(readOperation(document, item, { node: item.node[method], pointer: `${item.pointer}/${method}` }, method, path, notes))
    }
  }
  return { operations, notes }
}

function readOperation (document: ApiDocument, item: Located, operation: Located, method: string, path: string, notes: SupportNote[]): DocumentOperation {
  const body = locateChild(document, operation, 'requestBody')
  const responses = readResponses(document, operation)
  const success = [...responses.keys()].find(status => /^2/.test(status)) ?? Object.keys(childObject(operation.node, 'responses')).find(status => /^2/.test(status))
  for (const keyword of ['callbacks', 'servers']) {
    if (operation.node[keyword] !== undefined) notes.push({ pointer: `${operation.pointer}/${keyword}`, keyword, effect: 'ignored' })
  }
  const id = operation.node['operationId']
  return {
    operationId: typeof id === 'string' ? id : `${method} ${path}`,
    method: method.toUpperCase(),
    path,
    pointer: operation.pointer,
    parameters: readParameters(document, [item, operation], notes),
    requestMediaTypes: body === undefined ? [] : Object.keys(childObject(body.node, 'content')),
    requestSchema: body === undefined ? undefined : jsonSchemaOf(document, body),
    isBodyRequired: body?.node['required'] === true,
    successStatus: success === undefined ? 200 : Number(success.replaceAll(/x/gi, '0')),
    responseSchema: success === undefined ? undefined : responses.get(success),
    responses,
    scopes: readScopes(document, operation.node),
  }
}

function readResponses (document: ApiDocument, operation: Located): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const status of Object.keys(childObject(operation.node, 'responses'))) {
    const response = locateChild(document, operation, 'responses', status)
    const schema = response === undefined ? undefined : jsonSchemaOf(document, response)
    if (schema !== undefined) found.set(status, schema)
  }
  return found
}

function jsonSchemaOf (document: ApiDocument, holder: Located): string | undefined {
  const types = Object.keys(childObject(holder.node, 'content'))
  const type = types.find(name => /^application\/(?:[\w.+-]*\+)?json\b/.test(name)) ?? types.find(name => name.startsWith('application/x-www-form-urlencoded')) ?? types.find(name => name === '*/*')
  if (type === undefined) return undefined
  return locateChild(document, holder, 'content', type, 'schema')?.pointer
}

function readParameters (document: ApiDocument, holders: readonly Located[], notes: SupportNote[]): readonly OperationParameter[] {
  const found = new Map<string, OperationParameter>()
  for (const holder of holders) {
    const list = holder.node['parameters']
    if (!Array.isArray(list)) continue
    for (let index = 0; index < list.length; index++) {
      const at = locateChild(document, holder, 'parameters', index)
      if (at === undefined) continue
      const { name, in: place } = at.node
      if (typeof name !== 'string' || typeof place !== 'string') continue
      const unsupported = unsupportedParameter(at.node, place)
      if (unsupported !== undefined) notes.push({ pointer: at.pointer, ...unsupported })
      if (place !== 'path' && place !== 'query' && place !== 'header') continue
      if (unsupported !== undefined) continue
      found.set(`${place} ${name}`, {
        name,
        place,
        isRequired: at.node['required'] === true,
        schema: locateChild(document, at, 'schema')?.pointer,
        isCommaSeparated: at.node['explode'] === false || place !== 'query',
      })
    }
  }
  return [...found.values()]
}

function unsupportedParameter (node: JsonObject, place: string): { keyword: string, effect: string } | undefined {
  if (place === 'cookie') return { keyword: 'in: cookie', effect: 'the parameter is ignored' }
  const style = node['style']
  if (typeof style === 'string' && !['form', 'simple'].includes(style)) return { keyword: `style: ${style}`, effect: 'the parameter is accepted and ignored' }
  if (node['content'] !== undefined) return { keyword: 'content', effect: 'the parameter is accepted and ignored' }
  return undefined
}

function readScopes (document: ApiDocument, operation: JsonObject): readonly string[] | undefined {
  const security: Json | undefined = operation['security'] ?? document.root['security']
  if (!Array.isArray(security)) return undefined
  for (const requirement of security) {
    if (!isJsonObject(requirement)) continue
    const scopes = Object.values(requirement).flatMap(list => Array.isArray(list) ? list.filter(scope => typeof scope === 'string') : [])
    if (scopes.length > 0 || security.length === 1) return scopes
  }
  return []
}

function childObject (node: JsonObject, key: string): JsonObject {
  const child = node[key]
  return isJsonObject(child) ? child : {}
}
