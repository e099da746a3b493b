import t from 'tap'
import type { AdapterPayload } from 'oidc-provider'
import { createClientDirectory } from '../../authz/clients/client-directory.ts'
import { createGenerationCache } from '../../authz/generation-cache.ts'
import { createIssuedTokens } from '../../authz/tokens/issued-tokens.ts'
import { createStoreAdapter } from '../../authz/provider/store-adapter.ts'
import { openEmbeddedStores, type KeyValue } from '../../stores/index.ts'

const START_MS = Date.UTC(2031, 0, 1)

/** The embedded store behind promises that resolve in turns, as a store over the network would. */
function openAsynchronous () {
  const clock = { nowMs: () => START_MS }
  const stores = openEmbeddedStores({ directory: ':memory:', clock, retention: { maxAgeMs: 1000, maxPerStream: 1 } })
  const keyValue = Object.fromEntries(Object.entries(stores.keyValue).map(([name, operation]) => [name, async (...input: unknown[]) => {
    await new Promise((resolve) => { setImmediate(resolve) })
    return await (operation as (...input: unknown[]) => unknown)(...input)
  }])) as unknown as KeyValue
  const deps = { keyValue, notices: stores.notices, clock }
  const issued = createIssuedTokens(deps)
  const open = createStoreAdapter({
    ...deps, issued, clients: createClientDirectory(deps), describeClient: () => ({}), findLiveJwt: () => undefined, tokenAgeAdvanceMs: () => 0,
  })
  return { stores, issued, open }
}

const exp = START_MS / 1000 + 60
const payload = (more: object): AdapterPayload => ({ exp, iat: START_MS / 1000, ...more })

t.test('of many parallel uses of one refresh token exactly one consumes it', async (t) => {
  const { stores, open } = openAsynchronous()
  t.teardown(async () => { await stores.close() })
  const tokens = open('RefreshToken')
  await tokens.upsert('r1', payload({ grantId: 'g1' }), 60)
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, async () => { await tokens.consume('r1') }))
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  t.match(outcomes.find(({ status }) => status === 'rejected'), { reason: { error: 'invalid_grant' } })
  t.match(await tokens.find('r1'), { consumed: START_MS / 1000 })
})

t.test('what was revoked cannot be consumed', async (t) => {
  const { stores, open } = openAsynchronous()
  t.teardown(async () => { await stores.close() })
  await t.rejects(open('AuthorizationCode').consume('gone'), { message: 'invalid_grant' })
})

t.test('revoking a grant reaches every artifact of it and no other, the JWT access tokens too', async (t) => {
  const { stores, issued, open } = openAsynchronous()
  t.teardown(async () => { await stores.close() })
  await open('Grant').upsert('g1', payload({}), 60)
  await open('Grant').upsert('g2', payload({}), 60)
  await open('RefreshToken').upsert('r1', payload({ grantId: 'g1' }), 60)
  await open('AuthorizationCode').upsert('c1', payload({ grantId: 'g1' }), 60)
  await open('RefreshToken').upsert('r2', payload({ grantId: 'g2' }), 60)
  for (const [jti, grantId] of [['j1', 'g1'], ['j2', 'g2']] as const) await issued.save({ kind: 'AccessToken', format: 'jwt', jti, clientId: 'c', grantId, iat: exp - 60, exp, issuedAtMs: START_MS })
  await open('RefreshToken').revokeByGrantId('g1')
  for (const [model, id] of [['Grant', 'g1'], ['RefreshToken', 'r1'], ['AuthorizationCode', 'c1']] as const) t.equal(await open(model).find(id), undefined, id)
  t.equal(await issued.find('j1'), undefined)
  t.equal(issued.isKnownRevoked('j1'), true)
  t.ok(await open('Grant').find('g2'))
  t.ok(await open('RefreshToken').find('r2'))
  t.ok(await issued.find('j2'))
  t.equal(issued.isKnownRevoked('j2'), false)
})

t.test('sessions are found by uid and codes by user code', async (t) => {
  const { stores, open } = openAsynchronous()
  t.teardown(async () => { await stores.close() })
  await open('Session').upsert('s1', payload({ uid: 'u1', accountId: 'a' }), 60)
  await open('DeviceCode').upsert('d1', payload({ userCode: 'ABCD' }), 60)
  t.match(await open('Session').findByUid('u1'), { accountId: 'a' })
  t.match(await open('DeviceCode').findByUserCode('ABCD'), { userCode: 'ABCD' })
  t.equal(await open('Session').findByUid('u2'), undefined)
  await open('Session').destroy('s1')
  t.equal(await open('Session').findByUid('u1'), undefined)
})

t.test('the cache of verified tokens is bounded and keeps what is read', (t) => {
  const cache = createGenerationCache<number>(10)
  for (let index = 0; index < 100; index += 1) {
    cache.set(`k${index}`, index)
    cache.get('k0')
  }
  const kept = Array.from({ length: 100 }, (_, index) => cache.get(`k${index}`)).filter((value) => value !== undefined)
  t.ok(kept.length <= 10, `${kept.length} kept`)
  t.equal(cache.get('k99'), 99)
  t.equal(cache.get('k0'), 0)
  cache.delete('k0')
  t.equal(cache.get('k0'), undefined)
  t.end()
})
