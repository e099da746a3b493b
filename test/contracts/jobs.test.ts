import t from 'tap'
import type { Jobs } from '../../stores/index.ts'
import { inParallel, overDrivers } from '../support/stores-drivers.ts'

async function fill (jobs: Jobs, dueMs: readonly number[]): Promise<void> {
  for (const [index, due] of dueMs.entries()) await jobs.enqueue({ queue: 'q', id: `j${index}`, dueMs: due, payload: { index } })
}

void overDrivers(t, async (t, open) => {
  await t.test('a job is not claimed before it is due, and the oldest come first', async (t) => {
    const { stores: { jobs }, nowMs } = await open()
    await fill(jobs, [nowMs + 3, nowMs + 1, nowMs + 2, nowMs + 9])
    t.strictSame(await jobs.claim('q', nowMs, 10, 1000), [])
    t.strictSame(await jobs.claim('other', nowMs + 100, 10, 1000), [])
    const claimed = await jobs.claim('q', nowMs + 3, 2, 1000)
    t.strictSame(claimed, [
      { queue: 'q', id: 'j1', dueMs: nowMs + 1, payload: { index: 1 }, attempt: 1 },
      { queue: 'q', id: 'j2', dueMs: nowMs + 2, payload: { index: 2 }, attempt: 1 },
    ])
    t.strictSame((await jobs.claim('q', nowMs + 3, 2, 1000)).map((job) => job.id), ['j0'])
  })

  await t.test('each job goes to one of 20 concurrent workers', async (t) => {
    const { stores: { jobs }, nowMs } = await open()
    await fill(jobs, Array.from({ length: 30 }, (_, index) => nowMs + index))
    const claims = await inParallel(20, () => jobs.claim('q', nowMs + 100, 3, 1000))
    const rest = await jobs.claim('q', nowMs + 100, 30, 1000)
    const ids = [...claims.flat(), ...rest].map((job) => job.id)
    t.equal(new Set(ids).size, 30)
    t.equal(ids.length, 30)
  })

  await t.test('a claim that is not completed comes back after its lease, as a further attempt', async (t) => {
    const { stores: { jobs }, nowMs } = await open()
    await fill(jobs, [nowMs])
    await jobs.claim('q', nowMs, 1, 1000)
    t.strictSame(await jobs.claim('q', nowMs + 999, 1, 1000), [])
    t.match(await jobs.claim('q', nowMs + 1000, 1, 1000), [{ id: 'j0', attempt: 2, payload: { index: 0 } }])
  })

  await t.test('a completed job never comes back', async (t) => {
    const { stores: { jobs }, nowMs } = await open()
    await fill(jobs, [nowMs, nowMs])
    await jobs.complete('q', 'j0')
    await jobs.complete('q', 'unknown')
    t.strictSame((await jobs.claim('q', nowMs + 1e6, 10, 1000)).map((job) => job.id), ['j1'])
    t.strictSame(await jobs.depth('q'), { count: 1, oldestDueMs: nowMs + 1e6 + 1000 })
    await jobs.complete('q', 'j1')
    t.strictSame(await jobs.depth('q'), { count: 0 })
  })

  await t.test('a postponed job is due when it says, and an unknown one is not made', async (t) => {
    const { stores: { jobs }, nowMs } = await open()
    await fill(jobs, [nowMs])
    await jobs.claim('q', nowMs, 1, 1000)
    await jobs.postpone('q', 'j0', nowMs + 5000)
    await jobs.postpone('q', 'unknown', nowMs)
    t.strictSame(await jobs.claim('q', nowMs + 4999, 10, 1000), [])
    t.match(await jobs.claim('q', nowMs + 5000, 10, 1000), [{ id: 'j0', attempt: 2 }])
    t.equal((await jobs.depth('q')).count, 1)
  })

  await t.test('an id that is in the queue is not enqueued again; queues are apart', async (t) => {
    const { stores: { jobs }, nowMs } = await open()
    await jobs.enqueue({ queue: 'q', id: 'a', dueMs: nowMs, payload: { n: 1 } })
    await jobs.enqueue({ queue: 'q', id: 'a', dueMs: nowMs - 1, payload: { n: 2 } })
    await jobs.enqueue({ queue: 'r', id: 'a', dueMs: nowMs, payload: { n: 3 } })
    t.match(await jobs.claim('q', nowMs, 10, 1000), [{ payload: { n: 1 }, dueMs: nowMs }])
    t.match(await jobs.claim('r', nowMs, 10, 1000), [{ payload: { n: 3 } }])
  })
})
