import t from 'tap'
import { whenSettled } from '../../kernel/index.ts'

t.test('a rejected value rejects, and nothing goes on with it', async (t) => {
  const seen: number[] = []
  await t.rejects(Promise.resolve(whenSettled(Promise.reject<number>(new Error('lost')), (value) => seen.push(value))), { message: 'lost' })
  t.same(seen, [])
})

t.test('a value that is there is gone on with at once', (t) => {
  t.equal(whenSettled(2, (value) => value + 1), 3)
  t.end()
})

t.test('a value on its way is waited for, and so is what comes of it', async (t) => {
  const later = whenSettled(Promise.resolve(2), async (value) => value + 1)
  t.ok(later instanceof Promise)
  t.equal(await later, 3)
})
