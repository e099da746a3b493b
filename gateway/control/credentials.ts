import { createHash, timingSafeEqual } from 'node:crypto'
import { randomToken, Secret, whenSettled, type Caller, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise } from '../../stores/index.ts'

/** Keys that open the control API: one a sandbox, and the operator's token. Only their hashes are kept. */
export interface ControlCredentials {
  /** A new key for a sandbox; shown once. */
  readonly issueSandboxKey: (sandboxId: SandboxId) => Promise<Secret>
  readonly findHolder: (key: string) => MaybePromise<Caller | undefined>
}

const SPACE = 'sandbox-key'
const OPERATOR: Caller = { kind: 'operator', scopes: [] }

/** @param operatorToken the operator's token, `sgop_…` unless configured otherwise */
export function createControlCredentials ({ keyValue, operatorToken }: { readonly keyValue: KeyValue, readonly operatorToken: Secret }): ControlCredentials {
  const operatorDigest = digest(operatorToken.reveal())
  return {
    issueSandboxKey: async (sandboxId) => {
      const key = `sgsk_${randomToken(24)}`
      await keyValue.put(SPACE, digest(key).toString('hex'), { sandboxId })
      return new Secret(key)
    },
    findHolder: (key) => {
      const hash = digest(key)
      if (timingSafeEqual(hash, operatorDigest)) return OPERATOR
      return whenSettled(keyValue.get(SPACE, hash.toString('hex')), toCaller)
    },
  }
}

function toCaller (entry: unknown): Caller | undefined {
  if (entry === undefined) return undefined
  const { sandboxId } = entry as { readonly sandboxId: SandboxId }
  return { kind: 'sandbox-key', sandboxId, scopes: [] }
}

function digest (key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
