import { createBoundedMap } from '../bounded-map.ts'
import type { Aggregate, Window } from '../ports.ts'
import { createMemberSet, createTally, type Sliding } from './sliding.ts'

/** Aggregates kept at once. */
const AGGREGATES_MAX = 200_000

/** Sliding aggregates in memory: signals of a process start anew with it. */
export function createWindow (): Window {
  const kept = createBoundedMap<string, Sliding>(AGGREGATES_MAX, (sliding, nowMs) => sliding.isIdle(nowMs))
  const nameOf = (key: string, aggregate: Aggregate): string => `${aggregate.kind}/${aggregate.windowMs}:${key}`
  return {
    observe (key, aggregate, nowMs, observation) {
      const name = nameOf(key, aggregate)
      const sliding = kept.get(name) ?? (aggregate.kind === 'distinct' ? createMemberSet(aggregate.windowMs) : createTally(aggregate))
      sliding.add(nowMs, observation)
      kept.set(name, sliding, nowMs)
      return sliding.read(nowMs)
    },
    read: (key, aggregate, nowMs) => kept.get(nameOf(key, aggregate))?.read(nowMs) ?? 0,
  }
}
