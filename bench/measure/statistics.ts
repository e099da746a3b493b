/** A median with what it lies between; differences smaller than the range are none. */
export interface Spread { readonly median: number, readonly min: number, readonly max: number }

export function spreadOf (values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

export type GateOutcome = 'met' | 'missed' | 'inconclusive'

/** Whether a ratio keeps a promise; where its rounds disagree, nobody knows. */
export function judgeGate ({ min, max }: Spread, gate: number): GateOutcome {
  if (min >= gate) return 'met'
  return max < gate ? 'missed' : 'inconclusive'
}
