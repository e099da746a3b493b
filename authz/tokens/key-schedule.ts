import type { SandboxId } from '../../kernel/index.ts'
import type { OpenedKey } from './signing-keys.ts'

/** A key with its time of signing. */
export interface ScheduledKey extends OpenedKey {
  /** Only this sandbox's tokens; undefined: everybody's. */
  readonly sandboxId: SandboxId | undefined
  readonly signsFromMs: number
  /** A sandbox's own key stops by itself. */
  readonly signsUntilMs?: number
  /** The configured key that was the base of the ring when this one was made. Another base: it verifies only. */
  readonly base: string
  /** Configured beside the base of its algorithm: verifies as long as it is configured. */
  readonly isSpare?: true
}

export type KeyState = 'signing' | 'next' | 'retiring' | 'verifying'

/** In the order of the key set: a client that takes the first key finds one that signs. */
const STATES: readonly KeyState[] = ['signing', 'next', 'retiring', 'verifying']

/** Which key signs when, and how long each is needed to verify. */
export interface KeySchedule {
  readonly find: (kid: string, nowMs: number) => ScheduledKey | undefined
  /** The newest that may sign for the sandbox; undefined when the algorithm has none. */
  readonly signer: (alg: string, sandboxId: SandboxId | undefined, nowMs: number) => ScheduledKey | undefined
  /** Neither ended nor forgotten: those that sign, will sign, or have signed tokens that may still live. */
  readonly published: (nowMs: number) => readonly ScheduledKey[]
  readonly state: (key: ScheduledKey, nowMs: number) => KeyState
  /** When its last token has expired; undefined: not known yet. */
  readonly endMs: (kid: string) => number | undefined
}

export interface ScheduleOptions {
  /** The longest that a token lives after it was signed. */
  readonly tokenLifetimeMsMax: number
  /** Keys that signed tokens which live longer, and until when. */
  readonly neededUntilMs: ReadonlyMap<string, number>
  /** By algorithm, the `kid` of the first configured key. */
  readonly bases: ReadonlyMap<string, string>
  /** When keys of a base that is not configured any more count as stopped. */
  readonly openedAtMs: number
}

/** Works out the schedule of a set of keys. It depends on time only through its arguments, so every instance sees the same. */
export function scheduleKeys (keys: readonly ScheduledKey[], options: ScheduleOptions): KeySchedule {
  const byKid = new Map(keys.map((key) => [key.kid, key]))
  const newestFirst = [...keys].sort((a, b) => b.signsFromMs - a.signsFromMs || (a.kid < b.kid ? -1 : 1))
  const candidates = Map.groupBy(newestFirst.filter((key) => isCandidate(key, options)), laneOf)
  const stops = new Map(keys.map((key) => [key.kid, findStop(key, candidates, options)]))

  const endMs = (kid: string): number | undefined => {
    const stop = stops.get(kid)
    return stop === undefined ? undefined : Math.max(stop + options.tokenLifetimeMsMax, options.neededUntilMs.get(kid) ?? 0)
  }
  const isAlive = (kid: string, nowMs: number): boolean => nowMs < (endMs(kid) ?? Infinity)
  const state = (key: ScheduledKey, nowMs: number): KeyState =>
    key.isSpare === true ? 'verifying' : key.signsFromMs > nowMs ? 'next' : nowMs >= (stops.get(key.kid) ?? Infinity) ? 'retiring' : 'signing'
  const signerOf = (lane: string, nowMs: number): ScheduledKey | undefined =>
    candidates.get(lane)?.find((key) => key.signsFromMs <= nowMs && nowMs < (key.signsUntilMs ?? Infinity))

  return {
    endMs,
    find: (kid, nowMs) => isAlive(kid, nowMs) ? byKid.get(kid) : undefined,
    signer (alg, sandboxId, nowMs) {
      const shared = signerOf(alg, nowMs)
      const own = sandboxId === undefined ? undefined : signerOf(`${alg} ${sandboxId}`, nowMs)
      return own !== undefined && own.signsFromMs >= (shared?.signsFromMs ?? 0) ? own : shared
    },
    state,
    published: (nowMs) => keys.filter(({ kid }) => isAlive(kid, nowMs)).sort((a, b) => STATES.indexOf(state(a, nowMs)) - STATES.indexOf(state(b, nowMs))),
  }
}

function laneOf ({ alg, sandboxId }: ScheduledKey): string {
  return sandboxId === undefined ? alg : `${alg} ${sandboxId}`
}

function isCandidate (key: ScheduledKey, { bases }: ScheduleOptions): boolean {
  return key.privateKey !== undefined && key.isSpare !== true && key.base === bases.get(key.alg)
}

/** The first moment from which a newer key signs for everybody whom this key signs for. */
function findStop (key: ScheduledKey, candidates: ReadonlyMap<string, readonly ScheduledKey[]>, options: ScheduleOptions): number | undefined {
  if (key.isSpare === true) return undefined
  if (!isCandidate(key, options)) return Math.max(options.openedAtMs, key.signsFromMs)
  const lanes = key.sandboxId === undefined ? [key.alg] : [key.alg, laneOf(key)]
  const followers = lanes.flatMap((lane) => candidates.get(lane) ?? []).filter((other) => follows(other, key))
  const stops = [...followers.map((other) => other.signsFromMs), ...(key.signsUntilMs === undefined ? [] : [key.signsUntilMs])]
  return stops.length === 0 ? undefined : Math.min(...stops)
}

function follows (other: ScheduledKey, key: ScheduledKey): boolean {
  return other !== key && (other.signsFromMs > key.signsFromMs || (other.signsFromMs === key.signsFromMs && laneOf(other) === laneOf(key) && other.kid < key.kid))
}
