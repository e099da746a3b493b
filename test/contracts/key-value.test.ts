import t from 'tap'
import { inParallel, overDrivers } from '../support/stores-drivers.ts'

void overDrivers(t, async (t, open) => {
  await t.test('putIfAbsent refuses all but one of 30 concurrent callers', async (t) => {
    const { keyValue } = (await open()).stores
    const answers = await inParallel(30, (index) => keyValue.putIfAbsent('space', 'key', index))
    t.equal(answers.filter(Boolean).length, 1)
    t.equal(await keyValue.get('space', 'key'), answers.indexOf(true))
  })

  await t.test('take gives a value to exactly one of 30 concurrent callers', async (t) => {
    const { keyValue } = (await open()).stores
    await keyValue.put('space', 'code', { a: 1 })
    const answers = await inParallel(30, () => keyValue.take('space', 'code'))
    t.strictSame(answers.filter((answer) => answer !== undefined), [{ a: 1 }])
    t.equal(await keyValue.get('space', 'code'), undefined)
  })

  await t.test('an expired value is not returned, taken, listed or in the way', async (t) => {
    const { stores: { keyValue }, clock } = await open()
    for (const key of ['got', 'taken', 'replaced']) await keyValue.put('space', key, 'old', { ttlMs: 60_000 })
    clock.advance(59_999)
    t.equal(await keyValue.get('space', 'got'), 'old')
    t.equal(await keyValue.putIfAbsent('space', 'replaced', 'new'), false)
    clock.advance(1)
    t.equal(await keyValue.get('space', 'got'), undefined)
    t.equal(await keyValue.take('space', 'taken'), undefined)
    t.strictSame(await keyValue.list('space', { limit: 10 }), [])
    t.equal(await keyValue.putIfAbsent('space', 'replaced', 'new'), true)
    t.equal(await keyValue.get('space', 'replaced'), 'new')
  })

  await t.test('a put without ttl makes an expiring value stay', async (t) => {
    const { stores: { keyValue }, clock } = await open()
    await keyValue.put('space', 'key', 1, { ttlMs: 60_000 })
    await keyValue.put('space', 'key', 2)
    await keyValue.put('space', 'other', 1)
    clock.advance(10 * 86_400_000)
    await keyValue.put('space', 'another', 1)
    t.equal(await keyValue.get('space', 'key'), 2)
    t.strictSame((await keyValue.list('space', { limit: 10 })).map((entry) => entry.key), ['another', 'key', 'other'])
  })

  await t.test('spaces and keys of awkward names do not meet', async (t) => {
    const { keyValue } = (await open()).stores
    const names = [['a', 'b:c'], ['a:b', 'c'], ['a', 'b'], ['', ''], ['{x}', '}y{'], ['1:a', ':'], ['é', '\u0000\n"\'%']] as const
    for (const [index, [space, key]] of names.entries()) await keyValue.put(space, key, index)
    for (const [index, [space, key]] of names.entries()) t.equal(await keyValue.get(space, key), index)
    await keyValue.delete('a', 'b')
    t.equal(await keyValue.get('a', 'b'), undefined)
    t.equal(await keyValue.get('a', 'b:c'), 0)
  })

  await t.test('values come back as they were put', async (t) => {
    const { keyValue } = (await open()).stores
    for (const value of [null, false, 0, '', [], {}, [{ a: [] }], { n: 1.5e300, text: '“日本”\u2028', nested: { empty: [] } }]) {
      await keyValue.put('space', 'key', value)
      t.strictSame(await keyValue.get('space', 'key'), value)
    }
  })

  await t.test('list pages through a space in order of code points and passes over what was deleted', async (t) => {
    const { stores: { keyValue }, clock } = await open()
    const keys = Array.from({ length: 25 }, (_, index) => `k${index}`).concat('\uffff', '😀', 'é', 'Z')
    for (const key of keys) await keyValue.put('space', key, key)
    await keyValue.put('space', 'k10x', 'expired', { ttlMs: 60_000 })
    await keyValue.put('neighbour', 'k1', 'elsewhere')
    await keyValue.delete('space', 'k7')
    clock.advance(60_000)
    const found: string[] = []
    for (let after: string | undefined; ;) {
      const page = await keyValue.list('space', after === undefined ? { limit: 4 } : { after, limit: 4 })
      found.push(...page.map((entry) => entry.key))
      t.ok(page.every((entry) => entry.value === entry.key))
      if (page.length < 4) break
      after = page.at(-1)?.key
    }
    t.strictSame(found, keys.filter((key) => key !== 'k7').sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
  })
})
