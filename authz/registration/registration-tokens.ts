import { randomToken, Secret, type Clock, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import { listAll } from '../clients/client-directory.ts'
import { hashSecret } from '../clients/secret-keeper.ts'

/** An initial access token (RFC 7591 §1.2), as it may be shown again: without the token. */
export interface RegistrationToken {
  readonly id: string
  readonly sandboxId: SandboxId
  /** How many clients may be registered with it; absent: as many as the sandbox may have. */
  readonly usesMax?: number
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

/** Initial access tokens: each opens registration for one sandbox. */
export interface RegistrationTokens {
  /** The only time that the token is seen. Undefined when the sandbox has as many as it may have. */
  readonly create: (wish: { readonly sandboxId: SandboxId, readonly lifetimeMs: number, readonly usesMax?: number }) => Promise<RegistrationToken & { readonly token: Secret } | undefined>
  readonly find: (token: string) => Promise<RegistrationToken | undefined>
  /** Takes one of its uses, on all instances together. Undefined when all are used up; else what gives it back. */
  readonly spend: (token: RegistrationToken) => Promise<{ readonly release: () => Promise<void> } | undefined>
  readonly list: (sandboxId: SandboxId) => Promise<readonly RegistrationToken[]>
  /** False when there was none. */
  readonly revoke: (sandboxId: SandboxId, id: string) => Promise<boolean>
}

const SPACE = 'oauth-registration-token'
const TOKENS_MAX = 50

/** Initial access tokens over the store, which keeps their hashes. */
export function createRegistrationTokens ({ keyValue, clock }: { readonly keyValue: KeyValue, readonly clock: Clock }): RegistrationTokens {
  const ofSandbox = (sandboxId: SandboxId): string => `${SPACE}-of:${sandboxId}`
  const list = async (sandboxId: SandboxId): Promise<readonly RegistrationToken[]> => (await listAll(keyValue, ofSandbox(sandboxId))).map(({ value }) => value as unknown as RegistrationToken)

  return {
    list,
    create: async ({ sandboxId, lifetimeMs, usesMax }) => {
      if ((await list(sandboxId)).length >= TOKENS_MAX) return undefined
      const token = `sgrt_${randomToken(32)}`
      const nowMs = clock.nowMs()
      const kept = { id: idOf(token), sandboxId, createdAtMs: nowMs, expiresAtMs: nowMs + lifetimeMs, ...(usesMax === undefined ? {} : { usesMax }) }
      await keyValue.put(ofSandbox(sandboxId), kept.id, kept, { ttlMs: lifetimeMs })
      await keyValue.put(SPACE, kept.id, kept, { ttlMs: lifetimeMs })
      return { ...kept, token: new Secret(token) }
    },
    find: async (token) => await keyValue.get(SPACE, idOf(token)) as unknown as RegistrationToken | undefined,
    spend: async ({ id, usesMax, expiresAtMs }) => {
      if (usesMax === undefined) return { release: async () => {} }
      const space = `${SPACE}-use:${id}`
      for (let use = 1; use <= usesMax; use++) {
        const place = String(use)
        if (await keyValue.putIfAbsent(space, place, true, { ttlMs: Math.max(1, expiresAtMs - clock.nowMs()) })) return { release: async () => { await keyValue.delete(space, place) } }
      }
      return undefined
    },
    revoke: async (sandboxId, id) => {
      if (await keyValue.take(ofSandbox(sandboxId), id) === undefined) return false
      await keyValue.delete(SPACE, id)
      return true
    },
  }
}

/** The whole hash: whoever has the token has the id, and not the other way round. */
function idOf (token: string): string {
  return `irt_${hashSecret(token)}`
}
