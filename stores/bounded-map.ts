/** A map that forgets what is idle, and anything beyond its bound. */
export interface BoundedMap<K, V> {
  readonly get: (key: K) => V | undefined
  readonly set: (key: K, value: V, nowMs: number) => void
  readonly size: () => number
}

/**
 * Forgetting costs no timer: each `set` looks at the two entries that were longest not looked at and drops those that are
 * idle by then, so the hand goes round the whole map while at most one entry is added. Beyond `entriesMax` the entry under
 * the hand goes, idle or not.
 */
export function createBoundedMap<K, V> (entriesMax: number, isIdle: (value: V, nowMs: number) => boolean): BoundedMap<K, V> {
  const entries = new Map<K, V>()

  function inspectOldest (nowMs: number): void {
    const oldest = entries.entries().next()
    if (oldest.done === true) return
    const [key, value] = oldest.value
    entries.delete(key)
    if (!isIdle(value, nowMs)) entries.set(key, value)
  }

  return {
    get: (key) => entries.get(key),
    size: () => entries.size,
    set (key, value, nowMs) {
      inspectOldest(nowMs)
      inspectOldest(nowMs)
      if (entries.size >= entriesMax && !entries.has(key)) {
        const oldest = entries.keys().next()
        if (oldest.done !== true) entries.delete(oldest.value)
      }
      entries.set(key, value)
    },
  }
}
