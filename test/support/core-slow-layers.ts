import type { Layers } from '../../stores/index.ts'

/** Layers that answer later, as a remote store does, with pauses that a seed decides: requests interleave and commits conflict. */
export function slowLayers (layers: Layers, seed = 1): Layers {
  let state = seed
  const pause = async (): Promise<void> => {
    state = (state * 1103515245 + 12345) % 2147483648
    for (let turns = state % 4; turns >= 0; turns--) await new Promise(resolve => setImmediate(resolve))
  }
  const slow = Object.entries(layers).filter(([, method]) => typeof method === 'function').map(([name, method]) => [name, async (...inputs: unknown[]) => {
    await pause()
    return (method as (...inputs: unknown[]) => unknown)(...inputs)
  }])
  return { ...Object.fromEntries(slow) as Layers, isAppliedAtOnce: false }
}
