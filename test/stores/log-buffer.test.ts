import t from 'tap'
import { createLogBuffer, type Appended, type LogTarget } from '../../stores/log-buffer.ts'
import { StoreUnavailable } from '../../stores/index.ts'

const entry = (n: number): Appended['entry'] => ({ id: String(n), atMs: n, value: {} })
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
const until = async (isTrue: () => boolean): Promise<void> => { while (!isTrue()) await new Promise((resolve) => { setImmediate(resolve) }) }

interface Store extends LogTarget {
  readonly slices: number[]
  readonly stored: () => number[]
  /** What was applied and not stored is gone, as when a transaction fails. */
  readonly lose: () => void
}

/** Holds an entry once, as the table does; `onApply` may throw or do what others do between slices. */
function openStore (onApply: (slice: number) => void = () => {}): Store {
  const stored = new Set<number>()
  let open: Array<{ readonly ids: number[], readonly resolve: () => void, readonly reject: (fault: Error) => void }> = []
  const slices: number[] = []
  const idsOf = (batch: readonly Appended[]): number[] => batch.map(({ entry: { id } }) => Number(id))
  const settle = (): void => {
    for (const { ids, resolve } of open) {
      for (const id of ids) stored.add(id)
      resolve()
    }
    open = []
  }
  return {
    slices,
    settle,
    stored: () => [...stored],
    lose: () => {
      for (const { reject } of open) reject(new StoreUnavailable('lost'))
      open = []
    },
    write: (batch) => {
      settle()
      for (const id of idsOf(batch)) stored.add(id)
    },
    apply: async (slice) => {
      slices.push(slice.length)
      onApply(slices.length)
      await new Promise<void>((resolve, reject) => open.push({ ids: idsOf(slice), resolve, reject }))
    },
  }
}

t.test('what gathers is applied in slices with turns between them, in order, and stored at their end', async (t) => {
  let turn = 0
  const turns: number[] = []
  const store = openStore((slice) => {
    turns.push(turn)
    if (slice === 2) buffer.add('s', entry(300))
  })
  const buffer = createLogBuffer(store)
  t.teardown(buffer.close)
  for (const n of upTo(300)) buffer.add('s', entry(n))
  const count = (): void => {
    turn++
    if (store.stored().length < 301) setImmediate(count)
  }
  count()
  await until(() => store.stored().length === 301)
  t.strictSame(store.stored(), upTo(301))
  t.ok(store.slices.every((length) => length <= 64))
  t.equal(new Set(turns).size, turns.length, 'no two slices in one turn')
})

t.test('whoever needs the rest at once gets all of it, also between slices', async (t) => {
  const store = openStore()
  const buffer = createLogBuffer(store)
  for (const n of upTo(200)) buffer.add('s', entry(n))
  await until(() => store.slices.length === 1)
  t.strictSame(store.stored(), [])
  buffer.flushNow()
  t.strictSame(store.stored(), upTo(200))
  buffer.add('s', entry(200))
  buffer.close()
  t.equal(store.stored().length, 201)
  await until(() => true)
  t.equal(store.slices.length, 1, 'nothing goes on by itself')
})

t.test('what others store between slices is not written again, and what comes then is not forgotten', async (t) => {
  const store = openStore((slice) => { if (slice === 2) store.settle() })
  const buffer = createLogBuffer(store)
  t.teardown(buffer.close)
  for (const n of upTo(200)) buffer.add('s', entry(n))
  await until(() => store.stored().length === 200)
  buffer.add('s', entry(200))
  await until(() => store.stored().length === 201)
  t.strictSame(store.stored(), upTo(201))
  t.equal(store.slices.reduce((sum, length) => sum + length, 0), 201)
})

t.test('what was applied and lost is written again, and so is what could not be applied', async (t) => {
  const store = openStore((slice) => {
    if (slice === 2) queueMicrotask(store.lose)
    if (slice === 4) throw new StoreUnavailable('gone')
  })
  const buffer = createLogBuffer(store)
  t.teardown(buffer.close)
  for (const n of upTo(150)) buffer.add('s', entry(n))
  await until(() => store.stored().length === 150)
  t.strictSame(store.stored(), upTo(150))
  t.ok(store.slices.length > 5)
})
