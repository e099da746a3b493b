import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { createCommitGroup, type CommitGroup } from '../../stores/embedded/commit-group.ts'
import { openDatabase } from '../../stores/embedded/database.ts'
import { createJobs } from '../../stores/embedded/jobs.ts'
import { createKeyValue } from '../../stores/embedded/key-value.ts'
import { createLayers } from '../../stores/embedded/layers.ts'
import { createLog } from '../../stores/embedded/log.ts'
import { StoreUnavailable } from '../../stores/index.ts'
import { COLLECTION, listIds, makeChange, writing } from '../support/stores-change.ts'
import { createFakeClock, RETENTION } from '../support/stores-drivers.ts'

const clock = createFakeClock()
const nextTurn = async (): Promise<void> => await new Promise((resolve) => { setImmediate(() => setImmediate(resolve)) })

/** A group on a file, and what another connection sees of it: only what is stored. */
function openGroup (t: Test): { readonly group: CommitGroup, readonly add: (n: number) => () => number, readonly stored: () => number[], readonly lost: { count: number } } {
  const file = join(t.testdir({}), 'group.db')
  const [writer, reader] = [new DatabaseSync(file), new DatabaseSync(file)]
  writer.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; CREATE TABLE roots (n INTEGER PRIMARY KEY); CREATE TABLE numbers (n INTEGER PRIMARY KEY, root INTEGER REFERENCES roots DEFERRABLE INITIALLY DEFERRED)')
  t.teardown(() => { for (const connection of [writer, reader]) connection.close() })
  const lost = { count: 0 }
  const insert = writer.prepare('INSERT INTO numbers VALUES (?, ?)')
  return {
    group: createCommitGroup(writer, () => { lost.count++ }),
    add: (n) => () => {
      insert.run(n, n < 0 ? n : null)
      return n
    },
    stored: () => reader.prepare('SELECT n FROM numbers ORDER BY n').all().map((row) => Number(row['n'])),
    lost,
  }
}

void t.test('a commit that comes alone is stored before it returns', async (t) => {
  const { group, add, stored } = openGroup(t)
  for (const n of [1, 2, 3]) {
    t.equal(group.join(add(n)), n)
    t.equal(stored().length, n)
    await nextTurn()
  }
})

void t.test('commits of one turn are stored together, and acknowledged then and not before', async (t) => {
  const { group, add, stored } = openGroup(t)
  const acknowledged: number[] = []
  const all = [1, 2, 3, 4].map(async (n) => {
    acknowledged.push(await group.join(add(n)))
    if (stored().length < n) t.fail(`${n} was acknowledged and is not stored`)
  })
  await Promise.resolve()
  t.strictSame(stored(), [1], 'the second of the turn opened a group')
  t.strictSame(acknowledged, [1])
  await Promise.all(all)
  t.strictSame(stored(), [1, 2, 3, 4])
  const answer = group.join(add(5))
  t.ok(answer instanceof Promise, 'after a busy turn the first waits for others, too')
  t.equal(await answer, 5)
  t.strictSame(stored(), [1, 2, 3, 4, 5])
})

void t.test('a member that throws takes itself back and no other', async (t) => {
  const { group, add, stored, lost } = openGroup(t)
  for (const n of [1, 2]) await group.join(add(n))
  const failing = (n: number) => (): never => {
    add(n)()
    throw new TypeError('broken')
  }
  const [first, third] = [group.join(add(3)), group.join(add(4))]
  t.throws(() => group.join(failing(10)), TypeError)
  const last = group.join(add(5))
  t.strictSame(await Promise.all([first, third, last]), [3, 4, 5])
  t.strictSame(stored(), [1, 2, 3, 4, 5])
  await nextTurn()
  t.throws(() => group.join(failing(11)), TypeError, 'also as the first of its turn')
  await group.join(add(6))
  t.strictSame(stored(), [1, 2, 3, 4, 5, 6])
  t.equal(lost.count, 0)
})

void t.test('a group that cannot be stored is acknowledged to nobody, and the next one works', async (t) => {
  const { group, add, stored, lost } = openGroup(t)
  void group.join(add(1))
  const answers = [group.join(add(2)), group.join(add(-1)), group.join(add(3))]
  for (const settled of await Promise.allSettled(answers)) t.ok(settled.status === 'rejected' && settled.reason instanceof StoreUnavailable)
  t.equal(lost.count, 1)
  t.strictSame(stored(), [1])
  await Promise.all([group.join(add(4)), group.join(add(5))])
  t.strictSame(stored(), [1, 4, 5])
})

