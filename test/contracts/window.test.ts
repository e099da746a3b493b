import t from 'tap'
import type { Aggregate } from '../../stores/index.ts'
import { inParallel, overDrivers } from '../support/stores-drivers.ts'

const count: Aggregate = { kind: 'count', windowMs: 60_000 }
const distinct: Aggregate = { kind: 'distinct', windowMs: 60_000 }
const sum: Aggregate = { kind: 'sum', windowMs: 60_000 }

void overDrivers(t, async (t, open) => {
  await t.test('an observation leaves the window exactly when it is windowMs old', async (t) => {
    const { stores: { window }, nowMs } = await open()
    t.equal(await window.observe('key', count, nowMs, {}), 1)
    t.equal(await window.observe('key', count, nowMs + 30_000, {}), 2)
    t.equal(await window.read('key', count, nowMs + 59_999), 2)
    t.equal(await window.read('key', count, nowMs + 60_000), 1)
    t.equal(await window.read('key', count, nowMs + 90_000), 0)
  })

  await t.test('distinct counts a member once, from when it was last seen', async (t) => {
    const { stores: { window }, nowMs } = await open()
    for (const [index, member] of ['a', 'b', 'a', 'a'].entries()) await window.observe('key', distinct, nowMs + index * 1000, { member })
    t.equal(await window.read('key', distinct, nowMs + 3000), 2)
    t.equal(await window.read('key', distinct, nowMs + 61_000), 1)
    t.equal(await window.observe('key', distinct, nowMs + 61_000, { member: 'c' }), 2)
  })

  await t.test('sum adds amounts and takes them away again', async (t) => {
    const { stores: { window }, nowMs } = await open()
    await window.observe('key', sum, nowMs, { amount: 100 })
    await window.observe('key', sum, nowMs + 1, { amount: -30 })
    t.equal(await window.observe('key', sum, nowMs + 2, { amount: 5 }), 75)
    t.equal(await window.read('key', sum, nowMs + 60_000), -25)
    t.equal(await window.read('key', sum, nowMs + 120_000), 0)
  })

  await t.test('keys, kinds and windows are apart, and reading adds nothing', async (t) => {
    const { stores: { window }, nowMs } = await open()
    await window.observe('key', count, nowMs, {})
    t.equal(await window.read('other', count, nowMs), 0)
    t.equal(await window.read('key', sum, nowMs), 0)
    t.equal(await window.read('key', { kind: 'count', windowMs: 1000 }, nowMs), 0)
    t.equal(await window.read('key', count, nowMs), 1)
  })

  await t.test('30 concurrent observations are all counted', async (t) => {
    const { stores: { window }, nowMs } = await open()
    const values = await inParallel(30, (index) => window.observe('key', distinct, nowMs, { member: `m${index}` }))
    t.equal(Math.max(...values), 30)
    t.equal(await window.read('key', distinct, nowMs), 30)
  })

  await t.test('a busy window is exact up to 256 observations and loses none beyond', async (t) => {
    const { stores: { window }, nowMs } = await open()
    const observed = 600
    for (let index = 0; index < observed; index++) {
      const value = await window.observe('key', count, nowMs + index * 10, {})
      if (value !== index + 1) t.fail(`${value} after ${index + 1} observations`)
    }
    const bucketMs = count.windowMs / 64
    for (const laterMs of [60_000, 62_000, 63_500, 65_990]) {
      const value = await window.read('key', count, nowMs + laterMs)
      const exact = Math.max(0, observed - 1 - Math.floor((laterMs - 60_000) / 10))
      t.ok(value >= exact && value <= exact + bucketMs / 10 + 1, `${value} for ${exact}`)
    }
    t.equal(await window.read('key', count, nowMs + 6000 + 60_000), 0)
  })
})
