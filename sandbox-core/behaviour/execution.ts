import type { Json, JsonObject, SandboxId } from '../../kernel/index.ts'
import type { Transaction } from '../world/transaction.ts'
import type { CelValue } from './cel-values.ts'
import type { Variables } from './compile-expression.ts'
import { formatTime } from './format-time.ts'
import type { LedgerReader } from './ledger.ts'
import type { ApiModel, BaseVariables, FailModel, ResourceModel, Setter } from './model.ts'

/** The reply of an operation: plain data. */
export interface CoreReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Json
  /** Why it is not a success, for the record of the request; never a part of what is sent. */
  readonly failure?: CoreFailure
}

/** The cause of a reply that is one of the API's own errors. */
export interface CoreFailure {
  /** The error's name in the catalogue. */
  readonly error: string
  readonly detail: string
  /** True when a documented trigger asked for it. */
  readonly isTriggered?: boolean
}

/** An object that a request creates, changes or deletes, before it is stored. */
export interface Draft {
  readonly resource: ResourceModel
  readonly id: string
  readonly before: JsonObject | undefined
  self: JsonObject
  isDeleted: boolean
  readonly emit: Set<string>
}

/** A posting of the ledger that waits for the commit. */
export interface Posting { readonly account: string, readonly counterAccount: string, readonly currency: string, readonly amount: number }

/** Everything that one request has in hand. */
export interface Execution {
  readonly api: ApiModel
  readonly tx: Transaction
  readonly ledger: LedgerReader
  /** Undefined while a baseline is made: nobody is told of its events. */
  readonly sandboxId: SandboxId | undefined
  readonly isEventWanted: (sandboxId: SandboxId, eventType: string) => boolean
  readonly seed: string
  /** The sandbox's time. */
  readonly nowMs: number
  /** The real time, at which jobs are due. */
  readonly realNowMs: number
  readonly base: BaseVariables
  /** In order of first touch, by resource and id. */
  readonly drafts: Map<string, Draft>
  readonly postings: Posting[]
  /** A failure whose changes are stored all the same: a declined payment. */
  storedFailure: CoreReply | undefined
}

/** Ends a request with one of the API's own errors; nothing of it is stored. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed'
  readonly reply: CoreReply

  constructor (reply: CoreReply) {
    super(`answered ${reply.status}`)
    this.reply = reply
  }
}

export function createExecution (parts: Pick<Execution, 'api' | 'tx' | 'ledger' | 'sandboxId' | 'isEventWanted' | 'seed' | 'nowMs' | 'realNowMs'> & { readonly request: CelValue }): Execution {
  const { request, ...rest } = parts
  const now = formatTime(parts.nowMs, parts.api.conventions.time.format)
  return { ...rest, base: { request, now: typeof now === 'number' ? BigInt(now) : now, now_ms: BigInt(parts.nowMs) }, drafts: new Map(), postings: [], storedFailure: undefined }
}

/** The variables of a rule about a draft, with what was loaded for it. */
export function variablesOf (execution: Execution, draft: Draft, loaded: Variables): Variables {
  const { toCel } = draft.resource
  return { ...loaded, ...execution.base, self: toCel(draft.self), before: draft.before === undefined ? null : toCel(draft.before) }
}

/** Sets members one after another; each sees those before it. */
export function applySetters (execution: Execution, draft: Draft, setters: readonly Setter[], loaded: Variables): void {
  for (const { member, run } of setters) draft.self = { ...draft.self, [member]: run(variablesOf(execution, draft, loaded)) }
}

/** The reply of an error of the catalogue. */
export function replyOf (api: ApiModel, error: string, args: Readonly<Record<string, Json>>): CoreReply {
  const model = api.errors.get(error)
  if (model === undefined) throw new Error(`no error ${error} in the catalogue of ${api.name}`)
  const { message, param } = args
  const detail = typeof message === 'string' ? message : `the API's error ${error}`
  return { status: model.status, body: model.body({ args }), failure: { error, detail: typeof param === 'string' && param !== '' ? `${param}: ${detail}` : detail } }
}

export function replyOfFail (api: ApiModel, fail: FailModel, variables: Variables): CoreReply {
  return replyOf(api, fail.error, { param: null, message: null, ...Object.fromEntries(fail.args.map(({ member, run }) => [member, run(variables)])) })
}
