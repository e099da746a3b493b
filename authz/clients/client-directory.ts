import { whenSettled, type Clock, type Json, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../../stores/ports.ts'
import { createGenerationCache } from '../generation-cache.ts'
import { findBySubjectDn, isIndexed, moveIndexes } from './client-indexes.ts'
import type { ClientRecord } from './client-record.ts'

export type { ClientLifetimes, ClientRecord } from './client-record.ts'

/** Finds clients, at memory speed when they were looked at lately. */
export interface ClientDirectory {
  readonly find: (clientId: string) => MaybePromise<ClientRecord | undefined>
  readonly findBySubjectDn: (subjectDn: string) => MaybePromise<string | undefined>
  /** True when a client of `self_signed_tls_client_auth` has registered the certificate (RFC 8705 §2.2.2). */
  readonly isRegisteredCertificate: (thumbprint: string) => MaybePromise<boolean>
  /** True when scripts from this origin may call on behalf of some client. */
  readonly isRegisteredOrigin: (origin: string) => MaybePromise<boolean>
  readonly list: (sandboxId: SandboxId) => Promise<readonly ClientRecord[]>
  /** Creates or replaces. Callers who replace hold the client's lock. */
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
    findBySubjectDn: (subjectDn) => whenSettled(findBySubjectDn(keyValue, subjectDn), (value) => typeof value === 'string' ? value : undefined),
    isRegisteredCertificate: (value) => isIndexed(keyValue, { index: 'certificate', value }),
    isRegisteredOrigin: (value) => value.length > ORIGIN_LENGTH_MAX ? false : isIndexed(keyValue, { index: 'origin', value }),
    async list (sandboxId) {
      const ids = await listAll(keyValue, `oauth-client-of:${sandboxId}`)
      const records = await Promise.all(ids.map(({ key }) => find(key)))
      return records.filter((record) => record !== undefined)
    },
    async put (record) {
      const former = await keyValue.get('oauth-client', record.clientId) as unknown as ClientRecord | undefined
      await keyValue.put('oauth-client', record.clientId, record as unknown as Json)
      if (former === undefined) await keyValue.put(`oauth-client-of:${record.sandboxId}`, record.clientId, true)
      await moveIndexes(keyValue, former, record)
      await announce(record.clientId)
    },
    async delete (clientId) {
      const record = await keyValue.take('oauth-client', clientId) as unknown as ClientRecord | undefined
      if (record === undefined) return false
      await announce(clientId)
      await keyValue.delete(`oauth-client-of:${record.sandboxId}`, clientId)
      await moveIndexes(keyValue, record, undefined)
      return true
    },
  }
}

const ORIGIN_LENGTH_MAX = 300

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
