import type { Json, JsonObject } from '../../kernel/index.ts'
import type { DocumentPage, MaybePromise, StoredDocument } from '../../stores/index.ts'
import { sampleValue } from '../openapi/sample-value.ts'
import { readSchema } from '../openapi/read-schema.ts'
import type { InferredOperation } from '../openapi/infer-resources.ts'
import { isPromise, runSteps, settle, type Steps } from '../world/steps.ts'
import { Transaction } from '../world/transaction.ts'
import type { CelValue } from './cel-values.ts'
import type { CoreOperation, CoreRequest, HandlerDeps } from './core-operation.ts'
import { createExecution, type CoreReply, type Draft } from './execution.ts'
import type { ApiModel, ResourceModel } from './model.ts'
import { createRequestReader, notFound, violated } from './read-request.ts'
import { runLoads } from './run-rule.ts'
import { textOf } from './text-of.ts'

type Handle = CoreOperation['handle']

const ID_LENGTH_MAX = 255

/** GET of one object: the hot path. Nothing is compiled, walked or copied; the stored object is the reply. */
export function createGetHandler (deps: HandlerDeps, api: ApiModel, inferred: InferredOperation, resource: ResourceModel): Handle {
  const { layers, worlds } = deps
  const idParameter = inferred.idParameter ?? resource.idMember
  const { collection } = resource
  const { parents } = inferred
  const readRequest = createRequestReader(api, inferred.operation, inferred.resource)
  const mayIgnoreQuery = !api.conventions.isUnknownQueryRefused && !inferred.operation.parameters.some(parameter => parameter.place !== 'path')

  function answer (found: StoredDocument | undefined, request: CoreRequest): CoreReply {
    if (found === undefined || !parents.every(link => textOf(found.body[link.member]) === request.pathParameters[link.parameter])) return notFound(api, resource.name, idParameter)
    return { status: 200, body: found.body }
  }

  return request => {
    if (!mayIgnoreQuery && (request.query !== '' || inferred.operation.parameters.length > 1)) {
      const outcome = readRequest(request)
      if (outcome.kind === 'invalid') return outcome.reply
    }
    const id = request.pathParameters[idParameter]
    if (id === undefined || id.length > ID_LENGTH_MAX) return notFound(api, resource.name, idParameter)
    const layer = worlds.layerOf(request.sandboxId)
    const found = isPromise(layer) ? layer.then(name => layers.get(name, collection, id)) : layers.get(layer, collection, id)
    return isPromise(found) ? found.then(document => answer(document, request)) : answer(found, request)
  }
}

/** GET of a collection: newest first, by cursor, filtered by query parameters that are members. */
export function createListHandler (deps: HandlerDeps, api: ApiModel, inferred: InferredOperation, resource: ResourceModel): Handle {
  const readRequest = createRequestReader(api, inferred.operation, inferred.resource)
  const wrap = createEnvelope(api, inferred)
  const filters = inferred.operation.parameters.filter(({ place, name }) => place === 'query' && isFilter(api, resource, name)).map(parameter => parameter.name)

  function * list (request: CoreRequest): Steps<CoreReply> {
    const outcome = readRequest(request)
    if (outcome.kind === 'invalid') return outcome.reply
    const { query, path } = outcome.request.parameters
    const layer = yield * settle(deps.worlds.layerOf(request.sandboxId))
    const missing = yield * findMissingParent(deps, api, inferred, layer, request)
    if (missing !== undefined) return missing
    const where: JsonObject = Object.fromEntries([
      ...filters.filter(name => query[name] !== undefined).map(name => [name, query[name] as Json] as const),
      ...inferred.parents.map(link => [link.member, path[link.parameter] ?? request.pathParameters[link.parameter] ?? null] as const),
    ])
    return yield * readPage(deps, api, resource, { layer, query, where }, page => wrap(page, expandPath(inferred.operation.path, request)))
  }

  return request => runSteps(list(request))
}

interface Page { readonly items: readonly JsonObject[], readonly hasMore: boolean, readonly next: string | null }

function * readPage (deps: HandlerDeps, api: ApiModel, resource: ResourceModel, wanted: { readonly layer: string, readonly query: JsonObject, readonly where: JsonObject }, wrap: (page: Page) => Json): Steps<CoreReply> {
  const { layer, query, where } = wanted
  const { after, before, limit: limitName, defaultLimit, maximumLimit } = api.conventions.list
  const asked = query[limitName]
  const limit = Math.max(1, Math.min(typeof asked === 'number' ? Math.trunc(asked) : defaultLimit, maximumLimit))
  const isBackward = query[before] !== undefined && query[after] === undefined
  const cursor = query[after] ?? query[before]
  let beyondSeq: number | undefined
  if (cursor !== undefined) {
    const found = typeof cursor === 'string' && cursor.length <= ID_LENGTH_MAX ? yield * settle(deps.layers.get(layer, resource.collection, cursor)) : undefined
    if (found === undefined) return violated(api, 'cursor', isBackward ? before : after, `names no ${resource.name}`)
    beyondSeq = found.seq
  }
  const page: DocumentPage = {
    order: isBackward ? 'ascending' : 'descending',
    limit: limit + 1,
    ...(beyondSeq === undefined ? {} : { beyondSeq }),
    ...(Object.keys(where).length === 0 ? {} : { where }),
  }
  const found = yield * settle(deps.layers.list(layer, resource.collection, page))
  const items = found.slice(0, limit).map(document => document.body)
  if (isBackward) items.reverse()
  const hasMore = found.length > limit
  return { status: 200, body: wrap({ items, hasMore, next: hasMore ? textOf(items.at(-1)?.[resource.idMember]) : null }) }
}

