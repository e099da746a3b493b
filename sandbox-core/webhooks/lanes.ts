/** How many deliveries may be in flight. */
export interface ConcurrencyLimits {
  readonly overall: number
  readonly perSandbox: number
  readonly perEndpoint: number
}

/** Who is busy how much, so that a slow receiver holds up itself and at most its own sandbox. */
export interface Lanes {
  /** Deliveries that may still start. */
  readonly freeCount: () => number
  /** Takes a place, unless the endpoint or its sandbox has none left. */
  readonly enter: (sandbox: string, endpoint: string) => boolean
  readonly leave: (sandbox: string, endpoint: string, durationMs: number) => void
  /** When a delivery that found no place should try again: each further one later, by what deliveries have lately taken. */
  readonly nextTryMs: (sandbox: string, endpoint: string, nowMs: number) => number
}

interface Lane { inFlight: number, durationMs: number, nextTryMs: number }

const STEP_MS_MIN = 20
const PAUSE_MS_MAX = 30_000

/** Counts places by endpoint and by sandbox; lanes that are empty are forgotten. */
export function createLanes (limits: ConcurrencyLimits): Lanes {
  const endpoints = createLaneMap(limits.perEndpoint)
  const sandboxes = createLaneMap(limits.perSandbox)
  let inFlight = 0
  return {
    freeCount: () => limits.overall - inFlight,
    enter: (sandbox, endpoint) => {
      if (inFlight >= limits.overall || endpoints.isFull(endpoint) || sandboxes.isFull(sandbox)) return false
      inFlight++
      endpoints.enter(endpoint)
      sandboxes.enter(sandbox)
      return true
    },
    leave: (sandbox, endpoint, durationMs) => {
      inFlight--
      endpoints.leave(endpoint, durationMs)
      sandboxes.leave(sandbox, durationMs)
    },
    nextTryMs: (sandbox, endpoint, nowMs) => endpoints.isFull(endpoint) ? endpoints.nextTryMs(endpoint, nowMs) : sandboxes.nextTryMs(sandbox, nowMs)
  }
}

interface LaneMap {
  readonly isFull: (key: string) => boolean
  readonly enter: (key: string) => void
  readonly leave: (key: string, durationMs: number) => void
  readonly nextTryMs: (key: string, nowMs: number) => number
}

function createLaneMap (limit: number): LaneMap {
  const lanes = new Map<string, Lane>()
  return {
    isFull: (key) => (lanes.get(key)?.inFlight ?? 0) >= limit,
    enter: (key) => {
      const lane = lanes.get(key) ?? { inFlight: 0, durationMs: 0, nextTryMs: 0 }
      lane.inFlight++
      lanes.set(key, lane)
    },
    leave: (key, durationMs) => {
      const lane = lanes.get(key)
      if (lane === undefined) return
      lane.inFlight--
      lane.durationMs = durationMs
      if (lane.inFlight === 0) lanes.delete(key)
    },
    nextTryMs: (key, nowMs) => {
      const lane = lanes.get(key)
      if (lane === undefined) return nowMs + STEP_MS_MIN
      const stepMs = Math.max(STEP_MS_MIN, lane.durationMs / limit)
      lane.nextTryMs = Math.ceil(Math.min(Math.max(lane.nextTryMs, nowMs) + stepMs, nowMs + PAUSE_MS_MAX))
      return lane.nextTryMs
    }
  }
}
