import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import type { InferredOperation } from '../openapi/infer-resources.ts'
import { readSchema } from '../openapi/read-schema.ts'
import { sampleValue } from '../openapi/sample-value.ts'
import { runSteps, settle, type Steps } from '../world/steps.ts'
import type { Transaction } from '../world/transaction.ts'
import { createCelConverters, TooLarge, type CelValue } from './cel-values.ts'
import type { CoreOperation, CoreRequest, HandlerDeps } from './core-operation.ts'
import { draftNew, draftStored } from './draft-object.ts'
import { createExecution, replyOf, RequestFailed, variablesOf, type CoreReply, type Draft, type Execution } from './execution.ts'
import { finishExecution } from './finish-execution.ts'
import { fingerprintKey, fingerprintRequest } from './fingerprint-request.ts'
import { findMissingParent } from './handle-read.ts'
import type { ApiModel, ResourceModel } from './model.ts'
import { createRequestReader, notFound, settableMembers, violated, type ReadRequest } from './read-request.ts'
import { runOperation } from './run-rule.ts'
import { textOf } from './text-of.ts'

/** An operation that changes something, prepared. */
export interface WriteOperation {
  readonly api: ApiModel
  readonly inferred: InferredOperation
  readonly resource: ResourceModel
  readonly bodyToCel: (value: Json) => CelValue
}

export function prepareWrite (api: ApiModel, inferred: InferredOperation, resource: ResourceModel): WriteOperation {
  return { api, inferred, resource, bodyToCel: createCelConverters(api.document)(inferred.operation.requestSchema) }
}

/**
 * Create, update, delete and actions. One request is one commit: the object and all that its effects touched, postings,
 * events and their jobs, and the outcome under the idempotency key. Who reuses a key gets the same reply, a declined one
 * too, or the API's own error when the request is another; faults are never remembered.
 */
export function createWriteHandler (deps: HandlerDeps, write: WriteOperation): CoreOperation['handle'] {
  const { api, inferred } = write
  const readRequest = createRequestReader(api, inferred.operation, inferred.resource)
  const { idempotency } = api.conventions
  const isRemembering = idempotency !== undefined && idempotency.methods.has(inferred.operation.method)

  function keyOf (request: CoreRequest): string | undefined {
    const key = isRemembering ? request.headers[idempotency.header] : undefined
    return typeof key === 'string' && key !== '' ? fingerprintKey(api.name, request.clientId ?? '', key) : undefined
  }

  function * handle (request: CoreRequest): Steps<CoreReply> {
    const outcome = readRequest(request)
    if (outcome.kind === 'invalid') return outcome.reply
    yield * settle(deps.sandboxClock.load(request.sandboxId))
    const seed = yield * settle(deps.worlds.seedOf(request.sandboxId))
    const key = keyOf(request)
    const fingerprint = key === undefined ? '' : fingerprintRequest(inferred.operation.method, expandedPath(inferred, request), request.query, request.body)
    const ended = yield * settle(deps.worlds.transact(request.sandboxId, tx => attempt(tx, request, outcome.request, seed, key, fingerprint)))
    return ended.kind === 'done' ? ended.value : recalled(api, ended.outcome, fingerprint)
  }

  function * attempt (tx: Transaction, request: CoreRequest, read: ReadRequest, seed: string, key: string | undefined, fingerprint: string): Steps<CoreReply> {
    const nowMs = deps.sandboxClock.nowMs(request.sandboxId)
    if (key !== undefined) {
      const known = yield * settle(deps.layers.recall(tx.layer, key, nowMs))
      if (known !== undefined) return recalled(api, known, fingerprint)
    }
    const missing = yield * findMissingParent(deps, api, inferred, tx.layer, request)
    if (missing !== undefined) return missing
    const reply = yield * executeWrite(write, { tx, ledger: deps.ledger, sandboxId: request.sandboxId, isEventWanted: deps.isEventWanted, seed, nowMs, realNowMs: deps.clock.nowMs() }, request.pathParameters, read)
    if (key !== undefined && idempotency !== undefined) tx.remember({ key, outcome: { fingerprint, reply: reply as unknown as JsonObject }, nowMs, ttlMs: idempotency.ttlMs })
    return reply
  }

  return request => runSteps(handle(request))
}

