import { createHmac } from 'node:crypto'
import { whenSettled, type Secret } from '../../kernel/index.ts'
import type { MaybePromise, Observation, Window } from '../../stores/index.ts'
import type { CompiledSignal } from './compile-signals.ts'
import type { Expression } from './expression.ts'
import { allOf, attempt, type Fault } from './maybe-promise.ts'
import type { Context } from './variables.ts'

/** Members of one request that count for a `distinct` or a `sum`; a request with more adds nothing that a threshold would miss. */
const MEMBERS_MAX = 64

/** Reads and writes signals. Keys and members reach the store as keyed hashes only, so that nothing personal is kept. */
export interface SignalStore {
  /** Adds a request, for which `where` holds, to a signal and returns the signal's value; undefined when it has no key or no member. */
  readonly observe: (signal: CompiledSignal, context: Context, nowMs: number) => MaybePromise<number | Fault> | undefined
  /** The value for this request's key; 0 when the request has none. */
  readonly read: (signal: CompiledSignal, context: Context, nowMs: number) => MaybePromise<number | Fault>
}

/** Digests of keys kept in memory, so that a busy client's is not computed at every request. */
const DIGESTS_MAX = 10_000
/** Longer keys are whatever a stranger wrote, a user agent of 16 KB for instance. */
const REMEMBERED_LENGTH_MAX = 256

/** `key` keeps the hashes from being reversed by trying out user names and addresses. */
export function createSignalStore (window: Window, key: Secret): SignalStore {
  const secret = key.reveal()
  const storeKeys = new Map<string, string>()

  function digest (purpose: string, hash: string, text: string): string {
    return createHmac('sha256', secret).update(purpose).update(hash).update(text).digest('base64url').slice(0, 22)
  }

  function keyOf (signal: CompiledSignal, context: Context): string | undefined {
    const parts: string[] = []
    for (const expression of signal.by) {
      const part = expression.evaluate(context) as string
      if (part === '') return undefined
      parts.push(part)
    }
    return storeKeyOf(signal.hash, parts.length === 1 ? parts[0] as string : JSON.stringify(parts))
  }

  function storeKeyOf (hash: string, text: string): string {
    const name = hash + text
    const known = storeKeys.get(name)
    if (known !== undefined) return known
    if (storeKeys.size >= DIGESTS_MAX) storeKeys.clear()
    const storeKey = `signal:${hash}:${digest('k', hash, text)}`
    if (name.length <= REMEMBERED_LENGTH_MAX) storeKeys.set(name, storeKey)
    return storeKey
  }

  function observationsOf (signal: CompiledSignal, context: Context): readonly Observation[] {
    if (signal.of === undefined) return ONCE
    const value = signal.of.evaluate(context)
    if (signal.kind === 'sum') return [{ amount: toAmount(value, signal.of) }]
    const members = typeof value === 'string' ? [value] : value as readonly string[]
    return members.slice(0, MEMBERS_MAX).filter((member) => member !== '').map((member) => ({ member: digest('m', signal.hash, member) }))
  }

  function observe (signal: CompiledSignal, context: Context, nowMs: number): MaybePromise<number | Fault> | undefined {
    const storeKey = keyOf(signal, context)
    if (storeKey === undefined) return undefined
    const observations = observationsOf(signal, context)
    if (observations.length === 0) return undefined
    if (observations.length === 1) return window.observe(storeKey, signal.aggregate, nowMs, observations[0] as Observation)
    const values = observations.map((observation) => window.observe(storeKey, signal.aggregate, nowMs, observation))
    return whenSettled(allOf(values), (numbers) => Math.max(...numbers))
  }

  return {
    observe: (signal, context, nowMs) => attempt(() => observe(signal, context, nowMs) as MaybePromise<number>),
    read: (signal, context, nowMs) => attempt(() => {
      const storeKey = keyOf(signal, context)
      return storeKey === undefined ? 0 : window.read(storeKey, signal.aggregate, nowMs)
    })
  }
}

const ONCE: readonly Observation[] = Object.freeze([Object.freeze({})])

function toAmount (value: unknown, of: Expression): number {
  const amount = Number(value)
  if (!Number.isFinite(amount)) throw new RangeError(`${of.text} is no finite number`)
  return amount
}