function isFilter (api: ApiModel, resource: ResourceModel, name: string): boolean {
  const { after, before, limit } = api.conventions.list
  const pointer = resource.inferred.shape.members.get(name)
  if (pointer === undefined || name === after || name === before || name === limit) return false
  return !['object', 'array'].includes(readSchema(api.document, pointer).type)
}

/** The reply around a page: declared, or shaped by the schema, whose plain values (`object: "list"`) are kept. */
function createEnvelope (api: ApiModel, inferred: InferredOperation): (page: Page, path: string) => Json {
  const { envelope } = api.conventions.list
  const { itemsMember, operation } = inferred
  if (itemsMember === undefined) return page => page.items
  if (envelope !== undefined) {
    return (page, path) => {
      const marker: CelValue = []
      const made = envelope({ page: { items: marker, has_more: page.hasMore, next: page.next }, request: { path } })
      return { ...made as JsonObject, [itemsMember]: page.items }
    }
  }
  const shape = readSchema(api.document, operation.responseSchema ?? '')
  const frame = operation.responseSchema === undefined ? {} : sampleValue(api.document, operation.responseSchema) as JsonObject
  const flag = ['has_more', 'hasMore', 'more'].find(name => shape.members.has(name))
  const url = shape.members.has('url') ? 'url' : undefined
  return (page, path) => ({ ...frame, ...(flag === undefined ? {} : { [flag]: page.hasMore }), ...(url === undefined ? {} : { [url]: path }), [itemsMember]: page.items })
}

function expandPath (template: string, request: CoreRequest): string {
  return template.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(request.pathParameters[name] ?? ''))
}

/** 404 when an object on the path (`/customers/{id}/…`) is not there. */
export function * findMissingParent (deps: HandlerDeps, api: ApiModel, inferred: InferredOperation, layer: string, request: CoreRequest): Steps<CoreReply | undefined> {
  for (const { parameter, resource } of inferred.parents) {
    const parent = resource === undefined ? undefined : api.resources.get(resource)
    if (parent === undefined) continue
    const id = request.pathParameters[parameter] ?? ''
    const found = id.length <= ID_LENGTH_MAX ? yield * settle(deps.layers.get(layer, parent.collection, id)) : undefined
    if (found === undefined) return notFound(api, parent.name, parameter)
  }
  return undefined
}

/** GET of the one object of its kind: its skeleton and the members that its view computes now. */
export function createSingletonHandler (deps: HandlerDeps, api: ApiModel, inferred: InferredOperation, resource: ResourceModel): Handle {
  const readRequest = createRequestReader(api, inferred.operation, inferred.resource)

  function * read (request: CoreRequest): Steps<CoreReply> {
    const outcome = readRequest(request)
    if (outcome.kind === 'invalid') return outcome.reply
    yield * settle(deps.sandboxClock.load(request.sandboxId))
    const layer = yield * settle(deps.worlds.layerOf(request.sandboxId))
    const execution = createExecution({
      api,
      tx: new Transaction(deps.layers, layer),
      ledger: deps.ledger,
      sandboxId: request.sandboxId,
      isEventWanted: deps.isEventWanted,
      seed: '',
      nowMs: deps.sandboxClock.nowMs(request.sandboxId),
      realNowMs: deps.clock.nowMs(),
      request: { query: outcome.request.parameters.query as CelValue },
    })
    const draft: Draft = { resource, id: '', before: undefined, self: resource.skeleton, isDeleted: false, emit: new Set() }
    const loaded = yield * runLoads(execution, draft, resource.view?.loads ?? [])
    const variables = { ...loaded, ...execution.base, self: resource.toCel(resource.skeleton), before: null }
    const members = (resource.view?.members ?? []).map(({ member, run }) => [member, run(variables)] as const)
    return { status: 200, body: { ...resource.skeleton, ...Object.fromEntries(members) } }
  }

  return request => runSteps(read(request))
}

/** What is not understood answers with a fixed sample of its documented response; the support notes say so. */
export function createSampleHandler (api: ApiModel, inferred: InferredOperation): Handle {
  const { operation } = inferred
  const readRequest = createRequestReader(api, operation)
  return (request): MaybePromise<CoreReply> => {
    const outcome = readRequest(request)
    if (outcome.kind === 'invalid') return outcome.reply
    return operation.responseSchema === undefined ? { status: operation.successStatus } : { status: operation.successStatus, body: sampleValue(api.document, operation.responseSchema) }
  }
}
