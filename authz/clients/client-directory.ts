import { whenSettled, type Clock, type ClientId, type Json, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../../stores/ports.ts'
import { createGenerationCache } from '../generation-cache.ts'

/** An OAuth client as kept: what the control API made, minus the secret, of which only a hash is stored. */
export interface ClientRecord {
  readonly clientId: ClientId
  readonly sandboxId: SandboxId
  readonly name: string
  readonly authMethod: string
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris: readonly string[]
  readonly scopes: readonly string[]
  readonly grants: readonly string[]
  readonly tlsSubjectDn?: string
  readonly jwks?: { readonly keys: readonly JsonObject[] }
  /** base64url SHA-256 of the secret; the secret has 256 random bits, so nothing slower is needed. */
  readonly secretHash?: string
  readonly createdAtMs: number
  /** More of RFC 7591 §2 and its extensions, in their own names (`dpop_bound_access_tokens`, `subject_type`, …); checked by the library. */
  readonly metadata?: JsonObject
  /** Lifetimes of this client's own, where production has them; else the profile's. */
  readonly lifetimes?: ClientLifetimes
  /** The client opted into the login without pages. */
  readonly isHeadless?: true
}

export interface ClientLifetimes {
  readonly accessTokenMs?: number
  readonly idTokenMs?: number
  readonly refreshTokenMs?: number
}

/** Finds clients, at memory speed when they were looked at lately. */
export interface ClientDirectory {
  readonly find: (clientId: string) => MaybePromise<ClientRecord | undefined>
  readonly findBySubjectDn: (subjectDn: string) => MaybePromise<string | undefined>
  readonly list: (sandboxId: SandboxId) => Promise<readonly ClientRecord[]>
  readonly put: (record: ClientRecord) => Promise<void>
  /** False when there was none. */
  readonly delete: (clientId: string) => Promise<boolean>
}

const TOPIC = 'oauth-client-changed'
const ENTRIES_MAX = 10_000
const LENGTH_MAX = 200
/** A notice that is lost costs at most this much staleness. */
const FRESH_MS = 30_000

/** The directory of clients over the store, with a cache that every change evicts on every instance. */
export function createClientDirectory (deps: { readonly keyValue: KeyValue, readonly notices: Notices, readonly clock: Clock }): ClientDirectory {
  const { keyValue, notices, clock } = deps
  const cache = createGenerationCache<{ readonly record: ClientRecord, readonly readAtMs: number }>(ENTRIES_MAX)
  notices.subscribe(TOPIC, (message) => { if (typeof message['clientId'] === 'string') cache.delete(message['clientId']) })

  function find (clientId: string): MaybePromise<ClientRecord | undefined> {
    const cached = cache.get(clientId)
    if (cached !== undefined && Math.abs(clock.nowMs() - cached.readAtMs) < FRESH_MS) return cached.record
    if (clientId === '' || clientId.length > LENGTH_MAX) return undefined
    return whenSettled(keyValue.get('oauth-client', clientId), (value) => {
      if (value === undefined) {
        cache.delete(clientId)
        return undefined
      }
      const record = value as unknown as ClientRecord
      cache.set(clientId, { record, readAtMs: clock.nowMs() })
      return record
    })
  }

  async function announce (clientId: string): Promise<void> {
    cache.delete(clientId)
    await notices.publish(TOPIC, { clientId })
  }

  return {
    find,
    findBySubjectDn: (subjectDn) => whenSettled(keyValue.get('oauth-client-subject', subjectDn), (value) => typeof value === 'string' ? value : undefined),
    async list (sandboxId) {
      const ids = await listAll(keyValue, `oauth-client-of:${sandboxId}`)
      const records = await Promise.all(ids.map(({ key }) => find(key)))
      return records.filter((record) => record !== undefined)
    },
    async put (record) {
      await keyValue.put('oauth-client', record.clientId, record as unknown as Json)
      await keyValue.put(`oauth-client-of:${record.sandboxId}`, record.clientId, true)
      if (record.tlsSubjectDn !== undefined) await keyValue.put('oauth-client-subject', record.tlsSubjectDn, record.clientId)
      await announce(record.clientId)
    },
    async delete (clientId) {
      const record = await keyValue.take('oauth-client', clientId) as unknown as ClientRecord | undefined
      if (record === undefined) return false
      await announce(clientId)
      await keyValue.delete(`oauth-client-of:${record.sandboxId}`, clientId)
      if (record.tlsSubjectDn !== undefined) await keyValue.delete('oauth-client-subject', record.tlsSubjectDn)
      return true
    },
  }
}

/** Every entry of a space, read in pages. */
export async function listAll (keyValue: KeyValue, space: string): Promise<Array<{ readonly key: string, readonly value: Json }>> {
  const entries: Array<{ readonly key: string, readonly value: Json }> = []
  const limit = 1000
  for (;;) {
    const last = entries.at(-1)
    const page = await keyValue.list(space, last === undefined ? { limit } : { after: last.key, limit })
    entries.push(...page)
    if (page.length < limit) return entries
  }
}
