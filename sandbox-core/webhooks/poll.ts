/** Repeats `pass`: at once while there is work, else after pauses that double up to a second. One pass at a time. */
export function createPoller (pass: () => Promise<number>, onFault: (fault: unknown) => void): Poller {
  let isStarted = false
  let isWoken = false
  let pauseMs = POLL_MS_MIN
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  const tick = async (): Promise<void> => {
    isWoken = false
    try {
      pauseMs = await pass() > 0 ? 0 : Math.min(Math.max(pauseMs * 2, POLL_MS_MIN), POLL_MS_MAX)
    } catch (fault) {
      pauseMs = POLL_MS_MAX
      onFault(fault)
    }
    running = undefined
    // Both may have changed while the pass was awaited.
    const now = { isStarted, isWoken } as { readonly isStarted: boolean, readonly isWoken: boolean }
    if (now.isStarted) schedule(now.isWoken ? 0 : pauseMs)
  }
  const schedule = (delayMs: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => { running = tick() }, delayMs)
    timer.unref()
  }
  return {
    start: () => {
      if (isStarted) return
      isStarted = true
      schedule(0)
    },
    wake: () => {
      if (!isStarted || isWoken) return
      isWoken = true
      pauseMs = 0
      if (running === undefined) schedule(0)
    },
    stop: async () => {
      isStarted = false
      clearTimeout(timer)
      await running
    }
  }
}

export interface Poller {
  readonly start: () => void
  /** Repeats at once. Calling it often costs next to nothing. */
  readonly wake: () => void
  /** Resolves when the pass under way has ended. */
  readonly stop: () => Promise<void>
}

const POLL_MS_MIN = 20
const POLL_MS_MAX = 1000
