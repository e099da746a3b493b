import t from 'tap'
import { createLogBuffer, type Appended } from '../../stores/log-buffer.ts'
import { StoreUnavailable } from '../../stores/index.ts'

const entry = (n: number): Appended['entry'] => ({ id: String(n), atMs: n, value: {} })
const idsOf = (batches: readonly (readonly Appended[])[]): number[] => batches.flat().map(({ entry: { id } }) => Number(id))
const until = async (isTrue: () => boolean): Promise<void> => { while (!isTrue()) await new Promise((resolve) => { setImmediate(resolve) }) }

t.test('what gathers is written in slices with turns between them, in order, and each entry once', async (t) => {
  const batches: Array<readonly Appended[]> = []
  let turn = 0
  const turns: number[] = []
  const buffer = createLogBuffer((batch) => {
    batches.push(batch)
    turns.push(turn)
    if (batches.length === 2) buffer.add('s', entry(300))
  })
  t.teardown(buffer.close)
  for (let n = 0; n < 300; n++) buffer.add('s', entry(n))
  const count = (): void => {
    turn++
    if (idsOf(batches).length < 301) setImmediate(count)
  }
  count()
  await until(() => idsOf(batches).length === 301)
  t.strictSame(idsOf(batches), Array.from({ length: 301 }, (_, n) => n))
  t.ok(batches.every((batch) => batch.length <= 64))
  t.equal(new Set(turns).size, turns.length, 'no two slices in one turn')
})

t.test('whoever needs the rest at once gets all of it, also between slices', async (t) => {
  const batches: Array<readonly Appended[]> = []
  const buffer = createLogBuffer((batch) => { batches.push(batch) })
  for (let n = 0; n < 200; n++) buffer.add('s', entry(n))
  await until(() => batches.length === 1)
  buffer.flushNow()
  t.strictSame(idsOf(batches), Array.from({ length: 200 }, (_, n) => n))
  buffer.add('s', entry(200))
  buffer.close()
  t.equal(idsOf(batches).length, 201)
})

t.test('a slice that could not be written is written later, before those behind it', async (t) => {
  const batches: Array<readonly Appended[]> = []
  let faults = 0
  const buffer = createLogBuffer((batch) => {
    if (batches.length === 1 && faults++ < 2) throw new StoreUnavailable('gone')
    batches.push(batch)
  })
  t.teardown(buffer.close)
  for (let n = 0; n < 150; n++) buffer.add('s', entry(n))
  await until(() => idsOf(batches).length === 150)
  t.strictSame(idsOf(batches), Array.from({ length: 150 }, (_, n) => n))
  t.equal(faults, 3)
})
