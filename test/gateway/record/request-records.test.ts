import t from 'tap'
import { createRequestRecords, type RequestRecord } from '../../../gateway/record/index.ts'
import type { RequestId, SandboxId } from '../../../kernel/index.ts'
import { openEmbeddedStores } from '../../../stores/index.ts'

const recordOf = (id: string, atMs = 0): RequestRecord => ({ id: id as RequestId, atMs, surface: 'api', method: 'GET', path: '/', route: '/', status: 200, durationMs: 1, address: '', findings: [], removals: [] })

t.test('records belong to a sandbox', async (t) => {
  const stores = openEmbeddedStores({ directory: ':memory:', clock: { nowMs: () => 1000 }, retention: { maxAgeMs: 10_000, maxPerStream: 100 } })
  t.teardown(stores.close)
  const records = createRequestRecords(stores)
  const [mine, theirs] = ['sbx_1', 'sbx_2'] as SandboxId[] as [SandboxId, SandboxId]
  records.add(mine, recordOf('a', 1))
  records.add(mine, recordOf('b', 2))
  records.add(theirs, recordOf('c', 3))
  records.add(undefined, recordOf('d', 4))

  t.equal(await records.get(theirs, 'a'), undefined, 'another sandbox\'s record is not found by its id')
  t.equal(await records.get(mine, 'd'), undefined, 'nor is one that belongs to nobody')
  t.equal(await records.get('-' as SandboxId, 'a'), undefined)
  t.match(await records.get(mine, 'a'), { id: 'a', value: { path: '/' } })
  t.same((await records.list(mine, { limit: 10 })).map(({ id }) => id), ['b', 'a'], 'newest first')
  t.same((await records.list(mine, { limit: 10, before: 'b' })).map(({ id }) => id), ['a'])
})
