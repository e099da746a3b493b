/** How keys are named. Keys of one script share a hash tag, `{…}`, and so a slot of a Redis Cluster. */
export interface Keys {
  readonly shards: number
  /** The shard that a name belongs to, always the same. */
  readonly shardOf: (name: string) => number
  /** A key in a shard. */
  readonly inShard: (shard: number, kind: string, ...names: string[]) => string
  /** A key that stands alone, tagged by its own name. */
  readonly alone: (kind: string, ...names: string[]) => string
}

/**
 * What is written together lies in one of `shards` groups; the more, the further a cluster spreads the load, and the more
 * places a listing or a claim must look at. All instances on one store must agree on the number.
 */
export function createKeys (prefix: string, shards: number): Keys {
  if (/[{}]/.test(prefix)) throw new RangeError(`a key prefix must not hold braces: ${prefix}`)
  return {
    shards,
    shardOf: (name) => hash(name) % shards,
    inShard: (shard, kind, ...names) => `${prefix}{${shard}}:${kind}:${joinNames(names)}`,
    alone: (kind, ...names) => `${prefix}{${kind}:${encodeURIComponent(names[0] ?? '')}}:${joinNames(names.slice(1))}`,
  }
}

/** Each name but the last with its length before it, so that no two lists of names make one key. */
function joinNames (names: readonly string[]): string {
  return names.map((name, index) => index === names.length - 1 ? name : `${name.length}:${name}:`).join('')
}

/** FNV-1a, 32 bits. */
function hash (text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value >>> 0
}
