import { createLocalCounter } from './local-counter.ts'
import { StoreUnavailable, type Counter, type Spent } from './ports.ts'

/**
 * A counter that answers from a local share of the budget while the store is lost, and says so by `isDegraded`. The share
 * is `limit / instances`, so that all instances together allow about what the plan allows. For plans whose stance is
 * `local`; others use the counter as it is.
 */
export function createFallbackCounter (deps: { readonly counter: Counter, readonly instances: () => number }): Counter {
  const local = createLocalCounter({ share: deps.instances, isDegraded: true })
  return {
    spend (key, budget, nowMs, cost) {
      const fallBack = (fault: unknown): ReturnType<Counter['spend']> => {
        if (fault instanceof StoreUnavailable) return local.spend(key, budget, nowMs, cost)
        throw fault
      }
      return attempt(() => deps.counter.spend(key, budget, nowMs, cost), fallBack)
    },
  }
}

function attempt (spend: () => ReturnType<Counter['spend']>, fallBack: (fault: unknown) => ReturnType<Counter['spend']>): Spent | Promise<Spent> {
  try {
    const spent = spend()
    return spent instanceof Promise ? spent.catch(fallBack) : spent
  } catch (fault) {
    return fallBack(fault)
  }
}
