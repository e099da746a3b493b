import type { Budget, Spent } from './ports.ts'

/** What a key owes at a moment, in points: one unit costs `windowMs` points, and each millisecond pays `limit` of them back. */
export interface Debt { readonly atMs: number, readonly points: number }

/** Longest fixed window: a timer holds no more (2³¹ − 1 ms). */
const WINDOW_MS_MAX = 24 * 86_400_000

/**
 * The generic cell rate algorithm (ITU-T I.371 Annex A) in whole numbers: points instead of fractions of milliseconds, so
 * that no rounding error ever gives or takes a unit. A clock that goes back pays nothing back.
 *
 * @returns the new debt (the old one, brought to `nowMs`, when refused) and what to tell the caller
 */
export function spendSmoothly (debt: Debt | undefined, budget: Budget, nowMs: number, cost: number): { debt: Debt, spent: Spent } {
  const { limit, windowMs } = budget
  const capacity = (budget.burst ?? limit) * windowMs
  const atMs = debt === undefined ? nowMs : Math.max(debt.atMs, nowMs)
  const owed = debt === undefined ? 0 : Math.max(0, debt.points - (atMs - debt.atMs) * limit)
  const isAllowed = owed + cost * windowMs <= capacity
  const points = isAllowed ? owed + cost * windowMs : owed
  return { debt: { atMs, points }, spent: describeDebt(points, budget, isAllowed, cost) }
}

/** What a debt means to the caller; also used on the answer of the Redis script, which does the same sum. */
export function describeDebt (points: number, budget: Budget, isAllowed: boolean, cost: number): Spent {
  const { limit, windowMs } = budget
  const capacity = (budget.burst ?? limit) * windowMs
  return {
    isAllowed,
    remaining: Math.max(0, Math.floor((capacity - points) / windowMs)),
    resetMs: Math.ceil(points / limit),
    retryAfterMs: isAllowed ? 0 : Math.ceil((points + cost * windowMs - capacity) / limit),
    isDegraded: false,
  }
}

/** Refuses a budget or cost that cannot be counted exactly, with a RangeError that names the member. */
export function assertBudget (budget: Budget, cost: number): void {
  assertWhole('limit', budget.limit)
  assertWhole('windowMs', budget.windowMs)
  assertWhole('cost', cost)
  if (budget.burst !== undefined) assertWhole('burst', budget.burst)
  if (budget.algorithm === 'smooth') return
  if (budget.windowMs % 1000 !== 0 || budget.windowMs > WINDOW_MS_MAX) {
    throw new RangeError(`windowMs of a fixed window must be whole seconds up to 24 d, not ${budget.windowMs}`)
  }
}

function assertWhole (member: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${member} must be a whole number of 1 or more, not ${value}`)
}
