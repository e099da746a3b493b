import type { Clock } from '../../kernel/index.ts'

export interface FairShareOptions {
  readonly clock: Clock
  readonly windowMs: number
  /** For one whole in a window. */
  readonly maximum: number
  /** For one part of a whole in a window. */
  readonly maximumOfOne: number
}

/** Shares a budget of one whole (a sandbox) among its parts (addresses), in memory. */
export interface FairShare {
  /** False when the whole or the part has had its share of this window. */
  readonly take: (whole: string, part: string) => boolean
  /** How often `take` said no to a whole. */
  readonly refused: (whole: string) => number
}

interface Taken { count: number, readonly ofPart: Map<string, number> }

/** Wholes whose refusals are remembered; the longest untouched are forgotten. */
const REFUSED_MAX = 10_000

/** Counts in fixed windows that begin anew for everybody, so that the memory of a window is given back as one. */
export function createFairShare ({ clock, windowMs, maximum, maximumOfOne }: FairShareOptions): FairShare {
  const refusals = new Map<string, number>()
  let taken = new Map<string, Taken>()
  let windowEndsMs = 0

  function refuse (whole: string): false {
    const count = refusals.get(whole) ?? 0
    refusals.delete(whole)
    if (refusals.size >= REFUSED_MAX) refusals.delete(refusals.keys().next().value as string)
    refusals.set(whole, count + 1)
    return false
  }

  return {
    refused: (whole) => refusals.get(whole) ?? 0,
    take (whole, part) {
      const nowMs = clock.nowMs()
      if (nowMs >= windowEndsMs || nowMs < windowEndsMs - windowMs) {
        taken = new Map()
        windowEndsMs = nowMs + windowMs
      }
      const spent = taken.get(whole) ?? { count: 0, ofPart: new Map<string, number>() }
      const ofPart = spent.ofPart.get(part) ?? 0
      if (spent.count >= maximum || ofPart >= maximumOfOne) return refuse(whole)
      spent.count++
      spent.ofPart.set(part, ofPart + 1)
      taken.set(whole, spent)
      return true
    },
  }
}
