import { isJsonObject, randomId, whenSettled, type Clock, type Json, type JsonObject } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../../stores/index.ts'
import { createBanMemory, keyOf } from './create-ban-memory.ts'
import { attempt } from './maybe-promise.ts'
import type { BanScope } from './rule-definition.ts'

/** A decision that outlives a request, and ends by itself. */
export interface Ban {
  readonly id: string
  readonly scope: BanScope
  /** The client id or the normalised address. */
  readonly subject: string
  readonly ruleId: string
  /** Why, with the signals' values at the time. For the record and the operator, never for the wire. */
  readonly explanation: string
  readonly startedAtMs: number
  readonly endsAtMs: number
}

/** Bans in force. */
export interface BanList {
  /** The ban that holds for a request, the one that ends last if there are two. Synchronous, from memory. */
  readonly find: (o: { readonly address: string, readonly clientId?: string | undefined }) => Ban | undefined
  /** From the store; also refreshes what this instance knows. Newest first. */
  readonly list: () => Promise<readonly Ban[]>
  /** Ends a ban now, on every instance. False when there is none with this id. */
  readonly lift: (id: string) => Promise<boolean>
}

/** What the engine does with bans beside. */
export interface BanBook extends BanList {
  /**
   * Bans a subject, here at once. A ban in force that ends later is kept instead: the longer one wins.
   *
   * @throws what the store throws; the ban holds on this instance nevertheless
   */
  readonly set: (ban: Omit<Ban, 'id'>) => MaybePromise<Ban>
  /** Reads the store into memory. */
  readonly load: () => MaybePromise<void>
  readonly close: () => void
}

const SPACE = 'ban'
const TOPIC = 'ban-changed'
const PAGE = 500
/**
 * Keeps bans in memory for lookups, in a key-value space for restarts, and the same on every instance by notices. Notices
 * that were lost are made good when the gap is told, and by the next `load` or `list`.
 */
export function createBanList (deps: { readonly keyValue: KeyValue, readonly notices: Notices, readonly clock: Clock }): BanBook {
  const { keyValue, notices, clock } = deps
  const memory = createBanMemory(clock)

  function set (wanted: Omit<Ban, 'id'>): MaybePromise<Ban> {
    const standing = memory.inForce(wanted.scope, wanted.subject, wanted.startedAtMs)
    if (standing !== undefined && standing.endsAtMs >= wanted.endsAtMs) return standing
    const ban: Ban = { id: randomId('ban'), ...wanted }
    memory.remember(ban)
    const stored = keyValue.put(SPACE, keyOf(ban.scope, ban.subject), writeBan(ban), { ttlMs: ban.endsAtMs - ban.startedAtMs })
    return whenSettled(stored, () => whenSettled(notices.publish(TOPIC, { kind: 'set', ban: writeBan(ban) }), () => ban))
  }

  function load (): MaybePromise<void> {
    const nowMs = clock.nowMs()
    return whenSettled(readAll(keyValue), (found) => memory.replace(found, nowMs))
  }

  async function list (): Promise<readonly Ban[]> {
    await load()
    return memory.list()
  }

  async function lift (id: string): Promise<boolean> {
    const ban = (await list()).find((candidate) => candidate.id === id)
    if (ban === undefined) return false
    await keyValue.delete(SPACE, keyOf(ban.scope, ban.subject))
    memory.forget(ban)
    await notices.publish(TOPIC, { kind: 'lifted', ban: writeBan(ban) })
    return true
  }

  const close = notices.subscribe(TOPIC, (message) => {
    const ban = readBan(message['ban'])
    if (ban !== undefined && message['kind'] === 'set') memory.learn(ban)
    if (ban !== undefined && message['kind'] === 'lifted') memory.forget(ban)
  }, () => { void attempt(load) })

  return { find: memory.find, list, lift, set, load, close }
}

/** Every ban that the store holds, by key. */
function readAll (keyValue: KeyValue, after?: string, found: Map<string, Ban> = new Map()): MaybePromise<ReadonlyMap<string, Ban>> {
  return whenSettled(keyValue.list(SPACE, { limit: PAGE, ...(after === undefined ? {} : { after }) }), (entries) => {
    for (const { key, value } of entries) {
      const ban = readBan(value)
      if (ban !== undefined) found.set(key, ban)
    }
    const last = entries.at(-1)
    return entries.length < PAGE || last === undefined ? found : readAll(keyValue, last.key, found)
  })
}

function writeBan (ban: Ban): JsonObject {
  return { ...ban }
}

/** What a store or a notice holds may be of another version: what is no ban is none. */
function readBan (value: Json | undefined): Ban | undefined {
  if (!isJsonObject(value)) return undefined
  const { id, scope, subject, ruleId, explanation, startedAtMs, endsAtMs } = value
  if (scope !== 'client' && scope !== 'address') return undefined
  if (typeof id !== 'string' || typeof subject !== 'string' || typeof ruleId !== 'string' || typeof explanation !== 'string') return undefined
  if (typeof startedAtMs !== 'number' || typeof endsAtMs !== 'number') return undefined
  return { id, scope, subject, ruleId, explanation, startedAtMs, endsAtMs }
}
