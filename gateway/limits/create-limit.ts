import { whenSettled, type Clock, type Mode } from '../../kernel/index.ts'
import type { Budget, Counter, MaybePromise, Spent } from '../../stores/index.ts'
import { formatPolicy } from './rate-limit-headers.ts'

/** A limit as configured: `limit` units in `windowMs`, and what happens when the store is lost. */
export interface LimitPlan {
  readonly mode: Mode
  readonly algorithm: Budget['algorithm']
  readonly limit: number
  readonly windowMs: number
  /** Units that may be spent at once; for `smooth`. Default: `limit`. */
  readonly burst?: number | undefined
  /**
   * `local`: this instance counts alone, with its share of the budget. `refuse`: every request is refused. `pass`: none is.
   */
  readonly onStoreLoss: 'local' | 'refuse' | 'pass'
}

/** What a limit decided about one request. */
export interface LimitOutcome {
  readonly name: string
  /** May the request go on? Always true in report mode. */
  readonly isAllowed: boolean
  /** True when the budget was spent, whatever the mode. False with `isAllowed` false: the store is lost and the plan refuses. */
  readonly isExceeded: boolean
  /** Whole units left now. */
  readonly remaining: number
  /** Milliseconds until the whole budget is back. */
  readonly resetMs: number
  /** Milliseconds until a retry may succeed; 0 when not exceeded. */
  readonly retryAfterMs: number
  readonly limit: number
  readonly windowMs: number
  readonly mode: Mode
  /** True when the shared store did not answer and the plan's stance decided. */
  readonly isDegraded: boolean
  /** The limit as an item of `RateLimit-Policy`, made once for the limit. */
  readonly policy: string
}

/** Spends one unit of a key's budget. Synchronous when the counter is. */
export type Limit = (key: string) => MaybePromise<LimitOutcome>

export interface LimitDeps {
  /** Unique among the limits whose headers are sent together, and stable: clients correlate by it. `[a-z][a-z0-9_-]*`. */
  readonly name: string
  readonly plan: LimitPlan
  readonly counter: Counter
  /** In memory: counts for this instance while the shared store is lost. Default: `counter`, for an embedded store that cannot be lost. */
  readonly localCounter?: Counter
  /** How many instances share the budget; a local share is the budget divided by it. Default: 1. */
  readonly liveInstances?: () => number
  /** Told of every answer that the store owed, for the log and a metric. */
  readonly onStoreLost?: (error: unknown) => void
  readonly clock: Clock
}

/** Milliseconds after which to retry when the store is lost and the plan refuses; a guess, as nothing is known. */
const STORE_LOSS_RETRY_MS = 1000

/**
 * Makes a limit. Its hot path allocates the key and the outcome and nothing else, and awaits nothing when the counter
 * answers at once.
 *
 * Stance when the counter throws or rejects: the plan's `onStoreLoss`; the outcome has `isDegraded`. In report mode
 * nothing is ever refused, a lost store included; mode `off` does not count.
 *
 * @throws TypeError for a name or a plan that no header could carry: the configuration's schema rules both out
 */
export function createLimit (deps: LimitDeps): Limit {
  const { name, plan, counter, clock } = deps
  assertPlan(name, plan)
  const whole = shapeBudget(name, plan, 1)
  if (plan.mode === 'off') {
    const outcome = settleOutcome(plan, whole, unspent(whole, false))
    return () => outcome
  }
  const prefix = `limit:${name}:`
  const handleLoss = createLossHandler(deps, whole)
  return (key) => {
    const nowMs = clock.nowMs()
    try {
      const spent = counter.spend(prefix + key, whole.budget, nowMs)
      if (spent instanceof Promise) return spent.then((value) => settleOutcome(plan, whole, value), (error: unknown) => handleLoss(error, prefix + key, nowMs))
      return settleOutcome(plan, whole, spent)
    } catch (error) {
      return handleLoss(error, prefix + key, nowMs)
    }
  }
}

/** A budget with the strings and numbers that every outcome of it shares. */
interface Share { readonly name: string, readonly budget: Budget, readonly policy: string }

function shapeBudget (name: string, plan: LimitPlan, instances: number): Share {
  const limit = Math.max(1, Math.floor(plan.limit / instances))
  const budget: Budget = {
    algorithm: plan.algorithm,
    limit,
    windowMs: plan.windowMs,
    ...(plan.burst === undefined ? {} : { burst: Math.max(1, Math.floor(plan.burst / instances)) })
  }
  return { name, budget, policy: formatPolicy(name, limit, plan.windowMs) }
}

function settleOutcome (plan: LimitPlan, share: Share, spent: Spent): LimitOutcome {
  return {
    name: share.name,
    isAllowed: spent.isAllowed || plan.mode !== 'enforce',
    isExceeded: !spent.isAllowed,
    remaining: spent.remaining,
    resetMs: spent.resetMs,
    retryAfterMs: spent.retryAfterMs,
    limit: share.budget.limit,
    windowMs: share.budget.windowMs,
    mode: plan.mode,
    isDegraded: spent.isDegraded,
    policy: share.policy
  }
}

function createLossHandler (deps: LimitDeps, whole: Share): (error: unknown, key: string, nowMs: number) => MaybePromise<LimitOutcome> {
  const { name, plan, localCounter = deps.counter, liveInstances = () => 1, onStoreLost } = deps
  let share = whole
  let shareOf = 1
  return (error, key, nowMs) => {
    onStoreLost?.(error)
    if (plan.onStoreLoss === 'pass') return settleOutcome(plan, whole, unspent(whole, true))
    if (plan.onStoreLoss === 'refuse') return refuseBlindly(plan, whole)
    const instances = Math.max(1, liveInstances())
    if (instances !== shareOf) {
      share = shapeBudget(name, plan, instances)
      shareOf = instances
    }
    const settle = (spent: Spent): LimitOutcome => settleOutcome(plan, share, { ...spent, isDegraded: true })
    return whenSettled(localCounter.spend(key, share.budget, nowMs), settle)
  }
}

function unspent (share: Share, isDegraded: boolean): Spent {
  return { isAllowed: true, remaining: share.budget.burst ?? share.budget.limit, resetMs: 0, retryAfterMs: 0, isDegraded }
}

function refuseBlindly (plan: LimitPlan, whole: Share): LimitOutcome {
  const outcome = settleOutcome(plan, whole, { isAllowed: false, remaining: 0, resetMs: STORE_LOSS_RETRY_MS, retryAfterMs: STORE_LOSS_RETRY_MS, isDegraded: true })
  return { ...outcome, isExceeded: false }
}

function assertPlan (name: string, plan: LimitPlan): void {
  if (!/^[a-z][a-z0-9_-]*$/.test(name)) throw new TypeError(`A limit's name is lower-case letters, digits, _ and -, not ${JSON.stringify(name)}`)
  for (const value of [plan.limit, plan.windowMs, plan.burst ?? 1]) {
    if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`Limit ${name}: limit, windowMs and burst are whole numbers of 1 or more, not ${value}`)
  }
}
