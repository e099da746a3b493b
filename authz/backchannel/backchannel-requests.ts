import type { Json, SandboxId } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import { listAll } from '../clients/client-directory.ts'

/** An authentication request that waits on a test user's other device (CIBA Core §7), or what became of it. */
export interface BackchannelRequest {
  /** The `auth_req_id`; whoever has it and is the client can poll for the tokens. */
  readonly id: string
  readonly clientId: string
  readonly sub: string
  readonly username: string
  readonly scopes: readonly string[]
  /** Shown on both devices, so that the person can compare (CIBA Core §7.1). */
  readonly bindingMessage?: string
  readonly deliveryMode: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly status: 'waiting' | 'approved' | 'denied'
  /** Why it was denied, or what decides it. */
  readonly detail?: string
  /** What came of telling the client (ping mode, CIBA Core §10.2). */
  readonly notification?: string
  /** The user's condition decides at this time. */
  readonly automatic?: { readonly decision: 'approve' | 'deny', readonly atMs: number }
}

/** Where requests are kept: one space a sandbox, so that another's ids find nothing. */
export interface BackchannelRequests {
  readonly put: (sandboxId: SandboxId, request: BackchannelRequest, nowMs: number) => Promise<void>
  readonly get: (sandboxId: SandboxId, id: string) => Promise<BackchannelRequest | undefined>
  /** Newest first. */
  readonly list: (sandboxId: SandboxId) => Promise<readonly BackchannelRequest[]>
  /** True for exactly one of any number of concurrent callers. */
  readonly claim: (id: string, ttlMs: number) => Promise<boolean>
}

/** How long a request is listed after it is over. */
const LINGER_MS = 3_600_000

/** Backchannel requests over the store. */
export function createBackchannelRequests (keyValue: KeyValue): BackchannelRequests {
  const space = (sandboxId: SandboxId): string => `backchannel-request:${sandboxId}`
  return {
    put: async (sandboxId, request, nowMs) => await keyValue.put(space(sandboxId), request.id, request as unknown as Json, { ttlMs: Math.max(1, request.expiresAtMs - nowMs) + LINGER_MS }),
    get: async (sandboxId, id) => await keyValue.get(space(sandboxId), id) as unknown as BackchannelRequest | undefined,
    list: async (sandboxId) => (await listAll(keyValue, space(sandboxId))).map(({ value }) => value as unknown as BackchannelRequest).sort((a, b) => b.createdAtMs - a.createdAtMs),
    claim: async (id, ttlMs) => await keyValue.putIfAbsent('backchannel-decided', id, true, { ttlMs: Math.max(1, ttlMs) }),
  }
}
