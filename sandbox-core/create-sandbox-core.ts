import type { Clock, SandboxId } from '../kernel/index.ts'
import type { KeyValue, Layers, Notices } from '../stores/index.ts'
import type { CoreOperation, HandlerDeps } from './behaviour/core-operation.ts'
import { createGetHandler, createListHandler, createSampleHandler, createSingletonHandler } from './behaviour/handle-read.ts'
import { createWriteHandler, prepareWrite } from './behaviour/handle-write.ts'
import { createLedgerReader } from './behaviour/ledger.ts'
import type { ApiModel, TriggerDescription } from './behaviour/model.ts'
import { createBaseline } from './behaviour/seed-baseline.ts'
import type { CompiledApi } from './compile-api.ts'
import type { InferredOperation } from './openapi/infer-resources.ts'
import { createSandboxClock, type SandboxClock } from './world/sandbox-clock.ts'
import { createWorlds } from './world/create-worlds.ts'

/** Stateful sandboxes of compiled APIs. */
export interface SandboxCore {
  /** Every operation of an API, for mounting as routes; empty for an unknown API. */
  readonly operations: (apiName: string) => readonly CoreOperation[]
  /** Makes the sandbox's world; a world that exists is left alone. The seed decides every id in it. */
  readonly create: (sandboxId: SandboxId, options: { readonly seed: string }) => Promise<void>
  /** Back to the baseline in constant time; ids start anew. Throws SandboxUnknown. */
  readonly reset: (sandboxId: SandboxId) => Promise<void>
  readonly triggers: (apiName: string) => readonly TriggerDescription[]
  readonly clock: SandboxClock
}

export interface SandboxCoreDeps {
  readonly apis: readonly CompiledApi[]
  readonly layers: Layers
  readonly keyValue: KeyValue
  readonly clock: Clock
  /** Tells other instances of an advanced clock. */
  readonly notices?: Notices
  /** Whether a job must be made for an event (see `Webhooks`); default: for each. */
  readonly isEventWanted?: HandlerDeps['isEventWanted']
}

/** Puts the engine together. Nothing is read or written before the first request or `create`. */
export function createSandboxCore (deps: SandboxCoreDeps): SandboxCore {
  const { layers, keyValue, clock } = deps
  const sandboxClock = createSandboxClock({ clock, keyValue, notices: deps.notices })
  const worlds = createWorlds({ layers, keyValue, baseline: createBaseline({ layers, apis: deps.apis.map(api => api.model) }) })
  const handlerDeps: HandlerDeps = { layers, worlds, ledger: createLedgerReader(layers), sandboxClock, clock, isEventWanted: deps.isEventWanted ?? (() => true) }
  const operations = new Map(deps.apis.map(({ name, model }) => [name, model.operations.map(inferred => mountOperation(handlerDeps, model, inferred))]))
  return {
    operations: apiName => operations.get(apiName) ?? [],
    create: (sandboxId, { seed }) => worlds.create(sandboxId, seed),
    reset: worlds.reset,
    triggers: apiName => deps.apis.find(api => api.name === apiName)?.model.triggers.map(trigger => trigger.description) ?? [],
    clock: sandboxClock,
  }
}

function mountOperation (deps: HandlerDeps, api: ApiModel, inferred: InferredOperation): CoreOperation {
  const { method, path, operationId, scopes, requestMediaTypes } = inferred.operation
  return { method, path, operationId, requestMediaTypes, ...(scopes === undefined ? {} : { scopes }), handle: createHandler(deps, api, inferred) }
}

function createHandler (deps: HandlerDeps, api: ApiModel, inferred: InferredOperation): CoreOperation['handle'] {
  const resource = inferred.resource === undefined ? undefined : api.resources.get(inferred.resource)
  if (resource === undefined) return createSampleHandler(api, inferred)
  switch (inferred.kind) {
    case 'get': return createGetHandler(deps, api, inferred, resource)
    case 'list': return createListHandler(deps, api, inferred, resource)
    case 'singleton': return createSingletonHandler(deps, api, inferred, resource)
    case 'unknown': return createSampleHandler(api, inferred)
    case 'create':
    case 'update':
    case 'delete':
    case 'action': return createWriteHandler(deps, prepareWrite(api, inferred, resource))
  }
}
