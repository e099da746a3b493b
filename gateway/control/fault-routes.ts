import Type from 'typebox'
import type { AuthorizationServer } from '../../authz/index.ts'
import { parseDurationMs, type SandboxId } from '../../kernel/index.ts'
import { FAULT_ENDPOINTS, FAULT_KINDS, type Fault, type FaultEndpoint, type FaultOrder, type Faults } from '../faults/index.ts'
import { developerRoute, done, NOT_FOUND, operatorRoute, refused, type ControlAnswer, type ControlRequest, type ControlRoute } from './route.ts'
import type { Sandboxes } from './sandboxes.ts'

/** What failures on demand need. */
export interface FaultRoutesDeps {
  readonly faults: Faults
  readonly sandboxes: Pick<Sandboxes, 'get'>
  readonly signingKeys: Pick<AuthorizationServer['signingKeys'], 'rotateForSandbox'>
  readonly listClients: (sandboxId: SandboxId) => Promise<ReadonlyArray<{ readonly clientId: string }>>
}

const words = (values: readonly string[]) => Type.Unsafe<string>({ type: 'string', enum: [...values] })

const CreateFault = Type.Object({
  kind: Type.Unsafe<FaultOrder['kind'] | 'signing_key_rotation'>({ ...words([...FAULT_KINDS, 'signing_key_rotation']), description: 'What goes wrong: `oauth_error`, `api_error`, `token_expired`, `token_revoked`, `token_binding_lost`, `slow`, `drop`, `rate_limited`, `dpop_nonce_required`, or at once `signing_key_rotation`.' }),
  endpoint: Type.Optional(Type.Unsafe<FaultEndpoint>({ ...words(FAULT_ENDPOINTS), description: 'Where: `token` (default of `oauth_error`), `authorization`, `introspection`, `revocation`, `userinfo`, `jwks`, `pushed_authorization_request`, `device_authorization`, `backchannel_authentication`, or `api` (default of the others). At `jwks` requests carry no credential: the fault strikes those from the address that asks for it.' })),
  client_id: Type.Optional(Type.String({ maxLength: 200, description: 'Only requests of this client of the sandbox.' })),
  operation: Type.Optional(Type.String({ maxLength: 200, description: 'Only this operation of the API, by its operationId.' })),
  error: Type.Optional(Type.String({ pattern: '^[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]{1,100}$', description: 'Of `oauth_error`: an error code (RFC 6749 §5.2, §4.1.2.1).' })),
  error_description: Type.Optional(Type.String({ pattern: '^[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]{1,500}$' })),
  status: Type.Optional(Type.Integer({ minimum: 400, maximum: 599, description: 'HTTP status of `oauth_error` and `api_error`.' })),
  body: Type.Optional(Type.Unsafe<NonNullable<FaultOrder['body']>>({ description: 'JSON body of `api_error`, as production would send it.' })),
  delay: Type.Optional(Type.String({ maxLength: 20, description: 'Of `slow`: a duration of at most 60s.' })),
  retry_after: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, description: 'Of `rate_limited`, in seconds.' })),
  times: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'How often it strikes; default 1, or as often as it can when `for` is given.' })),
  for: Type.Optional(Type.String({ maxLength: 20, description: 'How long it lasts at most: a duration of at most 24h; default 1h.' })),
}, { additionalProperties: false })

type FaultBody = Type.Static<typeof CreateFault>

const FOR_MS_DEFAULT = 3_600_000
const FOR_MS_MAX = 86_400_000
const DELAY_MS_MAX = 60_000
const BODY_CHARACTERS_MAX = 16_384
const TIMES_MAX = 10_000

/** Members that only one kind reads. A member that would do nothing is refused. */
const MEMBERS_OF: ReadonlyMap<keyof FaultBody, ReadonlyArray<FaultBody['kind']>> = new Map([
  ['error', ['oauth_error']], ['error_description', ['oauth_error']], ['status', ['oauth_error', 'api_error']], ['body', ['api_error']],
  ['delay', ['slow']], ['retry_after', ['rate_limited']],
])
const API_ONLY: ReadonlyArray<FaultBody['kind']> = ['api_error', 'token_expired', 'token_revoked', 'token_binding_lost']

