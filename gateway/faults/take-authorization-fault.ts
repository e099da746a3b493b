import type { SandboxId } from '../../kernel/index.ts'
import type { Faults } from './create-faults.ts'

/** An error asked for at the authorization endpoint (RFC 6749 §4.1.2.1), used once; undefined when none is in force. */
export async function takeAuthorizationFault (faults: Pick<Faults, 'find' | 'take'>, sandboxId: SandboxId | undefined, clientId: string): Promise<{ readonly error: string, readonly description?: string, readonly detail: string } | undefined> {
  if (sandboxId === undefined) return undefined
  for (const fault of faults.find(sandboxId, { endpoint: 'authorization', clientId })) {
    if (fault.kind !== 'oauth_error' || !await faults.take(fault)) continue
    return {
      error: fault.error ?? 'server_error',
      detail: `the fault ${fault.id} was asked for with POST /sandbox/faults`,
      ...(fault.errorDescription === undefined ? {} : { description: fault.errorDescription }),
    }
  }
  return undefined
}
