import t from 'tap'
import type { Log } from '../../stores/index.ts'
import { overDrivers, RETENTION } from '../support/stores-drivers.ts'

const idsOf = async (log: Log, stream: string, page: Parameters<Log['read']>[1]): Promise<string[]> => (await log.read(stream, page)).map((entry) => entry.id)

void overDrivers(t, async (t, open) => {
  await t.test('what was appended is read at once, newest first, page by page', async (t) => {
    const { stores: { log }, nowMs } = await open()
    for (let index = 0; index < 10; index++) log.append('stream', { id: `e${index}`, atMs: nowMs + index, value: { index } })
    t.strictSame(await idsOf(log, 'stream', { limit: 4 }), ['e9', 'e8', 'e7', 'e6'])
    t.strictSame(await idsOf(log, 'stream', { limit: 4, before: 'e6' }), ['e5', 'e4', 'e3', 'e2'])
    t.strictSame(await idsOf(log, 'stream', { limit: 4, before: 'e2' }), ['e1', 'e0'])
    t.strictSame(await idsOf(log, 'stream', { limit: 4, before: 'unknown' }), [])
    t.strictSame(await log.get('stream', 'e3'), { id: 'e3', atMs: nowMs + 3, value: { index: 3 } })
    t.equal(await log.get('other', 'e3'), undefined)
  })

  await t.test('a link finds its entries alone', async (t) => {
    const { stores: { log }, nowMs } = await open()
    for (let index = 0; index < 9; index++) log.append('stream', { id: `e${index}`, atMs: nowMs, value: {}, links: [`mod${index % 3}`, 'all'] })
    t.strictSame(await idsOf(log, 'stream', { limit: 10, link: 'mod1' }), ['e7', 'e4', 'e1'])
    t.strictSame(await idsOf(log, 'stream', { limit: 1, link: 'mod1', before: 'e7' }), ['e4'])
    t.strictSame(await idsOf(log, 'other', { limit: 10, link: 'mod1' }), [])
    t.strictSame((await log.get('stream', 'e4'))?.links, ['mod1', 'all'])
  })

  await t.test('an update replaces the value alone, and makes no entry', async (t) => {
    const { stores: { log }, nowMs } = await open()
    log.append('stream', { id: 'a', atMs: nowMs, value: { attempts: 1 }, links: ['x'] })
    await log.update('stream', 'a', { attempts: 2 })
    await log.update('stream', 'missing', { attempts: 2 })
    t.strictSame(await log.get('stream', 'a'), { id: 'a', atMs: nowMs, value: { attempts: 2 }, links: ['x'] })
    t.equal(await log.get('stream', 'missing'), undefined)
  })

  await t.test('an id that is there is not appended again', async (t) => {
    const { stores: { log }, nowMs } = await open()
    log.append('stream', { id: 'a', atMs: nowMs, value: { n: 1 } })
    log.append('stream', { id: 'a', atMs: nowMs, value: { n: 2 } })
    t.strictSame((await log.read('stream', { limit: 10 })).map((entry) => entry.value), [{ n: 1 }])
  })

  await t.test('a stream keeps its newest entries only, and says nothing of the others by link or id', async (t) => {
    const { stores: { log }, nowMs } = await open()
    const total = RETENTION.maxPerStream + 20
    for (let index = 0; index < total; index++) {
      log.append('stream', { id: `e${index}`, atMs: nowMs, value: {}, links: ['link'] })
      if (index % 7 === 0) await log.flush()
    }
    log.append('quiet', { id: 'e0', atMs: nowMs, value: {} })
    t.equal((await log.read('stream', { limit: 1000 })).length, RETENTION.maxPerStream)
    t.equal((await log.read('stream', { limit: 1000, link: 'link' })).length, RETENTION.maxPerStream)
    t.equal((await idsOf(log, 'stream', { limit: 1 }))[0], `e${total - 1}`)
    t.equal(await log.get('stream', 'e0'), undefined)
    t.equal((await log.get('quiet', 'e0'))?.id, 'e0')
  })

  await t.test('entries older than the retention are not read', async (t) => {
    const { stores: { log }, clock, nowMs } = await open()
    log.append('stream', { id: 'old', atMs: nowMs, value: {}, links: ['link'] })
    log.append('stream', { id: 'new', atMs: nowMs + 1, value: {}, links: ['link'] })
    clock.advance(RETENTION.maxAgeMs - 1)
    t.strictSame(await idsOf(log, 'stream', { limit: 10 }), ['new', 'old'])
    clock.advance(1)
    t.strictSame(await idsOf(log, 'stream', { limit: 10 }), ['new'])
    t.strictSame(await idsOf(log, 'stream', { limit: 10, link: 'link' }), ['new'])
    t.equal(await log.get('stream', 'old'), undefined)
    log.append('stream', { id: 'newer', atMs: clock.nowMs(), value: {} })
    t.strictSame(await idsOf(log, 'stream', { limit: 10 }), ['newer', 'new'])
  })
})
