import { isJsonObject, type Json, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import { matchesEvent } from './match-event.ts'

/**
 * Whether an event needs to be told to anybody. Making a job for each event, claiming and completing it cost more than the
 * rest of a write, and most sandboxes have no endpoint.
 *
 * Known only where this process alone writes the store, and the store answers at once: an endpoint counts from the moment
 * that it is stored, for every commit that is applied afterwards. Elsewhere another instance may have just stored one, so
 * that every event is wanted, and looked at when it is fanned out.
 */
export interface EventDemand {
  /** Asked in the step of the commit. Disabled endpoints count: they may be enabled before the event is fanned out. */
  readonly isWanted: (sandboxId: SandboxId, eventType: string) => boolean
  /** True when an event was wanted since it was last asked. */
  readonly takeNews: () => boolean
  /** Called in the very step that changes a sandbox's endpoints. */
  readonly forget: (sandboxId: SandboxId) => void
}

/** Sandboxes whose filters are kept. */
const KEPT_MAX = 10_000
const EVERYTHING: readonly string[] = ['*']

/** @param spaceOf where the endpoints of a sandbox are stored, each with its filters as `events` */
export function createEventDemand ({ keyValue, spaceOf }: { readonly keyValue: KeyValue, readonly spaceOf: (sandboxId: SandboxId) => string }): EventDemand {
  const filters = new Map<SandboxId, readonly string[]>()
  let hasNews = false
  let isShared = false

  function filtersOf (sandboxId: SandboxId): readonly string[] {
    const known = filters.get(sandboxId)
    if (known !== undefined) return known
    const stored = keyValue.list(spaceOf(sandboxId), { limit: 1000 })
    if (stored instanceof Promise) {
      isShared = true
      stored.catch(() => undefined)
      return EVERYTHING
    }
    const read = stored.flatMap(({ value }) => filtersIn(value))
    if (filters.size >= KEPT_MAX) filters.clear()
    filters.set(sandboxId, read)
    return read
  }

  return {
    isWanted (sandboxId, eventType) {
      const isWanted = isShared || matchesEvent(filtersOf(sandboxId), eventType)
      if (isWanted) hasNews = true
      return isWanted
    },
    takeNews () {
      const had = hasNews
      // A commit to a shared store is still under way when the answer to another one asks.
      hasNews = isShared
      return had
    },
    forget (sandboxId) {
      filters.delete(sandboxId)
    },
  }
}

function filtersIn (endpoint: Json): readonly string[] {
  const events = isJsonObject(endpoint) ? endpoint['events'] : undefined
  return Array.isArray(events) ? events.filter((filter) => typeof filter === 'string') : EVERYTHING
}
