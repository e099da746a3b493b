/** True when a store that did not answer is behind a fault, also where a library has put an error of its own around it. */
export function isStoreFault (fault: unknown): boolean {
  for (let cause = fault, depth = 0; cause instanceof Error && depth < CAUSES_MAX; cause = cause.cause, depth++) {
    if (cause.name === 'StoreUnavailable') return true
  }
  return false
}

const CAUSES_MAX = 5
