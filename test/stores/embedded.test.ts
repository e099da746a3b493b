import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { openDatabase } from '../../stores/embedded/database.ts'
import { createLayers } from '../../stores/embedded/layers.ts'
import { openEmbeddedStores, StoreUnavailable, type Stores } from '../../stores/index.ts'
import { COLLECTION, listIds, makeChange, makeFrozen, writing } from '../support/stores-change.ts'
import { createFakeClock, RETENTION } from '../support/stores-drivers.ts'

const clock = createFakeClock()
const openIn = (directory: string): Stores => openEmbeddedStores({ directory, clock, retention: RETENTION })

void t.test('a file that another connection has open is refused with StoreUnavailable', async (t) => {
  const directory = t.testdir({})
  const stores = openIn(directory)
  t.throws(() => openIn(directory), StoreUnavailable)
  await stores.close()
  await openIn(directory).close()
})

void t.test('a file of a newer release is refused and left alone', async (t) => {
  const directory = t.testdir({})
  await openIn(directory).close()
  const connection = new DatabaseSync(join(directory, 'sandgate.db'))
  connection.exec('PRAGMA user_version = 999')
  connection.close()
  t.throws(() => openIn(directory), /newer release \(schema 999/)
})

void t.test('a closed store throws StoreUnavailable from every port that needs the file', async (t) => {
  const stores = openIn(':memory:')
  const layer = await stores.layers.create(undefined)
  await stores.close()
  await t.rejects(stores.ping(), StoreUnavailable)
  t.throws(() => stores.keyValue.get('space', 'key'), StoreUnavailable)
  t.throws(() => stores.layers.commit(layer, writing({ a: {} })), StoreUnavailable)
  t.throws(() => stores.layers.create(undefined), StoreUnavailable)
  t.throws(() => stores.jobs.claim('q', 1, 1, 1), StoreUnavailable)
  t.throws(() => stores.log.read('stream', { limit: 1 }), StoreUnavailable)
})

void t.test('what was stored is there after the file is opened again', async (t) => {
  const directory = t.testdir({})
  const before = openIn(directory)
  const base = await makeFrozen(before.layers, undefined, { a: { n: 1 }, b: {} })
  const layer = await before.layers.create(base)
  await before.layers.moveHead('world', undefined, layer)
  await before.layers.commit(layer, {
    ...writing({ a: { n: 2 }, b: null, c: {} }),
    jobs: [{ queue: 'q', id: 'j', dueMs: 5, payload: { x: 1 } }],
    once: { key: 'k', outcome: { done: true }, nowMs: clock.nowMs(), ttlMs: 1000 },
  })
  await before.layers.commit(layer, writing({ c: null }))
  await before.keyValue.put('space', 'key', { v: 1 })
  before.log.append('stream', { id: 'e', atMs: clock.nowMs(), value: {}, links: ['l'] })
  await before.close()

  const after = openIn(directory)
  t.teardown(() => after.close())
  t.equal(await after.layers.head('world'), layer)
  t.strictSame(await listIds(after.layers, layer), ['a'])
  t.strictSame(await after.layers.recall(layer, 'k', clock.nowMs()), { done: true })
  t.strictSame(await after.jobs.claim('q', 5, 1, 1), [{ queue: 'q', id: 'j', dueMs: 5, payload: { x: 1 }, attempt: 1 }])
  t.strictSame(await after.keyValue.get('space', 'key'), { v: 1 })
  t.equal((await after.log.read('stream', { limit: 9, link: 'l' })).length, 1)
  t.not(await after.layers.collectionVersion(layer, COLLECTION), 0)
  await after.layers.commit(layer, writing({ d: {} }))
  t.match(await after.layers.get(layer, COLLECTION, 'd'), { seq: 4, version: 1 }, 'the order goes on, past what was deleted')
  await after.layers.commit(layer, writing({ c: {} }))
  t.match(await after.layers.get(layer, COLLECTION, 'c'), { seq: 5, version: 3 })
})

for (const atOnce of [1, 16]) {
  void t.test(`a process that is killed loses no commit that it acknowledged, ${atOnce} at once`, async (t) => {
    const directory = t.testdir({})
    const child = spawn(process.execPath, [new URL('../support/stores-crasher.ts', import.meta.url).pathname, directory, String(atOnce)], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.split('\n').length > 300) child.kill('SIGKILL')
    })
    await once(child, 'close')
    const acknowledged = output.slice(0, output.lastIndexOf('\n')).split('\n').map(Number)
    const stores = openIn(directory)
    t.teardown(() => stores.close())
    const layer = await stores.layers.head('world') ?? ''
    t.ok(acknowledged.length >= 299)
    for (const n of acknowledged) {
      if (await stores.layers.get(layer, COLLECTION, `d${n}`) === undefined) t.fail(`document ${n} is lost`)
      if (await stores.layers.recall(layer, `k${n}`, clock.nowMs()) === undefined) t.fail(`outcome ${n} is lost`)
    }
    const documents = await listIds(stores.layers, layer, { limit: 1000 })
    t.equal((await stores.jobs.depth('q')).count, documents.length, 'no commit is there by half')
  })
}

