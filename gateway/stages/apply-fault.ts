import { PASS, refuse, type Refusal, type SandboxId, type Verdict } from '../../kernel/index.ts'
import type { Fault, FaultEndpoint, Faults } from '../faults/index.ts'
import type { AnyFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

export interface ApplyFaultDeps {
  readonly faults: Pick<Faults, 'isEmpty' | 'find' | 'findByAddress' | 'take'>
  /** Which endpoint a path of the token surface is; undefined for what no fault can strike. */
  readonly endpointOf: (template: string) => FaultEndpoint | undefined
  /** The sandbox of a client that a request claims to be. */
  readonly sandboxOfClient: (clientId: string) => SandboxId | undefined | Promise<SandboxId | undefined>
  readonly wait: (ms: number) => Promise<void>
}

/**
 * Makes a request fail as its sandbox's developer has asked. On the wire it looks as in production; the record names the
 * fault, so that nobody hunts a ghost. Where no fault is in force anywhere it decides nothing and waits for nothing.
 *
 * Errors of the authorization endpoint are the authorization server's to send, because only it knows the redirect.
 *
 * @refuses token_expired 401 · token_revoked 401 · token_binding_mismatch 401 · client_limit_exceeded 429 · fault_injected
 */
export function applyFault (deps: ApplyFaultDeps): Stage<AnyFacts, object> {
  return {
    name: 'apply-fault',
    phase: 'arrival',
    onFault: 'pass-and-report',
    decide: (seen) => deps.faults.isEmpty() ? PASS : strike(seen, deps),
  }
}

async function strike (seen: AnyFacts, deps: ApplyFaultDeps): Promise<Verdict<object>> {
  const struck: Fault[] = []
  for (const fault of await findFaults(seen, deps)) {
    if (!isOurs(fault) || !await deps.faults.take(fault)) continue
    struck.push(fault)
    if (fault.kind === 'slow') await deps.wait(fault.delayMs ?? 0)
    else return refuse(refusalOf(fault))
  }
  return struck.length === 0 ? PASS : { kind: 'pass', adds: {}, findings: struck.map((fault) => ({ stage: 'apply-fault', code: 'fault_injected', detail: describe(fault) })) }
}

async function findFaults (seen: AnyFacts, { faults, endpointOf, sandboxOfClient }: ApplyFaultDeps): Promise<readonly Fault[]> {
  const endpoint = seen.surface === 'api' ? 'api' : endpointOf(seen.route?.template ?? '')
  if (endpoint === undefined) return []
  const clientId = seen.caller?.clientId ?? seen.claimedClientId
  const target = { endpoint, clientId, operation: seen.route?.operationId }
  const sandboxId = seen.caller?.sandboxId ?? (clientId === undefined ? undefined : await sandboxOfClient(clientId))
  return sandboxId === undefined ? faults.findByAddress(seen.address ?? '', target) : faults.find(sandboxId, target)
}

/** The others are asked for where they strike: by the authorization server. */
function isOurs ({ kind, endpoint }: Fault): boolean {
  return kind !== 'dpop_nonce_required' && !(kind === 'oauth_error' && endpoint === 'authorization')
}

function refusalOf (fault: Fault): Refusal {
  const shared = { internalDetail: describe(fault), evidence: { fault: fault.id } }
  switch (fault.kind) {
    case 'token_expired': return { ...shared, code: 'token_expired' }
    case 'token_revoked': return { ...shared, code: 'token_revoked' }
    case 'token_binding_lost': return { ...shared, code: 'token_binding_mismatch' }
    case 'rate_limited': return { ...shared, code: 'client_limit_exceeded', retryAfterSeconds: fault.retryAfterSeconds ?? 1 }
    case 'drop': return { ...shared, code: 'fault_injected', wire: 'drop' }
    case 'api_error':
    case 'oauth_error':
    case 'slow':
    case 'dpop_nonce_required': return { ...shared, code: 'fault_injected', wire: wireOf(fault) }
  }
}

function wireOf (fault: Fault): Exclude<Refusal['wire'], undefined> {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
  if (fault.kind === 'api_error') return { status: fault.status ?? 500, headers, text: fault.body === undefined ? '' : JSON.stringify(fault.body) }
  const status = fault.status ?? (fault.error === 'invalid_client' ? 401 : fault.error === 'server_error' ? 500 : fault.error === 'temporarily_unavailable' ? 503 : 400)
  return { status, headers, text: JSON.stringify({ error: fault.error ?? 'server_error', ...(fault.errorDescription === undefined ? {} : { error_description: fault.errorDescription }) }) }
}

function describe ({ id, kind, endpoint }: Fault): string {
  return `the fault ${id} (${kind} at ${endpoint}) was asked for with POST /sandbox/faults`
}
