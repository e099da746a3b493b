import type { Json, JsonObject } from '../../kernel/index.ts'
import { StoreUnavailable, type KeyValue, type Notices } from '../../stores/index.ts'

/** A store that several authorities share, as instances of one deployment do; it can be lost. */
export interface SharedStore {
  readonly keyValue: KeyValue
  /** One member of the notices' audience. */
  readonly notices: Notices
  readonly entries: (space: string) => string[]
  lose: () => void
  muteNotices: () => void
}

/** A small in-memory double of the two ports that the authority needs. */
export function createSharedStore (): SharedStore {
  const values = new Map<string, Map<string, Json>>()
  const listeners = new Map<string, Set<(message: JsonObject) => void>>()
  let isLost = false
  let isMute = false
  const space = (name: string): Map<string, Json> => {
    if (isLost) throw new StoreUnavailable('lost')
    const found = values.get(name) ?? new Map<string, Json>()
    values.set(name, found)
    return found
  }
  const keyValue: KeyValue = {
    get: (name, key) => space(name).get(key),
    put: (name, key, value) => { space(name).set(key, value) },
    putIfAbsent: (name, key, value) => {
      if (space(name).has(key)) return false
      space(name).set(key, value)
      return true
    },
    take: (name, key) => {
      const value = space(name).get(key)
      space(name).delete(key)
      return value
    },
    delete: (name, key) => { space(name).delete(key) },
    list: (name, { after, limit }) => [...space(name)]
      .filter(([key]) => after === undefined || key > after)
      .sort(([a], [b]) => a < b ? -1 : 1)
      .slice(0, limit)
      .map(([key, value]) => ({ key, value })),
  }
  const notices: Notices = {
    publish: (topic, message) => { if (!isMute) for (const listener of listeners.get(topic) ?? []) listener(message) },
    subscribe: (topic, listener) => {
      const audience = listeners.get(topic) ?? new Set()
      listeners.set(topic, audience.add(listener))
      return () => { audience.delete(listener) }
    },
  }
  return {
    keyValue,
    notices,
    entries: (name) => [...values.get(name)?.keys() ?? []],
    lose: () => { isLost = true },
    muteNotices: () => { isMute = true },
  }
}
