import { createHash } from 'node:crypto'
import { parseDurationMs, type Json, type JsonObject } from '../../kernel/index.ts'
import type { Layers, MaybePromise } from '../../stores/index.ts'
import { runSteps, settle, type Steps } from '../world/steps.ts'
import { Transaction } from '../world/transaction.ts'
import { createCelConverters, type CelValue } from './cel-values.ts'
import { compileTemplate } from './compile-template.ts'
import { draftNew } from './draft-object.ts'
import { createExecution } from './execution.ts'
import { finishExecution } from './finish-execution.ts'
import { executeWrite, prepareWrite } from './handle-write.ts'
import { createLedgerReader, type LedgerReader } from './ledger.ts'
import type { ApiModel } from './model.ts'
import type { SeedStep } from './behaviour-document.ts'

/** Seeds that cannot be made: the operator's files are wrong, and the message says where. */
class SeedsRefused extends Error {
  override readonly name = 'SeedsRefused'
}

/**
 * The frozen layer that every world lies over, with the seeds of all APIs. It is named by a hash of what it is made from, so a
 * restart or another instance finds it instead of making it again, and worlds over an older one keep theirs.
 */
export function createBaseline (deps: { readonly layers: Layers, readonly apis: readonly ApiModel[] }): () => MaybePromise<string> {
  const hash = createHash('sha256').update(deps.apis.map(api => api.contentHash).join('\n')).digest('hex').slice(0, 32)
  const name = `baseline/${hash}`
  let made: string | undefined

  function * build (): Steps<string> {
    const existing = yield * settle(deps.layers.head(name))
    if (existing !== undefined) return existing
    const layer = yield * settle(deps.layers.create(undefined))
    const ledger = createLedgerReader(deps.layers)
    for (const api of deps.apis) yield * seedApi(deps.layers, layer, api, ledger)
    yield * settle(deps.layers.freeze(layer))
    if (yield * settle(deps.layers.moveHead(name, undefined, layer))) return layer
    yield * settle(deps.layers.drop(layer))
    return (yield * settle(deps.layers.head(name))) ?? layer
  }

  function * once (): Steps<string> {
    made ??= yield * build()
    return made
  }

  return () => made ?? runSteps(once())
}

function * seedApi (layers: Layers, layer: string, api: ApiModel, ledger: LedgerReader): Steps<void> {
  const { seeds } = api
  if (seeds === undefined) return
  const startMs = Date.parse(seeds.at)
  const intervalMs = parseDurationMs(seeds.interval ?? '1m')
  if (Number.isNaN(startMs) || intervalMs === undefined) throw new SeedsRefused(`seeds of ${api.name}: at or interval is not a time`)
  const world = (tx: Transaction, nowMs: number) => ({ tx, ledger, sandboxId: undefined, isEventWanted: () => false, seed: `baseline ${api.name}`, nowMs, realNowMs: nowMs })
  let nowMs = startMs
  for (const [name, objects] of Object.entries(seeds.objects ?? {})) {
    for (const object of objects) {
      const tx = new Transaction(layers, layer)
      yield * seedObject(api, name, object, createExecution({ api, ...world(tx, nowMs), request: {} }))
      yield * settle(tx.commit())
      nowMs += intervalMs
    }
  }
  const toCel = createCelConverters(api.document)(undefined)
  const results: Record<string, CelValue> = {}
  for (const [index, step] of (seeds.steps ?? []).entries()) {
    const tx = new Transaction(layers, layer)
    const reply = yield * seedStep(api, step, index, results, world(tx, nowMs))
    if (step.as !== undefined) results[step.as] = toCel(reply)
    yield * settle(tx.commit())
    nowMs += intervalMs
  }
}

function * seedObject (api: ApiModel, name: string, object: JsonObject, execution: ReturnType<typeof createExecution>): Steps<void> {
  const resource = api.resources.get(name)
  if (resource === undefined) throw new SeedsRefused(`seeds of ${api.name}: there is no resource ${name}`)
  const id = object[resource.idMember]
  yield * draftNew(execution, resource, fillTemplate(api, object, {}) as JsonObject, typeof id === 'string' ? id : undefined)
  yield * finishExecution(execution)
}

function * seedStep (api: ApiModel, step: SeedStep, index: number, results: Readonly<Record<string, CelValue>>, world: Parameters<typeof executeWrite>[1]): Steps<Json> {
  const inferred = api.operations.find(candidate => candidate.operation.operationId === step.operation)
  const resource = inferred?.resource === undefined ? undefined : api.resources.get(inferred.resource)
  if (inferred === undefined || resource === undefined) throw new SeedsRefused(`seeds of ${api.name}: there is no operation ${step.operation}`)
  const at = `step ${index + 1}, ${step.operation},`
  const fill = (template: Json): Json => fillTemplate(api, template, results)
  const path = fill(step.path ?? {}) as Readonly<Record<string, string>>
  const body = step.body === undefined ? undefined : fill(step.body)
  const { requestSchema } = inferred.operation
  const violation = requestSchema === undefined || body === undefined ? undefined : api.validators.of(requestSchema, 'request')(body)
  if (violation !== undefined) throw new SeedsRefused(`seeds of ${api.name}: ${at} has a body that its document refuses: ${violation.pointer} ${violation.message}`)
  const reply = yield * executeWrite(prepareWrite(api, inferred, resource), world, path, { parameters: { path, query: {}, headers: {} }, body })
  const isExpected = step.status === undefined ? reply.status < 300 : reply.status === step.status
  if (!isExpected) throw new SeedsRefused(`seeds of ${api.name}: ${at} answered ${reply.status}: ${JSON.stringify(reply.body)}`)
  return reply.body ?? null
}

function fillTemplate (api: ApiModel, template: Json, variables: Readonly<Record<string, CelValue>>): Json {
  return compileTemplate(api.seedScope, template, '/seeds', (_, message) => { throw new SeedsRefused(`seeds of ${api.name}: ${message}`) })(variables)
}
