import t from 'tap'
import { createRequestRecords, type RequestRecord } from '../../../gateway/record/index.ts'
import type { RequestId, SandboxId } from '../../../kernel/index.ts'
import { openEmbeddedStores } from '../../../stores/index.ts'

const recordOf = (id: string, atMs = 0, more: Partial<RequestRecord> = {}): RequestRecord => ({ id: id as RequestId, atMs, surface: 'api', method: 'GET', path: '/', route: '/', status: 200, durationMs: 1, address: '', findings: [], removals: [], ...more })
const [mine, theirs] = ['sbx_1', 'sbx_2'] as SandboxId[] as [SandboxId, SandboxId]
const open = (t: { teardown: (end: () => unknown) => void }, maxPerStream = 100) => {
  let nowMs = 1000
  let leftOut = 0
  const clock = { nowMs: () => nowMs }
  const stores = openEmbeddedStores({ directory: ':memory:', clock, retention: { maxAgeMs: 10_000_000, maxPerStream } })
  t.teardown(stores.close)
  return { records: createRequestRecords({ log: stores.log, clock, onLeftOut: () => { leftOut++ } }), advance: (ms: number) => { nowMs += ms }, leftOut: () => leftOut }
}
const idsOf = async (page: Promise<{ readonly entries: ReadonlyArray<{ readonly id: string }> }>): Promise<string[]> => (await page).entries.map(({ id }) => id)

t.test('records belong to a sandbox', async (t) => {
  const { records } = open(t)
  records.add(mine, recordOf('a', 1))
  records.add(mine, recordOf('b', 2))
  records.add(theirs, recordOf('c', 3))
  records.add(undefined, recordOf('d', 4))
  records.add(theirs, recordOf('e', 5, { isUnproven: true }))

  t.equal(await records.get(theirs, 'a'), undefined, 'another sandbox\'s record is not found by its id')
  t.equal(await records.get(mine, 'd'), undefined, 'nor is one that belongs to nobody')
  t.equal(await records.get(mine, 'e'), undefined, 'nor is one that names another sandbox')
  t.equal(await records.get('-' as SandboxId, 'a'), undefined)
  t.match(await records.get(mine, 'a'), { id: 'a', value: { path: '/' } })
  t.same(await idsOf(records.list(mine, { limit: 10 })), ['b', 'a'], 'newest first')
  t.same(await idsOf(records.list(mine, { limit: 10, before: 'b' })), ['a'])
  t.same(await idsOf(records.list(mine, { limit: 10, before: 'c' })), [], 'a place in another sandbox is no place here')
})

t.test('requests that only name a client push out nothing that its owner has proved', async (t) => {
  const { records, leftOut, advance } = open(t, 10)
  for (let index = 0; index < 10; index++) records.add(mine, recordOf(`proven-${index}`, index))
  for (let minute = 0; minute < 5; minute++) {
    for (let index = 0; index < 1000; index++) records.add(mine, recordOf(`claimed-${minute}-${index}`, 100 + index, { isUnproven: true, address: `10.0.0.${index % 50}` }))
    advance(60_000)
  }
  const ids = await idsOf(records.list(mine, { limit: 100 }))
  t.equal(ids.filter((id) => id.startsWith('proven')).length, 10)
  t.equal(ids.filter((id) => id.startsWith('claimed')).length, 10, 'and have a bounded part of their own')
  t.ok(leftOut() > 0)
  t.equal(records.leftOut(mine), leftOut(), 'what was left out is counted')
  t.equal(records.leftOut(theirs), 0)
})

t.test('one address cannot push out what another has claimed within a minute', async (t) => {
  const { records, advance } = open(t, 1000)
  for (let index = 0; index < 5000; index++) records.add(mine, recordOf(`flood-${index}`, index, { isUnproven: true, address: '10.0.0.1' }))
  records.add(mine, recordOf('from-the-owner', 6000, { isUnproven: true, address: '10.0.0.2' }))
  t.match(await records.get(mine, 'from-the-owner'), { id: 'from-the-owner' })
  t.equal(await records.get(mine, 'flood-4999'), undefined)
  advance(60_000)
  records.add(mine, recordOf('a-minute-later', 7000, { isUnproven: true, address: '10.0.0.1' }))
  t.ok(await records.get(mine, 'a-minute-later') !== undefined, 'and begins anew with the next minute')
})

t.test('both parts read as one list, page by page', async (t) => {
  const { records } = open(t)
  for (let index = 0; index < 30; index++) records.add(mine, recordOf(`r${index}`, index, index % 3 === 0 ? { isUnproven: true, address: String(index) } : {}))
  const ids: string[] = []
  let before: string | undefined
  do {
    const page = await records.list(mine, { limit: 7, ...(before === undefined ? {} : { before }) })
    ids.push(...page.entries.map(({ id }) => id))
    before = page.next
  } while (before !== undefined)
  t.same(ids, Array.from({ length: 30 }, (_value, index) => `r${29 - index}`))
  t.same(await idsOf(records.list(mine, { limit: 3, before: 'r15' })), ['r14', 'r13', 'r12'], 'from a record of either part')
})

t.test('records are narrowed by code, client, class of status and time', async (t) => {
  const { records } = open(t)
  records.add(mine, recordOf('a', 10, { code: 'token_expired', status: 401, clientId: 'one' }))
  records.add(mine, recordOf('b', 20, { code: 'invalid_grant', status: 400, clientId: 'two', explanation: { code: 'pkce_verifier_mismatch', cause: 'x', fix: 'y' } }))
  records.add(mine, recordOf('c', 30, { clientId: 'one' }))
  const find = async (filter: object): Promise<string[]> => await idsOf(records.list(mine, { limit: 10, filter }))
  t.same(await find({ code: 'token_expired' }), ['a'])
  t.same(await find({ code: 'pkce_verifier_mismatch' }), ['b'], 'by the cause\'s own name too')
  t.same(await find({ clientId: 'one' }), ['c', 'a'])
  t.same(await find({ statusClass: 4 }), ['b', 'a'])
  t.same(await find({ sinceMs: 20 }), ['c', 'b'])
  t.same(await find({ statusClass: 4, clientId: 'one', sinceMs: 5 }), ['a'])
})
