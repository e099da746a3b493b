import { createPublicKey, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import { isJsonObject, randomToken, whenSettled, type Clock, type Json, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../../stores/ports.ts'
import { listAll } from '../clients/client-directory.ts'
import { JWS_ALGORITHMS, type VerificationKey } from './jws-algorithms.ts'
import { scheduleKeys, type KeySchedule, type ScheduledKey } from './key-schedule.ts'
import type { KeySealer } from './seal-key.ts'
import { generateSigningKey, openPublishedKey, openSigningKey } from './signing-keys.ts'

/** The keys that sign tokens, one ring for all instances. */
export interface KeyRing {
  /** Every algorithm that the ring has a key for. */
  readonly algorithms: readonly string[]
  /** A key that verifies now. Asks the store for one that is not known here yet, so that a new key works at once everywhere. */
  readonly find: (kid: string) => MaybePromise<VerificationKey | undefined>
  readonly publicKey: (kid: string) => KeyObject | undefined
  /** The key that signs now: the sandbox's own where it has one that is newer. */
  readonly signingKid: (alg: string, sandboxId?: SandboxId) => string
  /** @param expMs when the token expires, if it does: its key stays until then */
  readonly sign: (kid: string, data: Buffer, expMs?: number) => Promise<Buffer>
  /** The JSON Web Key Set (RFC 7517 §5): those that sign, will sign, or have signed tokens that may still live. */
  readonly publicJwks: () => readonly JWK[]
  readonly list: () => readonly SigningKeyView[]
  /** Makes the next key of every algorithm; each is published now and signs `publishMs` later, for every sandbox. */
  readonly rotate: (publishMs: number) => Promise<readonly SigningKeyView[]>
  /**
   * Makes a key of its own for one sandbox, which signs from now on for a day, or until the installation's next one. Undefined
   * when the sandbox has as many as it may have.
   */
  readonly rotateForSandbox: (sandboxId: SandboxId, algorithms: readonly string[]) => Promise<readonly SigningKeyView[] | undefined>
  /** Reads again what other instances have made. */
  readonly refresh: () => Promise<void>
}

/** What an operator sees of a key. */
export interface SigningKeyView {
  readonly kid: string
  readonly alg: string
  readonly state: 'next' | 'signing' | 'retiring' | 'verifying'
  readonly sandboxId?: SandboxId
  readonly signsFromMs?: number
  /** When it leaves the key set. */
  readonly endsAtMs?: number
}

export interface KeyRingDeps {
  /** Private keys of the configuration; see `completeSigningKeys`. The first of an algorithm signs until it is rotated. */
  readonly configured: readonly JWK[]
  readonly keyValue: KeyValue
  readonly notices: Notices
  readonly clock: Clock
  readonly sealer: KeySealer
  readonly rsaKeyBits: number
  /** The longest that a token lives by the profile. */
  readonly tokenLifetimeMsMax: number
}

interface StoredKey {
  readonly jwk: JWK
  readonly sealed: string
  readonly base: string
  readonly sandboxId?: SandboxId
  readonly signsFromMs: number
  readonly signsUntilMs?: number
}

const SPACE = 'signing-key'
const NEEDED_SPACE = 'signing-key-needed'
const TOPIC = 'signing-keys-changed'
const KID = /^[A-Za-z0-9_-]{12}$/
const HOUR_MS = 3_600_000
/** A sandbox's own key signs this long, so that the key set stays as small as production's. */
export const SANDBOX_KEY_SIGNS_MS = 24 * HOUR_MS
/** Live keys that one sandbox may have for an algorithm. */
export const SANDBOX_KEYS_MAX = 5

/**
 * Opens the ring: the configured keys, and those that were made since, sealed in the store.
 *
 * A key is never changed once stored: when it signs, stops and ends follows from the set of keys and the time, so that
 * instances need no agreement and two rotations at once do no harm.
 */
export async function openKeyRing (deps: KeyRingDeps): Promise<KeyRing> {
  const { keyValue, clock } = deps
  const configured = scheduleConfigured(deps.configured)
  const bases = new Map(configured.filter((key) => key.isSpare === undefined).map((key) => [key.alg, key.kid]))
  const made = new Map<string, ScheduledKey>()
  const neededUntilMs = new Map<string, number>()
  const publicKeys = new Map<string, KeyObject>()
  const openedAtMs = clock.nowMs()
  let schedule: KeySchedule
  reschedule()

  function reschedule (): void {
    schedule = scheduleKeys([...configured, ...made.values()], { tokenLifetimeMsMax: deps.tokenLifetimeMsMax, neededUntilMs, bases, openedAtMs })
  }

  function take (kid: string, value: Json | undefined): void {
    if (value === undefined || made.has(kid)) return
    const { key, isStale } = openStored(value as unknown as StoredKey, deps.sealer)
    made.set(kid, key)
    if (isStale) void Promise.resolve(save(key)).catch(() => {})
  }

  function save (key: ScheduledKey): MaybePromise<void> {
    if (key.privateKey === undefined) return
    const { publicJwk: jwk, base, sandboxId, signsFromMs, signsUntilMs } = key
    return keyValue.put(SPACE, key.kid, compact({ jwk: { ...jwk }, sealed: deps.sealer.seal(key.privateKey, key.kid), base, sandboxId, signsFromMs, signsUntilMs }))
  }

  async function refresh (): Promise<void> {
    for (const { key, value } of await listAll(keyValue, NEEDED_SPACE)) needUntil(key.split(' ')[0] ?? '', Number(value))
    for (const { key, value } of await listAll(keyValue, SPACE)) take(key, value)
    reschedule()
    await forgetEnded(clock.nowMs())
  }

  async function forgetEnded (nowMs: number): Promise<void> {
    const ended = [...made.keys()].filter((kid) => nowMs >= (schedule.endMs(kid) ?? Infinity))
    for (const kid of ended) {
      await keyValue.delete(SPACE, kid)
      made.delete(kid)
      publicKeys.delete(kid)
    }
    if (ended.length > 0) reschedule()
  }

  function needUntil (kid: string, untilMs: number): void {
    neededUntilMs.set(kid, Math.max(untilMs, neededUntilMs.get(kid) ?? 0))
  }

  /** A client's own lifetime may be longer than the profile's: then its key is noted to be needed so long, by the hour. */
  async function noteExpiry (kid: string, expMs: number): Promise<void> {
    const nowMs = clock.nowMs()
    if (expMs <= nowMs + deps.tokenLifetimeMsMax || expMs <= (neededUntilMs.get(kid) ?? 0)) return
    const untilMs = Math.ceil(expMs / HOUR_MS) * HOUR_MS
    await keyValue.put(NEEDED_SPACE, `${kid} ${untilMs}`, untilMs, { ttlMs: untilMs - nowMs })
    needUntil(kid, untilMs)
    reschedule()
  }

  async function add (alg: string, plan: Pick<ScheduledKey, 'sandboxId' | 'signsFromMs' | 'signsUntilMs'>): Promise<ScheduledKey> {
    const jwk = await generateSigningKey(alg, randomToken(9), deps.rsaKeyBits)
    const key: ScheduledKey = { ...openSigningKey(jwk), ...plan, base: bases.get(alg) ?? '' }
    await save(key)
    made.set(key.kid, key)
    return key
  }

  async function addAll (algorithms: readonly string[], plan: Parameters<typeof add>[1]): Promise<readonly SigningKeyView[]> {
    const keys = await Promise.all(algorithms.map(async (alg) => await add(alg, plan)))
    reschedule()
    await deps.notices.publish(TOPIC, {})
    const nowMs = clock.nowMs()
    return keys.map((key) => describe(key, schedule, nowMs))
  }

  const reload = (): void => { refresh().catch(() => { /* the store is away; asked for again at the next key that is not known */ }) }
  deps.notices.subscribe(TOPIC, reload, reload)
  await refresh()

  return {
    algorithms: [...bases.keys()],
    find (kid) {
      const known = schedule.find(kid, clock.nowMs())
      if (known !== undefined || !KID.test(kid) || made.has(kid)) return known
      return whenSettled(keyValue.get(SPACE, kid), (value) => {
        take(kid, value)
        reschedule()
        return schedule.find(kid, clock.nowMs())
      })
    },
    publicKey (kid) {
      const key = schedule.find(kid, clock.nowMs())
      if (key === undefined) return undefined
      const known = publicKeys.get(kid) ?? createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' })
      publicKeys.set(kid, known)
      return known
    },
    signingKid (alg, sandboxId) {
      const key = schedule.signer(alg, sandboxId, clock.nowMs())
      if (key === undefined) throw new Error(`no key signs with ${alg}`)
      return key.kid
    },
    async sign (kid, data, expMs) {
      const key = schedule.find(kid, clock.nowMs())
      const algorithm = JWS_ALGORITHMS.get(key?.alg ?? '')
      if (key?.privateKey === undefined || algorithm === undefined) throw new Error(`signing key ${kid} cannot sign`)
      if (expMs !== undefined) await noteExpiry(kid, expMs)
      return await algorithm.sign(key.privateKey, data)
    },
    publicJwks: () => schedule.published(clock.nowMs()).map(({ publicJwk }) => publicJwk),
    list () {
      const nowMs = clock.nowMs()
      return schedule.published(nowMs).map((key) => describe(key, schedule, nowMs))
    },
    rotate: async (publishMs) => await addAll([...bases.keys()], { sandboxId: undefined, signsFromMs: clock.nowMs() + publishMs }),
    async rotateForSandbox (sandboxId, algorithms) {
      const nowMs = clock.nowMs()
      const own = schedule.published(nowMs).filter((key) => key.sandboxId === sandboxId)
      if (algorithms.some((alg) => own.filter((key) => key.alg === alg).length >= SANDBOX_KEYS_MAX)) return undefined
      return await addAll(algorithms.filter((alg) => bases.has(alg)), { sandboxId, signsFromMs: nowMs, signsUntilMs: nowMs + SANDBOX_KEY_SIGNS_MS })
    },
    refresh,
  }
}

function scheduleConfigured (configured: readonly JWK[]): ScheduledKey[] {
  const seen = new Set<string>()
  return configured.map((jwk) => {
    const key = openSigningKey(jwk)
    const isSpare = seen.has(key.alg)
    seen.add(key.alg)
    return { ...key, sandboxId: undefined, signsFromMs: 0, base: key.kid, ...(isSpare ? { isSpare } : {}) }
  })
}

function openStored (stored: StoredKey, sealer: KeySealer): { readonly key: ScheduledKey, readonly isStale: boolean } {
  const opened = sealer.open(stored.sealed, stored.jwk.kid ?? '')
  const { base, sandboxId, signsFromMs, signsUntilMs } = stored
  const key = { ...openPublishedKey(stored.jwk, opened?.privateKey), base, sandboxId, signsFromMs, ...(signsUntilMs === undefined ? {} : { signsUntilMs }) }
  return { key, isStale: opened?.isStale === true }
}

function describe (key: ScheduledKey, schedule: KeySchedule, nowMs: number): SigningKeyView {
  const { kid, alg, sandboxId, signsFromMs } = key
  const stopMs = schedule.stopMs(kid)
  const endsAtMs = schedule.endMs(kid)
  const state = key.isSpare === true ? 'verifying' : signsFromMs > nowMs ? 'next' : stopMs !== undefined && stopMs <= nowMs ? 'retiring' : 'signing'
  return {
    kid,
    alg,
    state,
    ...(sandboxId === undefined ? {} : { sandboxId }),
    ...(signsFromMs === 0 ? {} : { signsFromMs }),
    ...(endsAtMs === undefined ? {} : { endsAtMs }),
  }
}

function compact (value: object): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(value))
  if (!isJsonObject(copy)) throw new TypeError('a signing key is stored as an object')
  return copy
}
