import t from 'tap'
import { COLLECTION, listIds, makeChange, makeFrozen, writing } from '../support/stores-change.ts'
import { inParallel, overDrivers } from '../support/stores-drivers.ts'

const HOUR_MS = 3_600_000

void overDrivers(t, async (t, open) => {
  await t.test('a commit that read an older version changes nothing at all', async (t) => {
    const { stores: { layers, jobs }, nowMs } = await open()
    const base = await makeFrozen(layers, undefined, { a: { n: 1 }, gone: {} })
    const layer = await layers.create(base)
    await layers.commit(layer, writing({ gone: null }))
    const stale = [{ id: 'a', version: 0 }, { id: 'a', version: 2 }, { id: 'new', version: 1 }, { id: 'gone', version: 1 }, { id: 'gone', version: 2 }]
    for (const { id, version } of stale) {
      const change = makeChange({
        reads: [{ collection: COLLECTION, id, version }],
        writes: [{ collection: COLLECTION, id: 'x', body: {} }],
        jobs: [{ queue: 'q', id: 'j', dueMs: nowMs, payload: {} }],
        once: { key: 'k', outcome: {}, nowMs, ttlMs: HOUR_MS },
      })
      t.strictSame(await layers.commit(layer, change), { kind: 'conflict' }, `${id} at ${version}`)
    }
    t.strictSame(await listIds(layers, layer), ['a'])
    t.strictSame(await jobs.depth('q'), { count: 0 })
    t.equal(await layers.recall(layer, 'k', nowMs), undefined)
    const current = [{ collection: COLLECTION, id: 'a', version: 1 }, { collection: COLLECTION, id: 'new', version: 0 }, { collection: COLLECTION, id: 'gone', version: 0 }]
    t.strictSame(await layers.commit(layer, makeChange({ reads: current })), { kind: 'committed' })
  })

  await t.test('of 30 concurrent read-and-write commits exactly one wins a round', async (t) => {
    const { layers } = (await open()).stores
    const layer = await layers.create(await makeFrozen(layers, undefined, { a: { n: 0 } }))
    for (const round of [1, 2]) {
      const { version = 0 } = await layers.get(layer, COLLECTION, 'a') ?? {}
      const kinds = await inParallel(30, async () => (await layers.commit(layer, {
        ...writing({ a: { n: round } }), reads: [{ collection: COLLECTION, id: 'a', version }],
      })).kind)
      t.equal(kinds.filter((kind) => kind === 'committed').length, 1)
      t.equal(kinds.filter((kind) => kind === 'conflict').length, 29)
    }
    t.equal((await layers.get(layer, COLLECTION, 'a'))?.version, 3)
  })

  await t.test('a commit that listed a collection fails when anything was written to it since', async (t) => {
    const { layers } = (await open()).stores
    const layer = await layers.create(await makeFrozen(layers, undefined, { a: {} }))
    t.equal(await layers.collectionVersion(layer, COLLECTION), 0)
    const scanning = async () => makeChange({ scans: [{ collection: COLLECTION, version: await layers.collectionVersion(layer, COLLECTION) }] })
    for (const write of [writing({ b: {} }), writing({ b: { n: 2 } }), writing({ b: null }), writing({ a: null })]) {
      const before = await scanning()
      t.strictSame(await layers.commit(layer, makeChange({ writes: [{ collection: 'other', id: 'x', body: {} }] })), { kind: 'committed' })
      t.strictSame(await layers.commit(layer, before), { kind: 'committed' }, 'another collection does not count')
      await layers.commit(layer, write)
      t.strictSame(await layers.commit(layer, before), { kind: 'conflict' })
    }
  })

  await t.test('of 30 concurrent commits under one key one is committed and 29 learn its outcome', async (t) => {
    const { stores: { layers, jobs }, nowMs } = await open()
    const layer = await layers.create(undefined)
    const results = await inParallel(30, (index) => layers.commit(layer, {
      ...writing({ [`d${index}`]: { index } }),
      jobs: [{ queue: 'q', id: `j${index}`, dueMs: nowMs, payload: { index } }],
      once: { key: 'k', outcome: { index }, nowMs, ttlMs: HOUR_MS },
    }))
    const winner = results.findIndex((result) => result.kind === 'committed')
    t.equal(results.filter((result) => result.kind === 'known').length, 29)
    t.ok(results.every((result, index) => index === winner || (result.kind === 'known' && result.outcome['index'] === winner)))
    t.strictSame(await listIds(layers, layer), [`d${winner}`])
    t.match(await jobs.claim('q', nowMs, 100, 1000), [{ id: `j${winner}`, payload: { index: winner }, attempt: 1 }])
  })

  await t.test('an outcome is remembered until it expires, by the layers over it too, and not beside it', async (t) => {
    const { stores: { layers }, nowMs } = await open()
    const once = (outcome: number, atMs = nowMs) => makeChange({ once: { key: 'k', outcome: { outcome }, nowMs: atMs, ttlMs: HOUR_MS } })
    const first = await layers.create(undefined)
    const beside = await layers.create(undefined)
    t.strictSame(await layers.commit(first, once(1)), { kind: 'committed' })
    await layers.freeze(first)
    const above = await layers.create(first)
    t.strictSame(await layers.recall(above, 'k', nowMs + HOUR_MS - 1), { outcome: 1 })
    t.strictSame(await layers.commit(above, once(2)), { kind: 'known', outcome: { outcome: 1 } })
    t.equal(await layers.recall(beside, 'k', nowMs), undefined)
    t.strictSame(await layers.commit(beside, once(3)), { kind: 'committed' })
    t.equal(await layers.recall(above, 'k', nowMs + HOUR_MS), undefined)
    t.strictSame(await layers.commit(above, once(4, nowMs + HOUR_MS)), { kind: 'committed' })
    t.strictSame(await layers.recall(above, 'k', nowMs + HOUR_MS), { outcome: 4 })
  })

  await t.test('one commit may write a document several times, and its jobs come out as they went in', async (t) => {
    const { stores: { layers, jobs }, nowMs } = await open()
    const layer = await layers.create(undefined)
    const write = (body: { n: number } | null) => ({ collection: COLLECTION, id: 'a', body })
    await layers.commit(layer, makeChange({
      writes: [write({ n: 1 }), write({ n: 2 }), write(null), write({ n: 3 }), { collection: COLLECTION, id: 'never', body: null }],
      jobs: [{ queue: 'q', id: 'one', dueMs: nowMs + 1, payload: { text: '{"é":[]}', list: [] } }, { queue: 'r', id: 'two', dueMs: nowMs, payload: {} }],
    }))
    t.strictSame(await layers.get(layer, COLLECTION, 'a'), { id: 'a', body: { n: 3 }, version: 4, seq: 2 })
    t.strictSame(await jobs.claim('q', nowMs + 1, 9, 1000), [{ queue: 'q', id: 'one', dueMs: nowMs + 1, payload: { text: '{"é":[]}', list: [] }, attempt: 1 }])
    t.equal((await jobs.claim('r', nowMs, 9, 1000)).length, 1)
  })
})