void t.test('what lingers is nobody\'s to wait for, and stored with whatever is stored next', async (t) => {
  const { group, add, stored } = openGroup(t)
  let isStored = false
  void group.linger(add(1)).then(() => { isStored = true })
  await nextTurn()
  t.strictSame(stored(), [])
  t.equal(group.pending(), undefined)
  t.equal(group.join(add(2)), 2, 'a commit that comes alone still is stored at once')
  t.strictSame(stored(), [1, 2])
  await nextTurn()
  t.ok(isStored)
  void group.linger(add(3))
  t.throws(() => group.linger(() => {
    add(4)()
    throw new TypeError('broken')
  }), TypeError)
  group.settle()
  t.strictSame(stored(), [1, 2, 3])
})

void t.test('whoever writes outside the group stores it first, so that no answer overtakes the storing', async (t) => {
  const database = openDatabase(':memory:')
  t.teardown(() => database.close())
  const { jobs, insert } = createJobs(database)
  const { keyValue, sweep } = createKeyValue(database, clock)
  const { log } = createLog(database, clock, RETENTION)
  const { layers, purge, sweep: sweepOutcomes } = createLayers(database, clock, insert)
  const layer = await layers.create(undefined)
  log.append('stream', { id: 'entry', atMs: clock.nowMs(), value: {} })
  await log.flush()
  await jobs.enqueue({ queue: 'q', id: 'due', dueMs: 0, payload: {} })
  await layers.commit(layer, makeChange({ once: { key: 'old', outcome: {}, nowMs: clock.nowMs() - 10, ttlMs: 1 } }))
  await layers.drop(await layers.create(undefined))
  clock.advance(2)
  const writers: Record<string, () => unknown> = {
    put: () => keyValue.put('s', 'k', 1),
    putIfAbsent: () => keyValue.putIfAbsent('s', 'k', 1),
    take: () => keyValue.take('s', 'k'),
    delete: () => keyValue.delete('s', 'k'),
    sweep,
    enqueue: () => jobs.enqueue({ queue: 'q', id: 'j', dueMs: 1, payload: {} }),
    claim: () => jobs.claim('q', 10, 1, 10),
    postpone: () => jobs.postpone('q', 'j', 2),
    complete: () => jobs.complete('q', 'j'),
    flush: () => {
      log.append('stream', { id: 'other', atMs: clock.nowMs(), value: {} })
      return log.flush()
    },
    update: () => log.update('stream', 'entry', {}),
    create: () => layers.create(undefined),
    moveHead: () => layers.moveHead('name', undefined, layer),
    sweepOutcomes,
    purge,
    freeze: () => layers.freeze(layer),
  }
  for (const [name, write] of Object.entries(writers)) {
    const answers = [1, 2].map((n) => layers.commit(layer, writing({ [`${name}${n}`]: {} })))
    t.ok(database.pending() !== undefined, `a group is open before ${name}`)
    await write()
    t.equal(database.pending(), undefined, name)
    await Promise.all(answers)
    await nextTurn()
  }
})

void t.test('a repeated key is told its outcome when that is stored', async (t) => {
  const database = openDatabase(':memory:')
  t.teardown(() => database.close())
  const { layers } = createLayers(database, clock, () => undefined)
  const layer = await layers.create(undefined)
  const once = (n: number): ReturnType<typeof makeChange> => makeChange({ writes: [{ collection: COLLECTION, id: `d${n}`, body: {} }], once: { key: 'k', outcome: { n }, nowMs: 1, ttlMs: 1e15 } })
  await layers.commit(layer, writing({ x: {} }))
  const answers = [layers.commit(layer, once(1)), layers.commit(layer, once(2)), layers.recall(layer, 'k', 1)]
  t.ok(answers.every((answer) => answer instanceof Promise))
  t.strictSame(await Promise.all(answers), [{ kind: 'committed' }, { kind: 'known', outcome: { n: 1 } }, { n: 1 }])
  t.strictSame(await listIds(layers, layer), ['x', 'd1'])
})
