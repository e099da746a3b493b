import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import t from 'tap'
import type { Budget, Counter } from '../../stores/index.ts'
import { inParallel, overDrivers } from '../support/stores-drivers.ts'

const smooth: Budget = { algorithm: 'smooth', limit: 7, windowMs: 60_000, burst: 3 }
const quota: Budget = { algorithm: 'window', limit: 5, windowMs: 3_600_000 }

async function spendTimes (counter: Counter, times: number, budget: Budget, nowMs: number): Promise<number> {
  let allowed = 0
  for (let index = 0; index < times; index++) if ((await counter.spend('key', budget, nowMs)).isAllowed) allowed++
  return allowed
}

void overDrivers(t, async (t, open) => {
  await t.test('a smooth budget refuses what exceeds the burst and says exactly when it may come again', async (t) => {
    const { stores: { counter }, nowMs } = await open()
    t.equal(await spendTimes(counter, 5, smooth, nowMs), 3)
    const refused = await counter.spend('key', smooth, nowMs)
    t.strictSame(refused, { isAllowed: false, remaining: 0, resetMs: 25_715, retryAfterMs: 8572, isDegraded: false })
    t.equal((await counter.spend('key', smooth, nowMs + 8571)).isAllowed, false)
    t.equal((await counter.spend('key', smooth, nowMs + 8572)).isAllowed, true)
  })

  await t.test('a smooth budget gives no unit too much or too little over many windows', async (t) => {
    const { stores: { counter }, nowMs } = await open()
    const budget: Budget = { algorithm: 'smooth', limit: 7, windowMs: 60_000 }
    let allowed = 0
    for (let ms = 0; ms < 180_000; ms += 500) if ((await counter.spend('key', budget, nowMs + ms)).isAllowed) allowed++
    t.equal(allowed, 7 + 20, 'the whole budget at once, then 7 a minute')
    t.equal((await counter.spend('key', budget, nowMs + 179_999)).isAllowed, false)
    t.equal((await counter.spend('key', budget, nowMs + 180_000)).isAllowed, true, 'three windows give 21 units, to the millisecond')
  })

  await t.test('a refused cost spends nothing, and a cost above the burst is never allowed', async (t) => {
    const { stores: { counter }, nowMs } = await open()
    for (const budget of [{ ...quota, limit: 3 }, smooth]) {
      const key = budget.algorithm
      t.equal((await counter.spend(key, budget, nowMs, 2)).isAllowed, true)
      t.match(await counter.spend(key, budget, nowMs, 2), { isAllowed: false, remaining: 1 })
      t.equal((await counter.spend(key, budget, nowMs, 4)).isAllowed, false)
      t.match(await counter.spend(key, budget, nowMs, 1), { isAllowed: true, remaining: 0 })
    }
  })

  await t.test('a clock that goes back regains nothing', async (t) => {
    const { stores: { counter }, nowMs } = await open()
    await spendTimes(counter, 3, smooth, nowMs)
    t.equal((await counter.spend('key', smooth, nowMs - 600_000)).isAllowed, false)
    t.equal((await counter.spend('key', smooth, nowMs + 8571)).isAllowed, false)
  })

  await t.test('of 30 concurrent callers exactly as many are allowed as there are units', async (t) => {
    const { stores: { counter }, nowMs } = await open()
    for (const budget of [smooth, quota]) {
      const answers = await inParallel(30, () => counter.spend('crowd', budget, nowMs))
      t.equal(answers.filter((spent) => spent.isAllowed).length, budget.burst ?? budget.limit)
    }
    const mixed = await inParallel(12, (index) => counter.spend('mixed', quota, nowMs, index % 2 === 0 ? 4 : 1))
    t.equal(mixed.reduce((sum, spent, index) => sum + (spent.isAllowed ? (index % 2 === 0 ? 4 : 1) : 0), 0), 5)
  })

  await t.test('keys do not share a budget, and a key has one account for each budget', async (t) => {
    const { stores: { counter }, nowMs } = await open()
    for (const key of ['a', 'b', '{a}', 'a:b', '']) t.match(await counter.spend(key, quota, nowMs), { isAllowed: true, remaining: 4 })
    t.match(await counter.spend('a', { ...quota, limit: 9 }, nowMs), { isAllowed: true, remaining: 8 })
  })

  await t.test('a fixed window counts as rate-limiter-flexible does', async (t) => {
    const { stores: { counter }, nowMs } = await open()
    const oracle = new RateLimiterMemory({ points: quota.limit, duration: quota.windowMs / 1000 })
    for (let index = 0; index < 8; index++) {
      const spent = await counter.spend('key', quota, nowMs)
      const expected = await oracle.consume('key').then((outcome) => ({ outcome, isAllowed: true }), (outcome: unknown) => ({ outcome: outcome as RateLimiterRes, isAllowed: false }))
      t.equal(spent.isAllowed, expected.isAllowed)
      t.equal(spent.remaining, expected.outcome.remainingPoints)
      t.ok(Math.abs(spent.resetMs - expected.outcome.msBeforeNext) < 60_000)
      t.equal(spent.retryAfterMs, spent.isAllowed ? 0 : spent.resetMs)
    }
  })

  await t.test('a fixed window ends', async (t) => {
    const { stores: { counter }, nowMs } = await open()
    const budget: Budget = { algorithm: 'window', limit: 1, windowMs: 1000 }
    t.equal((await counter.spend('key', budget, nowMs)).isAllowed, true)
    const { retryAfterMs } = await counter.spend('key', budget, nowMs)
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs + 50))
    t.equal((await counter.spend('key', budget, nowMs)).isAllowed, true)
  })

  await t.test('a budget that cannot be counted exactly is refused', async (t) => {
    const { stores: { counter }, nowMs } = await open()
    const wrong: Budget[] = [{ ...smooth, limit: 0 }, { ...smooth, limit: 1.5 }, { ...smooth, burst: 0 }, { ...quota, windowMs: 1500 }, { ...quota, windowMs: 30 * 86_400_000 }]
    for (const budget of wrong) await t.rejects(async () => await counter.spend('key', budget, nowMs), RangeError)
    await t.rejects(async () => await counter.spend('key', smooth, nowMs, 0), RangeError)
  })
})
