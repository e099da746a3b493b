import t from 'tap'
import type { WatchedToken } from '../../../authz/index.ts'
import { createTokenLines } from '../../../gateway/record/index.ts'
import type { SandboxId } from '../../../kernel/index.ts'
import { openEmbeddedStores } from '../../../stores/index.ts'

const [mine, theirs] = ['sbx_1', 'sbx_2'] as SandboxId[] as [SandboxId, SandboxId]
const tokenOf = (name: string, more: Partial<WatchedToken> = {}): WatchedToken => ({ name, kind: 'access_token', format: 'jwt', clientId: 'client_1', grantType: 'client_credentials', scopes: ['a'], audiences: ['b'], issuedAtMs: 1000, expMs: 2000, ...more })

const open = (t: { teardown: (end: () => unknown) => void }) => {
  let nowMs = 1000
  const clock = { nowMs: () => nowMs }
  const stores = openEmbeddedStores({ directory: ':memory:', clock, retention: { maxAgeMs: 1_000_000, maxPerStream: 50 } })
  const writes: string[] = []
  const log = { ...stores.log, update: (...input: Parameters<typeof stores.log.update>) => { writes.push(input[1]); return stores.log.update(...input) } }
  const lines = createTokenLines({ log, clock, requestIdOf: (request) => (request as { id?: string }).id, onFault: () => {} })
  t.teardown(async () => { await lines.close(); await stores.close() })
  return { lines, writes, advance: (ms: number) => { nowMs += ms } }
}
const request = (id: string): never => ({ id }) as never

t.test('uses are counted and not written one by one', async (t) => {
  const { lines, writes, advance } = open(t)
  lines.watch.issued(mine, tokenOf('a'), request('r1'))
  for (let index = 0; index < 1000; index++) {
    lines.watch.used(mine, 'a')
    advance(1)
  }
  t.same(writes, [])
  t.match(await lines.get(mine, 'a'), { used: { count: 1000, firstMs: 1000, lastMs: 1999 }, events: [{ event: 'asked', requestId: 'r1' }, { event: 'issued', requestId: 'r1' }] })
  t.equal(writes.length, 1)
  lines.watch.used(mine, 'a')
  t.match(await lines.get(mine, 'a'), { used: { count: 1001, firstMs: 1000, lastMs: 2000 } }, 'and add up')
})

t.test('nothing of another sandbox is found or touched', async (t) => {
  const { lines } = open(t)
  lines.watch.issued(mine, tokenOf('a', { family: 'f' }), request('r1'))
  lines.watch.used(theirs, 'a')
  lines.watch.refused(theirs, 'a', 'token_revoked')
  lines.watch.revoked(theirs, { name: 'a' }, 'x', undefined)
  lines.watch.revoked(theirs, { family: 'f' }, 'x', undefined)
  t.equal(await lines.get(theirs, 'a'), undefined)
  const line = await lines.get(mine, 'a')
  t.equal(line?.used, undefined)
  t.equal(line?.refused, undefined)
  t.equal(line?.events.length, 2)
  t.same(await lines.family(theirs, 'f'), [])
})

t.test('a token that was never issued here gets no line by being used or refused', async (t) => {
  const { lines } = open(t)
  lines.watch.used(mine, 'made-up')
  lines.noteRefused(mine, 'made-up', 'token_expired', 'r')
  t.equal(await lines.get(mine, 'made-up'), undefined)
  t.same(await lines.list(mine, { limit: 10 }), [])
})

t.test('a revoked family is marked whole, and once', async (t) => {
  const { lines, advance } = open(t)
  for (const name of ['code', 'access', 'refresh']) lines.watch.issued(mine, tokenOf(name, { family: 'f' }), request(name))
  lines.watch.issued(mine, tokenOf('other', { family: 'g' }), request('x'))
  for (let index = 0; index < 6; index++) lines.watch.revoked(mine, { family: 'f' }, 'reuse detection', request('r'))
  const family = await lines.family(mine, 'f')
  t.same(family.map(({ name }) => name), ['code', 'access', 'refresh'])
  for (const { line } of family) t.match(line.events.filter(({ event }) => event === 'revoked'), [{ by: 'reuse detection', requestId: 'r' }])
  t.notMatch(await lines.get(mine, 'other'), { events: [{ event: 'revoked' }] })
  advance(60_000)
  lines.watch.revoked(mine, { family: 'f' }, 'reuse detection', request('r2'))
  t.equal((await lines.get(mine, 'code'))?.events.filter(({ event }) => event === 'revoked').length, 2, 'a later one is told as well')
})

t.test('a line does not grow without end', async (t) => {
  const { lines, advance } = open(t)
  lines.watch.issued(mine, tokenOf('a'), request('r'))
  for (let index = 0; index < 500; index++) {
    lines.watch.spent(mine, 'a', 'refreshed', request(String(index)))
    lines.watch.refused(mine, 'a', `code_${index}`)
    advance(1)
  }
  const line = await lines.get(mine, 'a')
  t.equal(line?.events.length, 40)
  t.match(line?.events.at(-1), { requestId: '499' }, 'the newest are kept')
  t.ok(Object.keys(line?.refused ?? {}).length <= 20)
})

t.test('a sandbox that issues without end keeps its newest tokens', async (t) => {
  const { lines } = open(t)
  for (let index = 0; index < 200; index++) lines.watch.issued(mine, tokenOf(`t${index}`), request('r'))
  t.equal((await lines.list(mine, { limit: 100 })).length, 50)
  t.equal(await lines.get(mine, 't0'), undefined)
  t.ok(await lines.get(mine, 't199') !== undefined)
})
