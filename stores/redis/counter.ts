import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { assertBudget, describeDebt } from '../gcra.ts'
import { accountName, describeWindow } from '../local-counter.ts'
import type { Budget, Counter, Spent } from '../ports.ts'
import { loadScript, type Connection } from './connection.ts'
import type { Keys } from './keys.ts'

/** Budgets shared by all instances: own GCRA for `smooth`, rate-limiter-flexible for `window`. */
export function createCounter (deps: { readonly connection: Connection, readonly keys: Keys }): Counter {
  const { connection, keys } = deps
  const smooth = loadScript('counter-smooth')
  const spendWindow = createWindows(connection, keys)

  async function spendSmoothly (key: string, budget: Budget, nowMs: number, cost: number): Promise<Spent> {
    const args = [budget.limit, budget.windowMs, budget.burst ?? budget.limit, nowMs, cost]
    const [isAllowed, points] = await connection.run(smooth, [keys.alone('smooth', accountName(key, budget))], args) as [number, string]
    return describeDebt(Number(points), budget, isAllowed === 1, cost)
  }

  return {
    async spend (key, budget, nowMs, cost = 1) {
      assertBudget(budget, cost)
      return await (budget.algorithm === 'smooth' ? spendSmoothly(key, budget, nowMs, cost) : spendWindow(key, budget, cost))
    },
  }
}

/** One limiter for each shape of budget. Its script is ours, so that a refused cost is not counted. */
function createWindows (connection: Connection, keys: Keys): (key: string, budget: Budget, cost: number) => Promise<Spent> {
  const limiters = new Map<string, RateLimiterRedis>()
  const { text } = loadScript('counter-window')

  function limiterOf (budget: Budget): RateLimiterRedis {
    const shape = accountName('', budget)
    let limiter = limiters.get(shape)
    if (limiter === undefined) {
      limiter = new RateLimiterRedis({ storeClient: connection.client, keyPrefix: '', points: budget.limit, duration: budget.windowMs / 1000, customIncrTtlLuaScript: text })
      limiters.set(shape, limiter)
    }
    return limiter
  }

  return async (key, budget, cost) => {
    const account = keys.alone('window', accountName(key, budget))
    return await connection.ask(() => consume(limiterOf(budget), account, budget, cost))
  }
}

async function consume (limiter: RateLimiterRedis, account: string, budget: Budget, cost: number): Promise<Spent> {
  try {
    return describeWindow(await limiter.consume(account, cost), true, budget, cost)
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal
    return describeWindow(refusal, false, budget, cost)
  }
}
