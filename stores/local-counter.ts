import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { createBoundedMap } from './bounded-map.ts'
import { assertBudget, spendSmoothly, type Debt } from './gcra.ts'
import type { Budget, Counter, Spent } from './ports.ts'

/** Accounts kept in memory; about 200 bytes each. */
const ACCOUNTS_MAX = 200_000

/**
 * Budgets in the memory of this process: the embedded driver's counter, and the local share while Redis is lost.
 * `smooth` answers at once; `window` through rate-limiter-flexible and so with a promise.
 *
 * @param options.share divides `limit` and `burst` (at least 1 is left): the number of instances that count on their own
 * @param options.isDegraded what every answer says about itself
 */
export function createLocalCounter (options: { readonly share?: () => number, readonly isDegraded?: boolean } = {}): Counter {
  const debts = createBoundedMap<string, Debt & { readonly freeAtMs: number }>(ACCOUNTS_MAX, (debt, nowMs) => debt.freeAtMs <= nowMs)
  const spendWindow = createMemoryWindows()
  const isDegraded = options.isDegraded === true
  const mark = (spent: Spent): Spent => isDegraded ? { ...spent, isDegraded } : spent

  function spendFromDebts (key: string, budget: Budget, nowMs: number, cost: number): Spent {
    const account = accountName(key, budget)
    const { debt, spent } = spendSmoothly(debts.get(account), budget, nowMs, cost)
    debts.set(account, { ...debt, freeAtMs: debt.atMs + spent.resetMs }, nowMs)
    return mark(spent)
  }

  return {
    spend (key, whole, nowMs, cost = 1) {
      assertBudget(whole, cost)
      const budget = options.share === undefined ? whole : divide(whole, options.share())
      return budget.algorithm === 'smooth'
        ? spendFromDebts(key, budget, nowMs, cost)
        : spendWindow(key, budget, cost).then(mark)
    },
  }
}

/** The name under which a key's spending is kept: the budget belongs to it, because points and windows mean nothing under another. */
export function accountName (key: string, budget: Budget): string {
  return `${budget.limit}/${budget.windowMs}:${key}`
}

/**
 * Reads the answer of rate-limiter-flexible, which counts a refused cost until it is given back.
 *
 * @param outcome what `consume` resolved to, or the refusal that it rejected with
 */
export function describeWindow (outcome: RateLimiterRes, isAllowed: boolean, budget: Budget, cost: number): Spent {
  const consumed = isAllowed ? outcome.consumedPoints : outcome.consumedPoints - cost
  const resetMs = Math.max(0, outcome.msBeforeNext)
  return { isAllowed, remaining: Math.max(0, budget.limit - consumed), resetMs, retryAfterMs: isAllowed ? 0 : resetMs, isDegraded: false }
}

/** Fixed windows on RateLimiterMemory, one limiter for each shape of budget. A refused cost is given back before the next turn. */
function createMemoryWindows (): (key: string, budget: Budget, cost: number) => Promise<Spent> {
  const limiters = new Map<string, RateLimiterMemory>()
  const inTurn = createTurns()

  function limiterOf (budget: Budget): RateLimiterMemory {
    const shape = accountName('', budget)
    let limiter = limiters.get(shape)
    if (limiter === undefined) limiters.set(shape, limiter = new RateLimiterMemory({ points: budget.limit, duration: budget.windowMs / 1000 }))
    return limiter
  }

  async function consume (limiter: RateLimiterMemory, key: string, budget: Budget, cost: number): Promise<Spent> {
    try {
      return describeWindow(await limiter.consume(key, cost), true, budget, cost)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      await limiter.reward(key, cost)
      return describeWindow(refusal, false, budget, cost)
    }
  }

  return (key, budget, cost) => inTurn(accountName(key, budget), () => consume(limiterOf(budget), key, budget, cost))
}

/** Runs the tasks of one key one after another. */
function createTurns (): <T>(key: string, task: () => Promise<T>) => Promise<T> {
  const tails = new Map<string, Promise<unknown>>()
  return (key, task) => {
    const turn = (tails.get(key) ?? Promise.resolve()).then(task)
    const settled: Promise<unknown> = turn.catch(() => undefined).then(() => tails.get(key) === settled && tails.delete(key))
    tails.set(key, settled)
    return turn
  }
}

function divide (budget: Budget, share: number): Budget {
  const part = (units: number): number => Math.max(1, Math.floor(units / share))
  const burst = budget.burst === undefined ? {} : { burst: part(budget.burst) }
  return { ...budget, limit: part(budget.limit), ...burst }
}
