import { StoreUnavailable } from '../ports.ts'

/** One small step of clean-up; true when there is more of it to do. */
export type Chore = () => boolean

/** Time between rounds when nothing is left to do, and between steps when something is. */
const ROUND_MS = 1000
const STEP_MS = 5

/** Runs chores in small steps in the background, so that no request waits for clean-up. @returns a function that ends it */
export function startHousekeeping (chores: readonly Chore[]): () => void {
  let timer = setTimeout(step, ROUND_MS).unref()
  function step (): void {
    let hasMore = false
    for (const chore of chores) hasMore = attempt(chore) || hasMore
    timer = setTimeout(step, hasMore ? STEP_MS : ROUND_MS).unref()
  }
  return () => clearTimeout(timer)
}

/** A lost store is the callers' concern, who see it at once; the chore waits for the next round. */
function attempt (chore: Chore): boolean {
  try {
    return chore()
  } catch (fault) {
    if (fault instanceof StoreUnavailable) return false
    throw fault
  }
}