void t.test('a fault within a commit leaves nothing of it, and the layer works on', async (t) => {
  const stores = openIn(':memory:')
  t.teardown(() => stores.close())
  const layer = await stores.layers.create(undefined)
  const circular: { self?: object } = {}
  circular.self = circular
  const broken = makeChange({ writes: [{ collection: COLLECTION, id: 'a', body: {} }, { collection: COLLECTION, id: 'b', body: circular as never }] })
  t.throws(() => stores.layers.commit(layer, broken), TypeError)
  t.strictSame(await listIds(stores.layers, layer), [])
  await stores.layers.commit(layer, writing({ a: {} }))
  t.strictSame(await stores.layers.get(layer, COLLECTION, 'a'), { id: 'a', body: {}, version: 1, seq: 1 })
})

void t.test('clean-up removes a dropped layer in steps, after those over it, and nothing else', async (t) => {
  const database = openDatabase(':memory:')
  t.teardown(() => database.close())
  const { layers, purge } = createLayers(database, clock, () => undefined)
  const many = Object.fromEntries(Array.from({ length: 1200 }, (_, n) => [`d${n}`, { n }]))
  const kept = await makeFrozen(layers, undefined, { a: {} })
  const base = await makeFrozen(layers, undefined, many)
  const top = await layers.create(base)
  await layers.commit(top, { ...writing({ d1: { n: 0 } }), once: { key: 'k', outcome: {}, nowMs: 0, ttlMs: 1e15 } })
  const rowsLeft = (table: string): number => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])

  await layers.drop(base)
  t.equal(purge(), false, 'a layer lies over it')
  t.equal((await layers.get(top, COLLECTION, 'd7'))?.id, 'd7')
  await layers.drop(top)
  t.equal(purge(), true)
  t.ok(rowsLeft('documents') >= 1201, 'one step, one layer')
  let steps = 1
  while (purge()) steps++
  t.ok(steps > 4)
  t.strictSame(['documents', 'outcomes', 'layers'].map(rowsLeft), [1, 0, 1])
  t.strictSame(await listIds(layers, kept), ['a'])
})

void t.test('answers of the hot path are plain values', async (t) => {
  const stores = openIn(':memory:')
  t.teardown(() => stores.close())
  const layer = await stores.layers.create(undefined)
  const answers = [
    stores.layers.head('world'), stores.layers.get(layer, COLLECTION, 'a'), stores.layers.commit(layer, writing({ a: {} })),
    stores.layers.list(layer, COLLECTION, { order: 'ascending', limit: 1 }), stores.layers.collectionVersion(layer, COLLECTION),
    stores.keyValue.get('space', 'key'), stores.window.observe('key', { kind: 'count', windowMs: 1000 }, 1, {}),
    stores.counter.spend('key', { algorithm: 'smooth', limit: 1, windowMs: 1000 }, 1),
  ]
  t.ok(answers.every((answer) => !(answer instanceof Promise)))
})
