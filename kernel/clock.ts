/** Wall time, injected so that tests and sandboxes can own it. `Date.now` is used nowhere else. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: () => number
}

/** The machine's own clock. */
export const systemClock: Clock = { nowMs: () => Date.now() }
