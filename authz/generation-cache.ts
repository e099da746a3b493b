/** A bounded map that forgets what was not read for long. */
export interface GenerationCache<V> {
  readonly get: (key: string) => V | undefined
  readonly set: (key: string, value: V) => void
  readonly delete: (key: string) => void
}

/**
 * Keeps at most `entriesMax` entries in two generations: when the young one is half of that, it becomes the old one and the
 * old one is dropped; a read moves an entry back to the young one. Cheaper per read than a list in order of use.
 */
export function createGenerationCache<V> (entriesMax: number): GenerationCache<V> {
  const youngMax = Math.max(1, Math.floor(entriesMax / 2))
  let young = new Map<string, V>()
  let old = new Map<string, V>()

  function set (key: string, value: V): void {
    if (young.size >= youngMax && !young.has(key)) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }

  function get (key: string): V | undefined {
    const recent = young.get(key)
    if (recent !== undefined) return recent
    const aged = old.get(key)
    if (aged !== undefined) set(key, aged)
    return aged
  }

  return {
    get,
    set,
    delete (key) {
      young.delete(key)
      old.delete(key)
    },
  }
}
