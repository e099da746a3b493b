import { createPublicKey, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import { randomToken, whenSettled, type Clock, type Json, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../../stores/ports.ts'
import { listAll } from '../clients/client-directory.ts'
import { JWS_ALGORITHMS, type VerificationKey } from './jws-algorithms.ts'
import { scheduleKeys, type KeySchedule, type KeyState, type ScheduledKey } from './key-schedule.ts'
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
  readonly state: KeyState
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
/** Expiry is in whole seconds, the clock in milliseconds. */
const SECOND_MS = 1000
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
  const ring = new SharedKeyRing(deps)
  const ignore = (): void => { /* the store is away; asked again when the key set or a key that is not known is asked for */ }
  deps.notices.subscribe(TOPIC, ({ kids }) => {
    for (const kid of Array.isArray(kids) ? kids : []) if (typeof kid === 'string') (async () => await ring.find(kid))().catch(ignore)
  }, () => { ring.refresh().catch(ignore) })
  await ring.refresh()
  return ring
}

class SharedKeyRing implements KeyRing {
  readonly algorithms: readonly string[]
  readonly #deps: KeyRingDeps
  readonly #configured: readonly ScheduledKey[]
  /** By algorithm, the first configured key. */
  readonly #bases: ReadonlyMap<string, string>
  readonly #openedAtMs: number
  readonly #made = new Map<string, ScheduledKey>()
  readonly #neededUntilMs = new Map<string, number>()
  readonly #publicKeys = new Map<string, KeyObject>()
  #schedule: KeySchedule

  constructor (deps: KeyRingDeps) {
    this.#deps = deps
    this.#configured = scheduleConfigured(deps.configured)
    this.#bases = new Map(this.#configured.filter((key) => key.isSpare === undefined).map((key) => [key.alg, key.kid]))
    this.algorithms = [...this.#bases.keys()]
    this.#openedAtMs = deps.clock.nowMs()
    this.#schedule = this.#plan()
  }

  readonly find = (kid: string): MaybePromise<VerificationKey | undefined> => {
    const known = this.#find(kid)
    if (known !== undefined || !KID.test(kid) || this.#made.has(kid)) return known
    return whenSettled(this.#deps.keyValue.get(SPACE, kid), (value) => {
      this.#take(kid, value)
      this.#schedule = this.#plan()
      return this.#find(kid)
    })
  }

  readonly publicKey = (kid: string): KeyObject | undefined => {
    const key = this.#find(kid)
    if (key === undefined) return undefined
    const known = this.#publicKeys.get(kid) ?? createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' })
    this.#publicKeys.set(kid, known)
    return known
  }

  readonly signingKid = (alg: string, sandboxId?: SandboxId): string => {
    const key = this.#schedule.signer(alg, sandboxId, this.#deps.clock.nowMs())
    if (key === undefined) throw new Error(`no key signs with ${alg}`)
    return key.kid
  }

  readonly sign = async (kid: string, data: Buffer, expMs?: number): Promise<Buffer> => {
    const key = this.#find(kid)
    const algorithm = JWS_ALGORITHMS.get(key?.alg ?? '')
    if (key?.privateKey === undefined || algorithm === undefined) throw new Error(`signing key ${kid} cannot sign`)
    if (expMs !== undefined) await this.#noteExpiry(kid, expMs)
    return await algorithm.sign(key.privateKey, data)
  }

  readonly publicJwks = (): readonly JWK[] => this.#schedule.published(this.#deps.clock.nowMs()).map(({ publicJwk }) => publicJwk)

  readonly list = (): readonly SigningKeyView[] => {
    const nowMs = this.#deps.clock.nowMs()
    return this.#schedule.published(nowMs).map((key) => describe(key, this.#schedule, nowMs))
  }

  readonly rotate = async (publishMs: number): Promise<readonly SigningKeyView[]> =>
    await this.#addAll(this.algorithms, { sandboxId: undefined, signsFromMs: this.#deps.clock.nowMs() + publishMs })

  readonly rotateForSandbox = async (sandboxId: SandboxId, algorithms: readonly string[]): Promise<readonly SigningKeyView[] | undefined> => {
    const nowMs = this.#deps.clock.nowMs()
    const own = this.#schedule.published(nowMs).filter((key) => key.sandboxId === sandboxId)
    if (algorithms.some((alg) => own.filter((key) => key.alg === alg).length >= SANDBOX_KEYS_MAX)) return undefined
    return await this.#addAll(algorithms.filter((alg) => this.#bases.has(alg)), { sandboxId, signsFromMs: nowMs, signsUntilMs: nowMs + SANDBOX_KEY_SIGNS_MS })
  }

  readonly refresh = async (): Promise<void> => {
    const { keyValue } = this.#deps
    for (const { key, value } of await listAll(keyValue, NEEDED_SPACE)) this.#needUntil(key.split(' ')[0] ?? '', Number(value))
    for (const { key, value } of await listAll(keyValue, SPACE)) this.#take(key, value)
    this.#schedule = this.#plan()
    await this.#forgetEnded()
  }

  #find (kid: string): ScheduledKey | undefined {
    return this.#schedule.find(kid, this.#deps.clock.nowMs())
  }

  #plan (): KeySchedule {
    const { tokenLifetimeMsMax } = this.#deps
    return scheduleKeys([...this.#configured, ...this.#made.values()], { tokenLifetimeMsMax, neededUntilMs: this.#neededUntilMs, bases: this.#bases, openedAtMs: this.#openedAtMs })
  }

  #take (kid: string, value: Json | undefined): void {
    if (value === undefined || this.#made.has(kid)) return
    const { key, isStale } = openStored(value as unknown as StoredKey, this.#deps.sealer)
    this.#made.set(kid, key)
    if (isStale) void Promise.resolve(this.#save(key)).catch(() => { /* sealed anew at the next start */ })
  }

  #save (key: ScheduledKey): MaybePromise<void> {
    if (key.privateKey === undefined) return
    const { publicJwk: jwk, base, sandboxId, signsFromMs, signsUntilMs } = key
    const stored = { jwk, sealed: this.#deps.sealer.seal(key.privateKey, key.kid), base, sandboxId, signsFromMs, signsUntilMs }
    return this.#deps.keyValue.put(SPACE, key.kid, JSON.parse(JSON.stringify(stored)) as Json)
  }

  async #addAll (algorithms: readonly string[], plan: Pick<ScheduledKey, 'sandboxId' | 'signsFromMs' | 'signsUntilMs'>): Promise<readonly SigningKeyView[]> {
    const keys = await Promise.all(algorithms.map(async (alg) => {
      const key = { ...openSigningKey(await generateSigningKey(alg, randomToken(9), this.#deps.rsaKeyBits)), ...plan, base: this.#bases.get(alg) ?? '' }
      await this.#save(key)
      return key
    }))
    for (const key of keys) this.#made.set(key.kid, key)
    this.#schedule = this.#plan()
    await this.#deps.notices.publish(TOPIC, { kids: keys.map(({ kid }) => kid) })
    const nowMs = this.#deps.clock.nowMs()
    return keys.map((key) => describe(key, this.#schedule, nowMs))
  }

  /** A client's own lifetime may be longer than the profile's: then its key is noted to be needed so long, by the hour. */
  async #noteExpiry (kid: string, expMs: number): Promise<void> {
    const nowMs = this.#deps.clock.nowMs()
    if (expMs <= nowMs + this.#deps.tokenLifetimeMsMax + SECOND_MS || expMs <= (this.#neededUntilMs.get(kid) ?? 0)) return
    const untilMs = Math.ceil(expMs / HOUR_MS) * HOUR_MS
    await this.#deps.keyValue.put(NEEDED_SPACE, `${kid} ${untilMs}`, untilMs, { ttlMs: untilMs - nowMs })
    this.#needUntil(kid, untilMs)
    this.#schedule = this.#plan()
  }

  #needUntil (kid: string, untilMs: number): void {
    this.#neededUntilMs.set(kid, Math.max(untilMs, this.#neededUntilMs.get(kid) ?? 0))
  }

  async #forgetEnded (): Promise<void> {
    const nowMs = this.#deps.clock.nowMs()
    const ended = [...this.#made.keys()].filter((kid) => nowMs >= (this.#schedule.endMs(kid) ?? Infinity))
    for (const kid of ended) {
      await this.#deps.keyValue.delete(SPACE, kid)
      for (const kept of [this.#made, this.#publicKeys, this.#neededUntilMs]) kept.delete(kid)
    }
    if (ended.length > 0) this.#schedule = this.#plan()
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
  const endsAtMs = schedule.endMs(kid)
  return {
    kid,
    alg,
    state: schedule.state(key, nowMs),
    ...(sandboxId === undefined ? {} : { sandboxId }),
    ...(signsFromMs === 0 ? {} : { signsFromMs }),
    ...(endsAtMs === undefined ? {} : { endsAtMs }),
  }
}
