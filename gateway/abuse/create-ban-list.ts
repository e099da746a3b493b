import { isJsonObject, randomId, type Clock, type Json, type JsonObject } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../../stores/index.ts'
import { andThen, attempt } from './maybe-promise.ts'
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
/** Bans in memory at which ended ones are swept out. */
const SWEEP_SIZE = 1024

/**
 * Keeps bans in memory for lookups, in a key-value space for restarts, and the same on every instance by notices. Notices
 * that were lost are made good when the gap is told, and by the next `load` or `list`.
 */
export function createBanList (deps: { readonly keyValue: KeyValue, readonly notices: Notices, readonly clock: Clock }): BanBook {
  const { keyValue, notices, clock } = deps
  const bans = new Map<string, Ban>()
  let sweepAt = SWEEP_SIZE

  function inForce (scope: BanScope, subject: string, nowMs: number): Ban | undefined {
    const ban = bans.get(keyOf(scope, subject))
    return ban === undefined || ban.endsAtMs <= nowMs ? undefined : ban
  }

  function remember (ban: Ban): void {
    bans.set(keyOf(ban.scope, ban.subject), ban)
    if (bans.size < sweepAt) return
    const nowMs = clock.nowMs()
    for (const [key, { endsAtMs }] of bans) if (endsAtMs <= nowMs) bans.delete(key)
    sweepAt = Math.max(SWEEP_SIZE, bans.size * 2)
  }

  function forget (key: string, id: string): void {
    if (bans.get(key)?.id === id) bans.delete(key)
  }

  /** Two instances may ban one subject at a time: the longer ban wins on both. */
  function isOutlasted (ban: Ban): boolean {
    return (inForce(ban.scope, ban.subject, ban.startedAtMs)?.endsAtMs ?? 0) > ban.endsAtMs
  }

  const unsubscribe = notices.subscribe(TOPIC, (message) => {
    const ban = readBan(message['ban'])
    if (ban !== undefined && message['kind'] === 'set' && !isOutlasted(ban)) remember(ban)
    if (ban !== undefined && message['kind'] === 'lifted') forget(keyOf(ban.scope, ban.subject), ban.id)
  }, () => { attempt(refresh) })

  function find ({ address, clientId }: { readonly address: string, readonly clientId?: string | undefined }): Ban | undefined {
    if (bans.size === 0) return undefined
    const nowMs = clock.nowMs()
    const ofAddress = inForce('address', address, nowMs)
    const ofClient = clientId === undefined ? undefined : inForce('client', clientId, nowMs)
    if (ofAddress === undefined || ofClient === undefined) return ofAddress ?? ofClient
    return ofAddress.endsAtMs > ofClient.endsAtMs ? ofAddress : ofClient
  }

  function set (wanted: Omit<Ban, 'id'>): MaybePromise<Ban> {
    const standing = inForce(wanted.scope, wanted.subject, wanted.startedAtMs)
    if (standing !== undefined && standing.endsAtMs >= wanted.endsAtMs) return standing
    const ban: Ban = { id: randomId('ban'), ...wanted }
    remember(ban)
    const stored = keyValue.put(SPACE, keyOf(ban.scope, ban.subject), writeBan(ban), { ttlMs: ban.endsAtMs - ban.startedAtMs })
    return andThen(stored, () => andThen(notices.publish(TOPIC, { kind: 'set', ban: writeBan(ban) }), () => ban))
  }

  function load (after?: string, found: Map<string, Ban> = new Map()): MaybePromise<Map<string, Ban>> {
    return andThen(keyValue.list(SPACE, { limit: PAGE, ...(after === undefined ? {} : { after }) }), (entries) => {
      for (const { key, value } of entries) {
        const ban = readBan(value)
        if (ban !== undefined) found.set(key, ban)
      }
      const last = entries.at(-1)
      return entries.length < PAGE || last === undefined ? found : load(last.key, found)
    })
  }

  /** What the store does not hold was lifted elsewhere, unless it was set after `sinceMs` (here, or with the store lost). */
  function replace (found: ReadonlyMap<string, Ban>, sinceMs: number): void {
    for (const [key, { startedAtMs }] of bans) if (!found.has(key) && startedAtMs < sinceMs) bans.delete(key)
    for (const ban of found.values()) remember(ban)
  }

  async function list (): Promise<readonly Ban[]> {
    const nowMs = clock.nowMs()
    replace(await load(), nowMs)
    return [...bans.values()].filter(({ endsAtMs }) => endsAtMs > nowMs).sort((a, b) => b.startedAtMs - a.startedAtMs)
  }

  async function lift (id: string): Promise<boolean> {
    const ban = (await list()).find((candidate) => candidate.id === id)
    if (ban === undefined) return false
    const key = keyOf(ban.scope, ban.subject)
    await keyValue.delete(SPACE, key)
    forget(key, id)
    await notices.publish(TOPIC, { kind: 'lifted', ban: writeBan(ban) })
    return true
  }

  function refresh (): MaybePromise<void> {
    const nowMs = clock.nowMs()
    return andThen(load(), (found) => replace(found, nowMs))
  }

  return { find, list, lift, set, load: refresh, close: unsubscribe }
}

function keyOf (scope: BanScope, subject: string): string {
  return `${scope}:${subject}`
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
