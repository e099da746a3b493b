import t from 'tap'
import { randomId } from '../../kernel/index.ts'
import { createFallbackCounter, openRedisStores, StoreUnavailable, type Budget, type RedisStoresOptions, type Stores } from '../../stores/index.ts'
import { COLLECTION, listIds, makeFrozen, writing } from '../support/stores-change.ts'
import { createFakeClock, RETENTION } from '../support/stores-drivers.ts'
import { isRedisInstalled, startRedis } from '../support/stores-redis-server.ts'

const skip = isRedisInstalled ? false : 'redis-server not found'
const clock = createFakeClock()
const budget: Budget = { algorithm: 'smooth', limit: 10, windowMs: 60_000 }

function optionsFor (url: string, more: Partial<RedisStoresOptions> = {}): RedisStoresOptions {
  return { url, keyPrefix: `${randomId('t')}:`, commandDeadlineMs: 5000, clock, retention: RETENTION, ...more }
}

/** Asks until the store answers again. */
async function untilAnswered (stores: Stores): Promise<void> {
  for (;;) {
    try {
      return await stores.ping()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

void t.test('a server that cannot be reached is StoreUnavailable, and the message holds no password', async (t) => {
  await t.rejects(openRedisStores(optionsFor('redis://user:hunter2@127.0.0.1:1')), { name: 'StoreUnavailable', message: /^(?!.*hunter2)/ })
})

void t.test('a key prefix with braces is refused, because it would undo the slots', async (t) => {
  await t.rejects(openRedisStores(optionsFor('redis://127.0.0.1:1', { keyPrefix: '{a}:' })), RangeError)
})

void t.test('a server that hangs is StoreUnavailable at the deadline, on every port', { skip }, async (t) => {
  const server = await startRedis({ isCluster: false })
  t.teardown(server.stop)
  const stores = await openRedisStores(optionsFor(server.url, { commandDeadlineMs: 100 }))
  t.teardown(() => stores.close())
  const layer = await stores.layers.create(undefined)
  server.pause()
  t.teardown(server.resume)
  stores.log.append('stream', { id: 'waits', atMs: clock.nowMs(), value: {} })
  const calls: Array<() => unknown> = [
    () => stores.ping(), () => stores.keyValue.get('space', 'key'), () => stores.keyValue.list('space', { limit: 1 }),
    () => stores.counter.spend('key', budget, 1), () => stores.counter.spend('key', { ...budget, algorithm: 'window' }, 1),
    () => stores.window.read('key', { kind: 'count', windowMs: 1000 }, 1), () => stores.log.flush(), () => stores.log.read('stream', { limit: 1 }),
    () => stores.layers.commit(layer, writing({ a: {} })), () => stores.layers.get(layer, COLLECTION, 'a'), () => stores.jobs.claim('q', 1, 1, 1),
    () => stores.notices.publish('topic', {}),
  ]
  await Promise.all(calls.map((call) => t.rejects(async () => await call(), StoreUnavailable)))

  await t.test('a local share of the budget answers through the fallback counter, and says so', async (t) => {
    const counter = createFallbackCounter({ counter: stores.counter, instances: () => 4 })
    const first = await counter.spend('key', budget, 1)
    t.match(first, { isAllowed: true, remaining: 1, isDegraded: true })
    t.match(await counter.spend('key', budget, 1, 2), { isAllowed: false, isDegraded: true })
  })

  server.resume()
  await untilAnswered(stores)
  t.match(await stores.log.read('stream', { limit: 10 }), [{ id: 'waits' }], 'what was appended meanwhile is not lost')
})

void t.test('after the server was away the connection comes back, scripts included, and subscribers hear of the gap', { skip }, async (t) => {
  const server = await startRedis({ isCluster: false })
  const stores = await openRedisStores(optionsFor(server.url))
  t.teardown(() => stores.close())
  const gap = new Promise<void>((resolve) => { stores.notices.subscribe('topic', () => undefined, resolve) })
  await stores.layers.create(undefined)
  await server.stop()
  await t.rejects(async () => await stores.keyValue.get('space', 'key'), StoreUnavailable)
  const again = await startRedis({ isCluster: false, port: server.port })
  t.teardown(again.stop)
  await untilAnswered(stores)
  await gap
  const layer = await stores.layers.create(undefined)
  t.strictSame(await stores.layers.commit(layer, writing({ a: {} })), { kind: 'committed' })
})

void t.test('two instances see one world, count each other and hear each other', { skip }, async (t) => {
  const server = await startRedis({ isCluster: true })
  t.teardown(server.stop)
  const options = optionsFor(server.url, { isCluster: true })
  const [first, second] = [await openRedisStores(options), await openRedisStores(options)]
  t.teardown(() => Promise.all([first.close(), second.close()]))
  t.equal(second.instances(), 2)
  await t.rejects(openRedisStores({ ...options, shards: 3 }), /spread over 16 shards/)

  const base = await makeFrozen(first.layers, undefined, { a: { n: 1 } })
  const layer = await first.layers.create(base)
  await first.layers.commit(layer, writing({ b: {} }))
  t.strictSame(await listIds(second.layers, layer), ['a', 'b'])
  await second.layers.commit(layer, writing({ a: { n: 2 } }))
  t.match(await first.layers.get(layer, COLLECTION, 'a'), { body: { n: 2 }, version: 2 })
  await second.layers.drop(layer)
  t.equal(await first.layers.get(layer, COLLECTION, 'a'), undefined)

  for (let n = 0; n < 20; n++) await first.jobs.enqueue({ queue: 'q', id: `j${n}`, dueMs: n, payload: {} })
  t.strictSame((await second.jobs.claim('q', 100, 5, 1000)).map((job) => job.id), ['j0', 'j1', 'j2', 'j3', 'j4'], 'the oldest of all shards')

  t.match(await first.counter.spend('key', { ...budget, algorithm: 'window' }, 1), { remaining: 9 })
  t.match(await second.counter.spend('key', { ...budget, algorithm: 'window' }, 1), { remaining: 8 })

  const heard = new Promise((resolve) => { second.notices.subscribe('topic', resolve) })
  await first.notices.publish('topic', { n: 1 })
  t.strictSame(await heard, { n: 1 })
})

void t.test('a layer that was dropped leaves no key behind, once nothing lies over it', { skip }, async (t) => {
  const server = await startRedis({ isCluster: false })
  t.teardown(server.stop)
  const options = optionsFor(server.url)
  const stores = await openRedisStores(options)
  t.teardown(() => stores.close())
  const { Redis } = await import('ioredis')
  const client = new Redis(server.url)
  t.teardown(() => client.disconnect())
  const before = await client.dbsize()
  const base = await makeFrozen(stores.layers, undefined, { a: {}, b: {} })
  const top = await stores.layers.create(base)
  await stores.layers.commit(top, writing({ a: null, c: {} }))
  await stores.layers.drop(base)
  await stores.ping()
  t.strictSame(await listIds(stores.layers, top), ['b', 'c'])
  await stores.layers.drop(top)
  while (await client.dbsize() > before) await client.ping()
  t.equal(await client.dbsize(), before)
})