/** Failures on demand, for a sandbox's developers and for the operator. */
export function faultRoutes (deps: FaultRoutesDeps): readonly ControlRoute[] {
  return [
    developerRoute({ method: 'POST', path: '/sandbox/faults', operationId: 'createFault', summary: 'Makes requests of this sandbox fail as asked, so often or so long; each ends by itself.', body: CreateFault }, async (sandboxId, request) => await create(sandboxId, request, deps)),
    developerRoute({ method: 'GET', path: '/sandbox/faults', operationId: 'listFaults', summary: 'Faults in force, oldest first.' }, async (sandboxId) => done(200, { data: (await deps.faults.list(sandboxId)).map(describeFault) })),
    developerRoute({ method: 'DELETE', path: '/sandbox/faults/{id}', operationId: 'endFault', summary: 'Ends a fault now.' }, async (sandboxId, { parameters }) => await deps.faults.end(sandboxId, parameters['id'] ?? '') ? done(204) : NOT_FOUND),
    operatorRoute({ method: 'POST', path: '/control/sandboxes/{id}/faults', operationId: 'createAnyFault', summary: 'Makes requests of a sandbox fail as asked.', body: CreateFault }, async (request) => await inSandbox(request, deps, async (sandboxId) => await create(sandboxId, request, deps))),
    operatorRoute({ method: 'GET', path: '/control/sandboxes/{id}/faults', operationId: 'listAnyFaults', summary: 'Faults in force in a sandbox.' }, async (request) => await inSandbox(request, deps, async (sandboxId) => done(200, { data: (await deps.faults.list(sandboxId)).map(describeFault) }))),
    operatorRoute({ method: 'DELETE', path: '/control/sandboxes/{id}/faults/{fault}', operationId: 'endAnyFault', summary: 'Ends a fault of a sandbox now.' }, async (request) => await inSandbox(request, deps, async (sandboxId) => await deps.faults.end(sandboxId, request.parameters['fault'] ?? '') ? done(204) : NOT_FOUND)),
  ]
}

async function inSandbox ({ parameters }: ControlRequest, { sandboxes }: FaultRoutesDeps, act: (sandboxId: SandboxId) => Promise<ControlAnswer>): Promise<ControlAnswer> {
  const sandbox = await sandboxes.get(parameters['id'] ?? '')
  return sandbox === undefined ? NOT_FOUND : await act(sandbox.id as SandboxId)
}

async function create (sandboxId: SandboxId, { body, address }: ControlRequest & { readonly body: FaultBody }, deps: FaultRoutesDeps): Promise<ControlAnswer> {
  const problem = explainMisuse(body)
  if (problem !== undefined) return refused('request_invalid', problem[1], [problem[0]])
  if (body.client_id !== undefined && !(await deps.listClients(sandboxId)).some(({ clientId }) => clientId === body.client_id)) return refused('request_invalid', 'client_id is no client of this sandbox.', ['/client_id'])
  if (body.kind === 'signing_key_rotation') {
    const rotated = await deps.signingKeys.rotateForSandbox(sandboxId)
    return rotated === undefined ? refused('quota_exceeded', 'The sandbox has rotated its key as often as it may for now; older keys end by themselves.') : done(200, { kind: body.kind, rotated: true })
  }
  const fault = await deps.faults.add(sandboxId, orderOf({ ...body, kind: body.kind }), address)
  if (fault === undefined) return refused('quota_exceeded', 'A sandbox has at most 50 faults in force.')
  return done(201, describeFault({ ...fault, remaining: fault.times }))
}

