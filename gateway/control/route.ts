import type { TSchema, Static } from 'typebox'
import type { Caller, ErrorCode, Json, Refusal, RequestId, SandboxId } from '../../kernel/index.ts'

/** One operation of the control API. Under /sandbox the credential chooses the sandbox; under /control it is the operator's. */
export interface ControlRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** A path template, `/sandbox/requests/{id}`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly credentials: ReadonlyArray<Caller['kind']>
  readonly body?: TSchema
  readonly handle: (request: ControlRequest) => ControlAnswer | Promise<ControlAnswer>
}

export interface ControlRequest {
  readonly caller: Caller
  readonly requestId: RequestId
  /** Canonical, of whoever asks. */
  readonly address: string
  readonly parameters: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Checked against the route's schema. */
  readonly body: unknown
}

/** A result, or a refusal. */
export type ControlAnswer =
  | { readonly kind: 'done', readonly status: 200 | 201 | 202 | 204, readonly body?: Json }
  | { readonly kind: 'refused', readonly refusal: Refusal }

/** The usual answer. */
export function done (status: 200 | 201 | 202 | 204, body?: Json): ControlAnswer {
  return body === undefined ? { kind: 'done', status } : { kind: 'done', status, body }
}

/** A refusal that says the same to the client and in the record. */
export function refused (code: ErrorCode, detail: string, pointers?: readonly string[]): ControlAnswer {
  return { kind: 'refused', refusal: { code, publicDetail: detail, internalDetail: detail, ...(pointers === undefined ? {} : { pointers }) } }
}

/** A token is lent to programs, often with little scope: it may look. Changing the sandbox itself takes the sandbox's key. */
const READERS: ReadonlyArray<Caller['kind']> = ['client', 'sandbox-key']
const WRITERS: ReadonlyArray<Caller['kind']> = ['sandbox-key']
const OPERATOR: ReadonlyArray<Caller['kind']> = ['operator']

type RouteOptions<Body extends TSchema> = Pick<ControlRoute, 'method' | 'path' | 'operationId' | 'summary'> & { readonly body?: Body }

/** A route for the developers of one sandbox; it gets the sandbox that the credential belongs to. */
export function developerRoute<Body extends TSchema> (options: RouteOptions<Body>, handle: (sandboxId: SandboxId, request: ControlRequest & { readonly body: Static<Body> }) => ReturnType<ControlRoute['handle']>): ControlRoute {
  return {
    ...options,
    credentials: options.method === 'GET' ? READERS : WRITERS,
    handle: (request) => {
      const { sandboxId } = request.caller
      if (sandboxId === undefined) return refused('credential_not_accepted', 'The credential belongs to no sandbox.')
      return handle(sandboxId, request as ControlRequest & { readonly body: Static<Body> })
    },
  }
}

/** A route for the operator. */
export function operatorRoute<Body extends TSchema> (options: RouteOptions<Body>, handle: (request: ControlRequest & { readonly body: Static<Body> }) => ReturnType<ControlRoute['handle']>): ControlRoute {
  return { ...options, credentials: OPERATOR, handle: (request) => handle(request as ControlRequest & { readonly body: Static<Body> }) }
}

/** The answer for what is not there, or is another sandbox's. */
export const NOT_FOUND: ControlAnswer = refused('resource_not_found', 'There is no such resource.')

/** Reads `limit` (1–100, default 20) and `before` of a list request. */
export function readPage (query: URLSearchParams): { readonly limit: number, readonly before?: string } {
  const wanted = Number(query.get('limit') ?? 20)
  const limit = Number.isInteger(wanted) ? Math.min(100, Math.max(1, wanted)) : 20
  const before = query.get('before')
  return before === null ? { limit } : { limit, before }
}
