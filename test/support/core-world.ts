import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { ClientId, Json, JsonObject, RequestId, SandboxId } from '../../kernel/index.ts'
import { openEmbeddedStores, type Stores } from '../../stores/index.ts'
import { compileApi, createSandboxCore, type CompiledApi, type CoreReply, type SandboxCore } from '../../sandbox-core/index.ts'

const DIRECTORY = new URL('../../config/apis/payments/', import.meta.url)

/** A clock that stands still until a test moves it. */
export interface FakeClock { nowMs: () => number, moveMs: (byMs: number) => void }

export function createFakeClock (startMs = Date.UTC(2026, 5, 1)): FakeClock {
  let now = startMs
  return { nowMs: () => now, moveMs: byMs => { now += byMs } }
}

export function readPaymentsFiles (): { openapi: JsonObject, behaviour: JsonObject } {
  const read = (name: string): JsonObject => parse(readFileSync(new URL(name, DIRECTORY), 'utf8')) as JsonObject
  return { openapi: read('openapi.yaml'), behaviour: read('behaviour.yaml') }
}

export function compileOrThrow (name: string, openapi: unknown, behaviour?: unknown): CompiledApi {
  const compiled = compileApi({ name, openapi, behaviour })
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems, null, 2))
  return compiled.api
}

export function openMemoryStores (clock: FakeClock, directory = ':memory:'): Stores {
  return openEmbeddedStores({ directory, clock, retention: { maxAgeMs: 86_400_000, maxPerStream: 1000 } })
}

export interface CallOptions { readonly path?: Record<string, string>, readonly query?: string, readonly body?: unknown, readonly key?: string, readonly sandbox?: SandboxId, readonly client?: string }
/** The members of replies that tests look at; each reply has some of them. */
export interface ReplyBody {
  readonly id: string,
  readonly name: string | null,
  readonly email: string | null,
  readonly created: number,
  readonly status: string,
  readonly currency: string,
  readonly number: string | null
  readonly amount: number,
  readonly amount_received: number,
  readonly amount_refunded: number,
  readonly amount_refundable: number,
  readonly amount_capturable: number
  readonly refunded: boolean,
  readonly payment: string,
  readonly has_more: boolean,
  readonly metadata: Record<string, string>,
  readonly card: Record<string, unknown>
  readonly last_error: { readonly decline_code: string },
  readonly error: { readonly code: string, readonly decline_code: string }
  readonly data: readonly ReplyBody[],
  readonly available: readonly Money[],
  readonly pending: readonly Money[]
}
export interface Money { readonly currency: string, readonly amount: number }

export type Call = (operationId: string, options?: CallOptions) => Promise<CoreReply & { readonly body: ReplyBody }>

/** Calls operations by id; every reply is checked against the document, so a test fails on a reply that breaks its own schema. */
export function createCaller (core: SandboxCore, api: CompiledApi, sandbox: SandboxId): Call {
  return async (operationId, options = {}) => {
    const operation = core.operations(api.name).find(candidate => candidate.operationId === operationId)
    if (operation === undefined) throw new Error(`no operation ${operationId}`)
    const reply = await operation.handle({
      sandboxId: options.sandbox ?? sandbox,
      clientId: (options.client ?? 'client_a') as ClientId,
      requestId: 'r'.repeat(32) as RequestId,
      pathParameters: options.path ?? {},
      query: options.query ?? '',
      headers: options.key === undefined ? {} : { 'idempotency-key': options.key },
      ...(options.body === undefined ? {} : { body: options.body as Json }),
    })
    checkReply(api, operationId, reply)
    return reply as Awaited<ReturnType<Call>>
  }
}

/** The first item of a list reply; throws when there is none. */
export function firstOf (reply: { readonly body: ReplyBody }): ReplyBody {
  const [first] = reply.body.data
  if (first === undefined) throw new Error('the list is empty')
  return first
}

function checkReply (api: CompiledApi, operationId: string, reply: CoreReply): void {
  if (reply.status === 204 && reply.body === undefined) return
  const inferred = api.model.operations.find(candidate => candidate.operation.operationId === operationId)
  const schema = inferred?.operation.responses.get(String(reply.status))
  if (schema === undefined) throw new Error(`${operationId} answered ${reply.status}, which its document does not list: ${JSON.stringify(reply.body)}`)
  const violation = api.model.validators.of(schema, 'response')(JSON.parse(JSON.stringify(reply.body)) as Json)
  if (violation !== undefined) throw new Error(`${operationId} ${reply.status}: ${violation.pointer} ${violation.message}`)
}

export const SANDBOX = 'sbx_one' as SandboxId
export const OTHER_SANDBOX = 'sbx_two' as SandboxId

export interface World { readonly core: SandboxCore, readonly call: Call, readonly clock: FakeClock, readonly stores: Stores, readonly api: CompiledApi }

/** The payments API with one sandbox, on the embedded driver in memory. */
export async function openPayments (options: { readonly clock?: FakeClock, readonly stores?: Stores, readonly seed?: string } = {}): Promise<World> {
  const clock = options.clock ?? createFakeClock()
  const stores = options.stores ?? openMemoryStores(clock)
  const { openapi, behaviour } = readPaymentsFiles()
  const api = compileOrThrow('payments', openapi, behaviour)
  const core = createSandboxCore({ apis: [api], layers: stores.layers, keyValue: stores.keyValue, clock })
  await core.create(SANDBOX, { seed: options.seed ?? 'seed' })
  return { core, call: createCaller(core, api, SANDBOX), clock, stores, api }
}
