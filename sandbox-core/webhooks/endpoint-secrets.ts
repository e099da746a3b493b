import { isJsonObject, randomId, Secret, type Clock, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import { createSigningSecret } from './sign.ts'

/** The signing secrets of endpoints. Each is an entry of its own, so that two rotations at once lose neither. */
export interface EndpointSecrets {
  /** Adds a secret; those there already end `overlapMs` from now, at the latest. */
  readonly add: (sandboxId: SandboxId, endpointId: string, overlapMs: number) => Promise<Secret>
  /** The secrets to sign with now, newest first. */
  readonly live: (sandboxId: SandboxId, endpointId: string) => Promise<readonly Secret[]>
  readonly clear: (sandboxId: SandboxId, endpointId: string) => Promise<void>
}

interface StoredSecret { readonly key: string, readonly value: string, readonly createdAtMs: number, readonly endsAtMs?: number }

/** More signatures than this are never sent: the oldest secrets end early. */
const SECRETS_MAX = 4

/** Keeps signing secrets in the space `webhook-secrets:<sandbox>`. */
export function createEndpointSecrets (keyValue: KeyValue, clock: Clock): EndpointSecrets {
  const list = async (sandboxId: SandboxId, endpointId: string): Promise<readonly StoredSecret[]> => {
    const entries = await keyValue.list(spaceOf(sandboxId), { after: `${endpointId}.`, limit: 32 })
    return entries.filter(({ key }) => key.startsWith(`${endpointId}.`)).map(({ key, value }) => readSecret(key, value))
  }
  return {
    add: async (sandboxId, endpointId, overlapMs) => {
      const nowMs = clock.nowMs()
      const older = newestFirst(await list(sandboxId, endpointId))
      const secret = createSigningSecret()
      await keyValue.put(spaceOf(sandboxId), `${endpointId}.${randomId('s')}`, { value: secret.reveal(), createdAtMs: nowMs })
      for (const [index, { key, value, createdAtMs, endsAtMs = Infinity }] of older.entries()) {
        const ttlMs = Math.min(endsAtMs - nowMs, overlapMs)
        if (ttlMs <= 0 || index >= SECRETS_MAX - 1) await keyValue.delete(spaceOf(sandboxId), key)
        else await keyValue.put(spaceOf(sandboxId), key, { value, createdAtMs, endsAtMs: nowMs + ttlMs }, { ttlMs })
      }
      return secret
    },
    live: async (sandboxId, endpointId) => {
      const nowMs = clock.nowMs()
      const secrets = newestFirst(await list(sandboxId, endpointId)).filter(({ endsAtMs }) => endsAtMs === undefined || endsAtMs > nowMs)
      return secrets.slice(0, SECRETS_MAX).map(({ value }) => new Secret(value))
    },
    clear: async (sandboxId, endpointId) => {
      for (const { key } of await list(sandboxId, endpointId)) await keyValue.delete(spaceOf(sandboxId), key)
    }
  }
}

function spaceOf (sandboxId: SandboxId): string {
  return `webhook-secrets:${sandboxId}`
}

function readSecret (key: string, stored: unknown): StoredSecret {
  const { value = '', createdAtMs = 0, endsAtMs } = isJsonObject(stored) ? stored as Partial<StoredSecret> : {}
  return endsAtMs === undefined ? { key, value, createdAtMs } : { key, value, createdAtMs, endsAtMs }
}

/** Those without an end come first, since of two added in the same millisecond one has been ended by the other. */
function newestFirst (secrets: readonly StoredSecret[]): StoredSecret[] {
  return secrets.toSorted((a, b) => b.createdAtMs - a.createdAtMs || Math.sign((b.endsAtMs ?? Number.MAX_VALUE) - (a.endsAtMs ?? Number.MAX_VALUE)))
}
