import type { Clock } from '../../kernel/index.ts'
import type { Ban, BanList } from './create-ban-list.ts'
import type { BanScope } from './rule-definition.ts'

/** The bans that this instance knows. All of it is synchronous. */
export function createBanMemory (clock: Clock): BanMemory {
  const bans = new Map<string, Ban>()
  let sweepAt = SWEEP_SIZE

  function inForce (scope: BanScope, subject: string, nowMs: number): Ban | undefined {
    const ban = bans.get(keyOf(scope, subject))
    return ban === undefined || ban.endsAtMs <= nowMs ? undefined : ban
  }

  function find ({ address, clientId }: Parameters<BanList['find']>[0]): Ban | undefined {
    if (bans.size === 0) return undefined
    const nowMs = clock.nowMs()
    const ofAddress = inForce('address', address, nowMs)
    const ofClient = clientId === undefined ? undefined : inForce('client', clientId, nowMs)
    if (ofAddress === undefined || ofClient === undefined) return ofAddress ?? ofClient
    return ofAddress.endsAtMs > ofClient.endsAtMs ? ofAddress : ofClient
  }

  function remember (ban: Ban): void {
    bans.set(keyOf(ban.scope, ban.subject), ban)
    if (bans.size < sweepAt) return
    const nowMs = clock.nowMs()
    for (const [key, { endsAtMs }] of bans) if (endsAtMs <= nowMs) bans.delete(key)
    sweepAt = Math.max(SWEEP_SIZE, bans.size * 2)
  }

  function learn (ban: Ban): void {
    const known = inForce(ban.scope, ban.subject, ban.startedAtMs)
    if (known === undefined || known.endsAtMs <= ban.endsAtMs) remember(ban)
  }

  function forget (ban: Ban): void {
    const key = keyOf(ban.scope, ban.subject)
    if (bans.get(key)?.id === ban.id) bans.delete(key)
  }

  function replace (found: ReadonlyMap<string, Ban>, sinceMs: number): void {
    for (const [key, { startedAtMs }] of bans) if (!found.has(key) && startedAtMs < sinceMs) bans.delete(key)
    for (const ban of found.values()) remember(ban)
  }

  function list (): readonly Ban[] {
    const nowMs = clock.nowMs()
    return [...bans.values()].filter(({ endsAtMs }) => endsAtMs > nowMs).sort((a, b) => b.startedAtMs - a.startedAtMs)
  }

  return { find, inForce, remember, learn, forget, replace, list }
}

/** Bans by subject, one each. */
export interface BanMemory extends Pick<BanList, 'find'> {
  readonly inForce: (scope: BanScope, subject: string, nowMs: number) => Ban | undefined
  readonly remember: (ban: Ban) => void
  /** Takes over what another instance set; two may ban one subject at a time, and the longer ban wins on both. */
  readonly learn: (ban: Ban) => void
  readonly forget: (ban: Ban) => void
  /** What the store does not hold was lifted elsewhere, unless it was set after `sinceMs` (here, or with the store lost). */
  readonly replace: (found: ReadonlyMap<string, Ban>, sinceMs: number) => void
  /** Those in force, newest first. */
  readonly list: () => readonly Ban[]
}

/** The name of a subject's ban, in memory and in the store. */
export function keyOf (scope: BanScope, subject: string): string {
  return `${scope}:${subject}`
}

/** Bans in memory at which ended ones are swept out. */
const SWEEP_SIZE = 1024
