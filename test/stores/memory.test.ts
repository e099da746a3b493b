import t from 'tap'
import { createBoundedMap } from '../../stores/bounded-map.ts'
import { createMemberSet, createTally } from '../../stores/embedded/sliding.ts'
import { createFallbackCounter, createLocalCounter, StoreUnavailable, type Budget, type Counter } from '../../stores/index.ts'
import { createRowCache, rowKey } from '../../stores/row-cache.ts'

const budget: Budget = { algorithm: 'smooth', limit: 10, windowMs: 60_000, burst: 5 }

void t.test('a bounded map never exceeds its bound and forgets what is idle without a timer', async (t) => {
  const map = createBoundedMap<number, { readonly freeAtMs: number }>(100, (value, nowMs) => value.freeAtMs <= nowMs)
  for (let key = 0; key < 1000; key++) map.set(key, { freeAtMs: 1e9 }, 0)
  t.equal(map.size(), 100)
  t.ok(map.get(999))
  for (let round = 0; round < 200; round++) map.set(999, { freeAtMs: 2e9 }, 1e9)
  t.equal(map.size(), 1)
})

void t.test('an entry that is idle late does not keep those behind it', async (t) => {
  const map = createBoundedMap<string, { readonly freeAtMs: number }>(1000, (value, nowMs) => value.freeAtMs <= nowMs)
  map.set('day', { freeAtMs: 1e9 }, 0)
  for (let key = 0; key < 500; key++) map.set(`k${key}`, { freeAtMs: 10 }, 0)
  for (let round = 0; round < 300; round++) map.set('day', { freeAtMs: 1e9 }, 10)
  t.equal(map.size(), 1)
})

void t.test('distinct members stop at 4096 and keep the latest', async (t) => {
  const members = createMemberSet(60_000)
  for (let n = 0; n < 5000; n++) members.add(n, { member: `m${n}` })
  t.equal(members.read(5000), 4096)
  members.add(5001, { member: 'm4999' })
  t.equal(members.read(5001), 4096)
  t.equal(members.isIdle(64_999), false)
  t.equal(members.isIdle(65_001), true)
})

void t.test('a sum of millions of amounts over a long time is exact again when the window has passed', async (t) => {
  const tally = createTally({ kind: 'sum', windowMs: 1000 })
  for (let ms = 0; ms < 20_000; ms++) tally.add(ms, { amount: 7 })
  const value = tally.read(19_999)
  t.ok(value >= 7000 && value <= 7000 * (1 + 2 / 64), `${value}`)
  t.equal(tally.read(30_000), 0)
})

void t.test('a row cache forgets by size, keeps what is used and tells absent from unknown', async (t) => {
  const cache = createRowCache(100_000)
  const row = { version: 1, seq: 1, body: {} }
  cache.set('absent', null, 0)
  t.equal(cache.get('absent'), null)
  t.equal(cache.get('unknown'), undefined)
  cache.set('huge', row, 50_000)
  t.equal(cache.get('huge'), undefined)
  cache.set('used', row, 100)
  for (let n = 0; n < 2000; n++) {
    cache.set(`k${n}`, row, 100)
    if (cache.get('used') === undefined) t.fail(`forgotten after ${n}`)
  }
  t.equal(cache.get('k0'), undefined)
  cache.delete('used')
  t.equal(cache.get('used'), undefined)
  t.not(rowKey('1', 'a', 'b1:c'), rowKey('1', 'a1:', 'bc'))
  t.not(rowKey('1', '2:ab', ''), rowKey('1', '2', ':ab'))
})

void t.test('the fallback counter hides nothing but a lost store', async (t) => {
  const failing = (fault: Error): Counter => ({ spend: async () => { throw fault } })
  const broken = createFallbackCounter({ counter: failing(new TypeError('bug')), instances: () => 1 })
  await t.rejects(async () => await broken.spend('key', budget, 1), TypeError)
  const throwing = createFallbackCounter({ counter: { spend: () => { throw new StoreUnavailable('lost') } }, instances: () => 1 })
  t.match(await throwing.spend('key', budget, 1), { isAllowed: true, isDegraded: true, remaining: 4 })
  const healthy = createFallbackCounter({ counter: createLocalCounter(), instances: () => 10 })
  t.match(await healthy.spend('key', budget, 1), { isAllowed: true, isDegraded: false, remaining: 4 })
})

void t.test('a local share is the budget divided by the instances, and at least one unit', async (t) => {
  let instances = 2
  const counter = createLocalCounter({ share: () => instances, isDegraded: true })
  t.match(await counter.spend('a', budget, 1), { isAllowed: true, remaining: 1 })
  t.match(await counter.spend('b', { algorithm: 'window', limit: 9, windowMs: 60_000 }, 1), { remaining: 3, isDegraded: true })
  instances = 1000
  t.match(await counter.spend('a', budget, 1), { isAllowed: true, remaining: 0 })
  t.match(await counter.spend('a', budget, 1), { isAllowed: false })
})
