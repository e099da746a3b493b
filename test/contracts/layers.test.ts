import t from 'tap'
import { listIds, COLLECTION, makeChange, makeFrozen, writing } from '../support/stores-change.ts'
import { overDrivers } from '../support/stores-drivers.ts'

const get = { collection: COLLECTION }

void overDrivers(t, async (t, open) => {
  await t.test('a frozen, dropped or unknown layer takes no commit', async (t) => {
    const { layers } = (await open()).stores
    const frozen = await layers.create(undefined)
    const dropped = await layers.create(undefined)
    await layers.freeze(frozen)
    await layers.drop(dropped)
    await layers.freeze(dropped)
    for (const layer of [frozen, dropped, 'unknown', '', '0-unknown', '999999', '-1']) {
      t.strictSame(await layers.commit(layer, writing({ a: {} })), { kind: 'closed' }, layer)
    }
    t.equal(await layers.get(frozen, COLLECTION, 'a'), undefined)
  })

  await t.test('only a frozen layer can be a parent', async (t) => {
    const { layers } = (await open()).stores
    const writable = await layers.create(undefined)
    const dropped = await makeFrozen(layers, undefined, {})
    await layers.drop(dropped)
    for (const parent of [writable, dropped, 'unknown']) await t.rejects(async () => await layers.create(parent), /not frozen/)
  })

  await t.test('nothing is read from a dropped layer, and those over it keep what they see', async (t) => {
    const { layers } = (await open()).stores
    const base = await makeFrozen(layers, undefined, { a: { n: 1 } })
    const middle = await makeFrozen(layers, base, { b: { n: 2 } })
    const top = await layers.create(middle)
    await layers.drop(middle)
    await layers.drop(base)
    for (const layer of [base, middle]) {
      t.equal(await layers.get(layer, COLLECTION, 'a'), undefined)
      t.strictSame(await listIds(layers, layer), [])
      t.equal(await layers.recall(layer, 'key', 0), undefined)
      t.equal(await layers.collectionVersion(layer, COLLECTION), 0)
    }
    t.strictSame(await listIds(layers, top), ['a', 'b'])
    await layers.drop(top)
    t.strictSame(await listIds(layers, top), [])
  })

  await t.test('a layer three deep shows the nearest of each document, in order of creation', async (t) => {
    const { layers } = (await open()).stores
    const base = await makeFrozen(layers, undefined, { a: { at: 'base' }, b: { at: 'base' }, c: { at: 'base' }, d: { at: 'base' } })
    const middle = await makeFrozen(layers, base, { b: { at: 'middle' }, c: null, e: { at: 'middle' } })
    const top = await layers.create(middle)
    await layers.commit(top, writing({ d: { at: 'top' }, c: { at: 'top' }, f: { at: 'top' }, e: null }))
    t.strictSame(await listIds(layers, top), ['a', 'b', 'd', 'c', 'f'])
    t.strictSame(await listIds(layers, top, { order: 'descending' }), ['f', 'c', 'd', 'b', 'a'])
    t.strictSame(await layers.get(top, COLLECTION, 'a'), { id: 'a', body: { at: 'base' }, version: 1, seq: 1 })
    t.strictSame(await layers.get(top, COLLECTION, 'b'), { id: 'b', body: { at: 'middle' }, version: 2, seq: 2 })
    t.strictSame(await layers.get(top, COLLECTION, 'c'), { id: 'c', body: { at: 'top' }, version: 3, seq: 6 })
    t.equal(await layers.get(top, COLLECTION, 'e'), undefined)
    t.strictSame(await listIds(layers, middle), ['a', 'b', 'd', 'e'], 'the layers below are as they were')
    t.strictSame(await listIds(layers, base), ['a', 'b', 'c', 'd'])
  })

  await t.test('a chain of 100 layers is read through, and takes no further one', async (t) => {
    const { layers } = (await open()).stores
    let layer: string | undefined
    for (let n = 0; n < 99; n++) layer = await makeFrozen(layers, layer, { [`d${n % 40}`]: { n } })
    const top = await layers.create(layer)
    t.equal((await listIds(layers, top, { limit: 100 })).length, 40)
    t.strictSame((await layers.get(top, COLLECTION, 'd39'))?.body, { n: 79 })
    await layers.freeze(top)
    await t.rejects(async () => await layers.create(top), /last that its chain can hold/)
  })

  await t.test('siblings over one baseline see nothing of each other', async (t) => {
    const { layers } = (await open()).stores
    const base = await makeFrozen(layers, undefined, { a: { n: 1 } })
    const [left, right] = [await layers.create(base), await layers.create(base)]
    await layers.commit(left, writing({ a: { n: 2 }, x: {} }))
    await layers.commit(right, writing({ a: null, y: {} }))
    t.strictSame(await listIds(layers, left), ['a', 'x'])
    t.strictSame(await listIds(layers, right), ['y'])
  })

  await t.test('reset is a head that moves to a fresh layer, once', async (t) => {
    const { layers } = (await open()).stores
    const base = await makeFrozen(layers, undefined, { a: { n: 1 } })
    const first = await layers.create(base)
    t.equal(await layers.head('world'), undefined)
    t.equal(await layers.moveHead('world', 'other', first), false)
    t.equal(await layers.moveHead('world', undefined, first), true)
    t.equal(await layers.moveHead('world', undefined, first), false)
    await layers.commit(first, writing({ a: { n: 2 }, b: {} }))
    const second = await layers.create(base)
    t.equal(await layers.moveHead('world', first, second), true)
    t.equal(await layers.moveHead('world', first, second), false)
    await layers.drop(first)
    t.equal(await layers.head('world'), second)
    t.strictSame(await layers.commit(first, writing({ a: {} })), { kind: 'closed' })
    t.strictSame((await layers.get(second, COLLECTION, 'a'))?.body, { n: 1 })
    await layers.commit(second, writing({ b: {} }))
    t.strictSame(await layers.get(second, COLLECTION, 'b'), { id: 'b', body: {}, version: 1, seq: 2 }, 'as after the first start')
  })

  await t.test('where narrows by whole members, pages on and stops at the limit', async (t) => {
    const { layers } = (await open()).stores
    const base = await makeFrozen(layers, undefined, Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`b${n}`, { n, kind: n % 2 === 0 ? 'even' : 'odd', tags: ['x'], deep: { kind: 'even' } }])))
    const top = await layers.create(base)
    await layers.commit(top, writing({ b2: { n: 2, kind: 'odd' }, b4: null, t1: { n: 99, kind: 'even' }, t2: { kind: null, tags: [{ a: 1, b: 2 }] } }))
    const even = ['b0', 'b6', 'b8', 'b10', 'b12', 'b14', 'b16', 'b18', 't1']
    t.strictSame(await listIds(layers, top, { where: { kind: 'even' } }), even)
    t.strictSame(await listIds(layers, top, { where: { kind: 'even' }, order: 'descending', limit: 2 }), even.toReversed())
    t.strictSame(await listIds(layers, top, { where: { kind: 'even', n: 6 } }), ['b6'])
    t.strictSame(await listIds(layers, top, { where: { n: '6' } }), [])
    t.strictSame(await listIds(layers, top, { where: { kind: null } }), ['t2'])
    t.strictSame(await listIds(layers, top, { where: { missing: null } }), [])
    t.strictSame(await listIds(layers, top, { where: { toString: null } }), [])
    t.strictSame(await listIds(layers, top, { where: { tags: [{ b: 2, a: 1 }] } }), ['t2'])
    t.equal((await layers.list(top, COLLECTION, { order: 'ascending', limit: 2, where: { kind: 'even' } })).length, 2)
  })

  await t.test('collections, ids and bodies of awkward text do not meet and come back whole', async (t) => {
    const { layers } = (await open()).stores
    const layer = await layers.create(undefined)
    const names = [['a', 'b:c'], ['a:b', 'c'], ['a:1', ''], ['', 'a'], ['{0}', '}'], ['1:a', '\u0000\n"é😀'], ['__proto__', 'constructor']] as const
    const bodyOf = (index: number) => ({ index, text: '“日本”\n \u2028\\"', empty: [], none: {}, number: 1.25e-7, list: [null, true] })
    await layers.commit(layer, makeChange({ writes: names.map(([collection, id], index) => ({ collection, id, body: bodyOf(index) })) }))
    for (const [index, [collection, id]] of names.entries()) {
      t.strictSame((await layers.get(layer, collection, id))?.body, bodyOf(index))
      t.equal((await layers.list(layer, collection, { order: 'ascending', limit: 10 })).length, 1)
    }
  })

  await t.test('what a caller does to a document that it wrote changes nothing', async (t) => {
    const { layers } = (await open()).stores
    const layer = await layers.create(undefined)
    const body = { n: 1 }
    await layers.commit(layer, makeChange({ writes: [{ ...get, id: 'a', body }] }))
    body.n = 2
    t.strictSame((await layers.get(layer, COLLECTION, 'a'))?.body, { n: 1 })
  })
})