function recalled (api: ApiModel, outcome: JsonObject, fingerprint: string): CoreReply {
  if (outcome['fingerprint'] === fingerprint) return outcome['reply'] as unknown as CoreReply
  return replyOf(api, api.conventions.idempotency?.mismatch ?? api.conventions.errors.invalid, { param: null, message: 'This idempotency key was used with another request' })
}

function expandedPath (inferred: InferredOperation, request: CoreRequest): string {
  return inferred.operation.path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(request.pathParameters[name] ?? ''))
}

/** Runs an operation in a transaction: on a business failure nothing but its reply is left. */
export function * executeWrite (write: WriteOperation, world: Pick<Execution, 'tx' | 'ledger' | 'sandboxId' | 'isEventWanted' | 'seed' | 'nowMs' | 'realNowMs'>, pathParameters: Readonly<Record<string, string>>, read: ReadRequest): Steps<CoreReply> {
  const { api, inferred, resource } = write
  try {
    const { path, query, headers } = read.parameters
    const body = write.bodyToCel(read.body ?? {})
    const execution = createExecution({ api, ...world, request: { body, path: path as CelValue, query: query as CelValue, headers: headers as CelValue, method: inferred.operation.method } })
    const draft = yield * openDraft(write, execution, pathParameters, read.body)
    if (draft === undefined) return notFound(api, resource.name, inferred.idParameter ?? resource.idMember)
    yield * runOperation(execution, draft, inferred.action ?? inferred.kind)
    if (inferred.kind === 'delete' && execution.storedFailure === undefined) draft.isDeleted = true
    yield * finishExecution(execution)
    return execution.storedFailure ?? successReply(write, execution, draft)
  } catch (error) {
    world.tx.discard()
    if (error instanceof RequestFailed) return error.reply
    if (error instanceof TooLarge) return violated(api, 'fault', '', error.message)
    throw error
  }
}

function * openDraft (write: WriteOperation, execution: Execution, pathParameters: Readonly<Record<string, string>>, body: Json | undefined): Steps<Draft | undefined> {
  const { api, inferred, resource } = write
  const given = settableMembers(body, resource.inferred.shape.members, resource.fixedMembers)
  if (inferred.kind === 'create') {
    return yield * draftNew(execution, resource, { ...given, ...Object.fromEntries(inferred.parents.map(link => [link.member, pathParameters[link.parameter] ?? null])) })
  }
  const id = pathParameters[inferred.idParameter ?? ''] ?? ''
  const draft = id.length <= 255 ? yield * draftStored(execution, resource, id) : undefined
  if (draft === undefined || !inferred.parents.every(link => textOf(draft.self[link.member]) === pathParameters[link.parameter])) return undefined
  if (Object.keys(given).length > 0) draft.self = api.conventions.isMergePatch ? mergePatch(draft.self, given) as JsonObject : { ...draft.self, ...given }
  return draft
}

/** RFC 7396. */
function mergePatch (target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch
  const base = isJsonObject(target) ? target : {}
  const merged = new Map(Object.entries(base))
  for (const [member, value] of Object.entries(patch)) {
    if (value === null && !Object.hasOwn(base, member)) continue
    merged.set(member, isJsonObject(value) && isJsonObject(base[member]) ? dropNulls(mergePatch(base[member], value) as JsonObject, value) : value)
  }
  return Object.fromEntries(merged)
}

/** Null removes a member of a nested map; at the top, where schemas say what may be null, it stays null. */
function dropNulls (merged: JsonObject, patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(merged).filter(([member]) => patch[member] !== null))
}

function successReply (write: WriteOperation, execution: Execution, draft: Draft): CoreReply {
  const { operation } = write.inferred
  const status = operation.successStatus
  const reply = draft.resource.rules.get(write.inferred.action ?? write.inferred.kind)?.reply
  if (reply !== undefined) return { status, body: reply(variablesOf(execution, draft, {})) }
  if (write.inferred.kind !== 'delete') return { status, body: draft.self }
  if (operation.responseSchema === undefined) return { status }
  const shape = readSchema(write.api.document, operation.responseSchema)
  const sample = sampleValue(write.api.document, operation.responseSchema) as JsonObject
  return { status, body: shape.pointer === draft.resource.inferred.schema ? draft.self : { ...sample, [draft.resource.idMember]: draft.self[draft.resource.idMember] ?? draft.id } }
}
