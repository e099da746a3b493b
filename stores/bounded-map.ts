/** A map that forgets what is idle, and anything beyond its bound. */
export interface BoundedMap<K extends string | number, V extends object> {
  readonly get: (key: K) => V | undefined
  readonly set: (key: K, value: V, nowMs: number) => void
  readonly size: () => number
}

/**
 * Forgetting costs no timer: a hand goes round, two entries each `set`, and drops those that are idle, so that it has been
 * round the whole map while at most half as many entries are added. Beyond `entriesMax` the entry under the hand goes, idle
 * or not. The hand is a live iterator of the map, which sees what was added behind it: nothing is moved.
 */
export function createBoundedMap<K extends string | number, V extends object> (entriesMax: number, isIdle: (value: V, nowMs: number) => boolean): BoundedMap<K, V> {
  const entries = new Map<K, V>()
  let hand = entries.keys()

  function advance (): K | undefined {
    let step = hand.next()
    if (step.done === true) {
      hand = entries.keys()
      step = hand.next()
    }
    return step.value
  }

  function inspectNext (nowMs: number): void {
    const key = advance()
    const value = key === undefined ? undefined : entries.get(key)
    if (value !== undefined && isIdle(value, nowMs)) entries.delete(key as K)
  }

  return {
    get: (key) => entries.get(key),
    size: () => entries.size,
    set (key, value, nowMs) {
      inspectNext(nowMs)
      inspectNext(nowMs)
      if (entries.size >= entriesMax && !entries.has(key)) entries.delete(advance() as K)
      entries.set(key, value)
    },
  }
}
