import Type from 'typebox'
import t from 'tap'
import { createControlCredentials, createSandboxes, refused } from '../../../gateway/control/index.ts'
import { developerRoute, done, operatorRoute, readPage } from '../../../gateway/control/route.ts'
import { Secret, type RequestId, type SandboxId } from '../../../kernel/index.ts'
import { openEmbeddedStores } from '../../../stores/index.ts'
import type { Test } from 'tap'

const openStores = (t: Test) => {
  const stores = openEmbeddedStores({ directory: ':memory:', clock: { nowMs: () => 1000 }, retention: { maxAgeMs: 10_000, maxPerStream: 100 } })
  t.teardown(stores.close)
  return stores
}
const REQUEST = { requestId: 'r' as RequestId, address: '192.0.2.1', parameters: {}, query: new URLSearchParams(), body: {} }

t.test('credentials', async (t) => {
  const { keyValue } = openStores(t)
  const credentials = createControlCredentials({ keyValue, operatorToken: new Secret('sgop_right') })
  for (const key of ['', 'sgop_', 'sgop_wrong', 'sgop_right ', 'SGOP_RIGHT', 'sgsk_made-up']) t.equal(await credentials.findHolder(key), undefined, `${JSON.stringify(key)} opens nothing`)
  t.same(await credentials.findHolder('sgop_right'), { kind: 'operator', scopes: [] })
  const key = await credentials.issueSandboxKey('sbx_1' as SandboxId)
  t.match(key.reveal(), /^sgsk_[\w-]{32}$/)
  t.same(await credentials.findHolder(key.reveal()), { kind: 'sandbox-key', sandboxId: 'sbx_1', scopes: [] })
  t.not((await credentials.issueSandboxKey('sbx_1' as SandboxId)).reveal(), key.reveal())
  const kept = JSON.stringify(await keyValue.list('sandbox-key', { limit: 100 }))
  t.notMatch(kept, key.reveal().slice(5), 'only the hash of a key is kept')
  t.notMatch(kept, 'sgop_right')
})

t.test('a developer\'s route refuses a caller who belongs to no sandbox, and gives any other its own', async (t) => {
  const route = developerRoute({ method: 'GET', path: '/sandbox/x', operationId: 'x', summary: 'x' }, (sandboxId) => done(200, { sandboxId }))
  t.same(route.credentials, ['client', 'sandbox-key'])
  t.match(await route.handle({ ...REQUEST, caller: { kind: 'operator', scopes: [] } }), { kind: 'refused', refusal: { code: 'credential_not_accepted' } })
  t.match(await route.handle({ ...REQUEST, caller: { kind: 'client', sandboxId: 'sbx_1' as SandboxId, scopes: [] } }), { kind: 'done', status: 200, body: { sandboxId: 'sbx_1' } })
})

t.test('an operator\'s route takes the operator alone', async (t) => {
  const route = operatorRoute({ method: 'POST', path: '/control/x', operationId: 'x', summary: 'x', body: Type.Object({}) }, () => done(204))
  t.same(route.credentials, ['operator'])
  t.same(await route.handle({ ...REQUEST, caller: { kind: 'operator', scopes: [] } }), { kind: 'done', status: 204 })
})

t.test('a refusal of a handler says the same to client and record', async (t) => {
  t.same(refused('request_invalid', 'x', ['/by']), { kind: 'refused', refusal: { code: 'request_invalid', publicDetail: 'x', internalDetail: 'x', pointers: ['/by'] } })
})

t.test('pages are bounded whatever a query asks for', async (t) => {
  const limitOf = (text: string) => readPage(new URLSearchParams(text)).limit
  for (const [query, limit] of [['', 20], ['limit=5', 5], ['limit=0', 1], ['limit=-5', 1], ['limit=1000', 100], ['limit=abc', 20], ['limit=', 1], ['limit=1.5', 20], ['limit=1e9', 100], ['limit=Infinity', 20]] as const) t.equal(limitOf(query), limit, query)
  t.same(readPage(new URLSearchParams('before=x')), { limit: 20, before: 'x' })
})

t.test('an account cannot have more sandboxes than its maximum, even by asking at once', async (t) => {
  const { keyValue } = openStores(t)
  const issued = { certificatePem: '', keyPem: '', serial: '01', subjectDn: 'CN=x', notAfterMs: 0, thumbprint: '' }
  const sandboxes = createSandboxes({
    keyValue,
    clock: { nowMs: () => 0 },
    authz: { clients: { create: async () => ({ clientId: 'c', clientSecret: new Secret('s') }) }, users: { create: async () => {} } } as never,
    core: { create: async () => {} },
    authority: { issueClientCertificate: async () => issued } as never,
    certificates: { remember: async () => ({}) } as never,
    credentials: createControlCredentials({ keyValue, operatorToken: new Secret('') }),
    offered: { authMethods: ['client_secret_basic', 'tls_client_auth'], grants: ['client_credentials'] },
    template: { testUsers: [], clientScopes: [], redirectUris: [], certificateLifetimeMs: 1, maximumPerAccount: 2 },
  })
  const made = await Promise.all(Array.from({ length: 5 }, async () => await sandboxes.create({ account: 'acme' })))
  t.equal(made.filter((each) => each !== undefined).length, 2)
  t.equal((await sandboxes.list()).length, 2)
  t.ok(await sandboxes.create({ account: 'other' }), 'another account has its own')
})
