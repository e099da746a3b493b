import { randomId, type Clock, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices } from '../../stores/index.ts'
import { isPromise } from './steps.ts'

const SPACE = 'sandbox-clock'
const TOPIC = 'sandbox-clock'
const PAGE = 1000

interface Advance { readonly atMs: number, readonly byMs: number }

/** Each sandbox's own time: the real one plus every advance. Reads are synchronous, from memory. */
export interface SandboxClock {
  readonly nowMs: (sandboxId: SandboxId) => number
  /** Moves the sandbox's time forward by `byMs` (a positive whole number). Throws RangeError otherwise. */
  readonly advance: (sandboxId: SandboxId, byMs: number) => Promise<void>
  /** How far the clock was advanced at or after the real time `realMs`. */
  readonly advancedSinceMs: (sandboxId: SandboxId, realMs: number) => number
  /** Reads the sandbox's advances from the store unless they are in memory; await it before the first synchronous read. */
  readonly load: (sandboxId: SandboxId) => MaybePromise<void>
}

/** Advances are stored one by one, so that two instances lose none; a notice tells the other instances. */
export function createSandboxClock (deps: { readonly clock: Clock, readonly keyValue: KeyValue, readonly notices?: Notices | undefined }): SandboxClock {
  const advances = new Map<SandboxId, readonly Advance[]>()
  deps.notices?.subscribe(TOPIC, message => {
    const sandboxId = message['sandbox'] as SandboxId
    const pending = advances.has(sandboxId) ? reload(sandboxId) : undefined
    // A lost store leaves the advances known before; the next notice or restart reads them again.
    if (isPromise(pending)) pending.catch(() => undefined)
  })

  function load (sandboxId: SandboxId): MaybePromise<void> {
    return advances.has(sandboxId) ? undefined : reload(sandboxId)
  }

  function reload (sandboxId: SandboxId): MaybePromise<void> {
    const page = deps.keyValue.list(SPACE, { after: `${sandboxId}/`, limit: PAGE })
    return isPromise(page) ? page.then(entries => keep(sandboxId, entries)) : keep(sandboxId, page)
  }

  function keep (sandboxId: SandboxId, entries: ReadonlyArray<{ readonly key: string, readonly value: unknown }>): void {
    advances.set(sandboxId, entries.filter(entry => entry.key.startsWith(`${sandboxId}/`)).map(entry => entry.value as Advance))
  }

  function known (sandboxId: SandboxId): readonly Advance[] {
    const found = advances.get(sandboxId)
    if (found !== undefined) return found
    const pending = load(sandboxId)
    // A synchronous store has answered by now; another one answers before the next read.
    if (isPromise(pending)) pending.catch(() => undefined)
    return advances.get(sandboxId) ?? []
  }

  return {
    load,
    nowMs: sandboxId => deps.clock.nowMs() + total(known(sandboxId), -Infinity),
    advancedSinceMs: (sandboxId, realMs) => total(known(sandboxId), realMs),
    async advance (sandboxId, byMs) {
      if (!Number.isSafeInteger(byMs) || byMs <= 0) throw new RangeError('a clock moves forward by a positive whole number of milliseconds')
      const atMs = deps.clock.nowMs()
      await deps.keyValue.put(SPACE, `${sandboxId}/${String(atMs).padStart(16, '0')}-${randomId('a', 8)}`, { atMs, byMs })
      await reload(sandboxId)
      await deps.notices?.publish(TOPIC, { sandbox: sandboxId })
    },
  }
}

function total (advances: readonly Advance[], sinceMs: number): number {
  let sum = 0
  for (const advance of advances) if (advance.atMs >= sinceMs) sum += advance.byMs
  return sum
}