/** The pointer and the reason, when members do not go together. */
function explainMisuse (body: FaultBody): readonly [pointer: string, reason: string] | undefined {
  for (const [member, kinds] of MEMBERS_OF) if (body[member] !== undefined && !kinds.includes(body.kind)) return [`/${member}`, `${member} is read by ${kinds.join(' and ')}, not by ${body.kind}.`]
  if (API_ONLY.includes(body.kind) && body.endpoint !== undefined && body.endpoint !== 'api') return ['/endpoint', `${body.kind} strikes at the api only.`]
  if (body.kind === 'oauth_error' && body.endpoint === 'api') return ['/endpoint', 'oauth_error strikes at the authorization server; the API\'s own errors are api_error.']
  if (body.operation !== undefined && (body.endpoint ?? defaultEndpoint(body.kind)) !== 'api') return ['/operation', 'operation names an operation of the api.']
  if (body.kind === 'dpop_nonce_required' && (body.times !== undefined || body.endpoint !== undefined || body.client_id !== undefined || body.operation !== undefined)) return ['/kind', 'dpop_nonce_required holds for the whole sandbox and for a time: give only `for`.']
  if (body.kind === 'slow' && !isWithin(body.delay, DELAY_MS_MAX)) return ['/delay', 'slow needs delay, a duration of at most 60s such as 500ms.']
  if (body.for !== undefined && !isWithin(body.for, FOR_MS_MAX)) return ['/for', 'for is a duration of at most 24h, such as 10m.']
  if (body.body !== undefined && JSON.stringify(body.body).length > BODY_CHARACTERS_MAX) return ['/body', `body has at most ${BODY_CHARACTERS_MAX} characters.`]
  return undefined
}

function isWithin (text: string | undefined, maximumMs: number): boolean {
  const ms = parseDurationMs(text ?? '')
  return ms !== undefined && ms > 0 && ms <= maximumMs
}

function defaultEndpoint (kind: FaultBody['kind']): FaultEndpoint {
  return kind === 'oauth_error' ? 'token' : 'api'
}

function orderOf (body: FaultBody & { readonly kind: FaultOrder['kind'] }): FaultOrder {
  return {
    kind: body.kind,
    endpoint: body.endpoint ?? defaultEndpoint(body.kind),
    times: body.times ?? (body.for === undefined ? 1 : TIMES_MAX),
    forMs: parseDurationMs(body.for ?? '') ?? FOR_MS_DEFAULT,
    ...(body.client_id === undefined ? {} : { clientId: body.client_id }),
    ...(body.operation === undefined ? {} : { operation: body.operation }),
    ...(body.error === undefined ? {} : { error: body.error }),
    ...(body.error_description === undefined ? {} : { errorDescription: body.error_description }),
    ...(body.status === undefined ? {} : { status: body.status }),
    ...(body.body === undefined ? {} : { body: body.body }),
    ...(body.delay === undefined ? {} : { delayMs: parseDurationMs(body.delay) ?? 0 }),
    ...(body.retry_after === undefined ? {} : { retryAfterSeconds: body.retry_after }),
  }
}

function describeFault (fault: Fault & { readonly remaining: number }) {
  return {
    id: fault.id,
    kind: fault.kind,
    endpoint: fault.endpoint,
    remaining: fault.remaining,
    created_at: new Date(fault.createdAtMs).toISOString(),
    ends_at: new Date(fault.endsAtMs).toISOString(),
    ...(fault.clientId === undefined ? {} : { client_id: fault.clientId }),
    ...(fault.operation === undefined ? {} : { operation: fault.operation }),
    ...(fault.error === undefined ? {} : { error: fault.error }),
    ...(fault.errorDescription === undefined ? {} : { error_description: fault.errorDescription }),
    ...(fault.status === undefined ? {} : { status: fault.status }),
    ...(fault.body === undefined ? {} : { body: fault.body }),
    ...(fault.delayMs === undefined ? {} : { delay_ms: fault.delayMs }),
    ...(fault.retryAfterSeconds === undefined ? {} : { retry_after: fault.retryAfterSeconds }),
  }
}
