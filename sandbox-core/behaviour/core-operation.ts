import type { ClientId, Json, RequestId, SandboxId } from '../../kernel/index.ts'
import type { Layers, MaybePromise } from '../../stores/index.ts'
import type { SandboxClock } from '../world/sandbox-clock.ts'
import type { Worlds } from '../world/create-worlds.ts'
import type { Clock } from '../../kernel/index.ts'
import type { CoreReply } from './execution.ts'
import type { LedgerReader } from './ledger.ts'

/** A request that passed the pipeline: authenticated, parsed, scrubbed. */
export interface CoreRequest {
  readonly sandboxId: SandboxId
  readonly clientId?: ClientId | undefined
  readonly requestId: RequestId
  readonly pathParameters: Readonly<Record<string, string>>
  /** Raw, without `?`, already scrubbed. */
  readonly query: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body?: Json | undefined
}

/** One operation of an API, to be mounted as a route. */
export interface CoreOperation {
  readonly method: string
  /** As in the document: `/v1/customers/{customer_id}`. */
  readonly path: string
  readonly operationId: string
  /** From the document's security requirement; absent when it states none. */
  readonly scopes?: readonly string[]
  readonly requestMediaTypes: readonly string[]
  /** Plain with the embedded driver. Throws an error named StoreUnavailable when the store is lost or too many commits conflict. */
  readonly handle: (request: CoreRequest) => MaybePromise<CoreReply>
}

/** What handlers work with. */
export interface HandlerDeps {
  readonly layers: Layers
  readonly worlds: Worlds
  readonly ledger: LedgerReader
  readonly sandboxClock: SandboxClock
  readonly clock: Clock
  /** Whether anybody is to be told of an event; asked in the step of the commit. */
  readonly isEventWanted: (sandboxId: SandboxId, eventType: string) => boolean
}
