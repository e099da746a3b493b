import t from 'tap'
import type { Clients, CreatedClient } from '../../authz/index.ts'
import { createClientDirectory } from '../../authz/clients/client-directory.ts'
import { withLock } from '../../authz/clients/store-lock.ts'
import { createRegistrationTokens } from '../../authz/registration/registration-tokens.ts'
import type { ClientId } from '../../kernel/index.ts'
import { basic, createClient, createFetch, postForm } from '../support/authz-client.ts'
import { openTestServer, SANDBOX_A } from '../support/authz-server.ts'
import { inParallel, overDrivers } from '../support/stores-drivers.ts'

const HOUR_MS = 3_600_000
const APP = 'https://app.example'

/** What clients need of a store, on each driver, with two instances. */
await overDrivers(t, async (t, open) => {
  await t.test('of any number of changes under one name one runs at a time, and one that fails lets go', async (t) => {
    const { stores: { keyValue } } = await open()
    let running = 0
    const most = Math.max(...await inParallel(8, async () => await withLock(keyValue, 'x', async () => {
      running++
      await keyValue.get('any', 'any')
      const seen = running
      running--
      return seen
    })))
    t.equal(most, 1)
    await t.rejects(withLock(keyValue, 'x', async () => { throw new Error('failed') }), { message: 'failed' })
    t.equal(await withLock(keyValue, 'x', async () => 'free'), 'free')
  })

  await t.test('an origin and a certificate are known as long as some client has them, on every instance', async (t) => {
    const { stores, clock } = await open()
    const [one, other] = [createClientDirectory({ ...stores, clock }), createClientDirectory({ ...stores, clock })]
    const record = (id: string, more: object = {}) => ({ clientId: id as ClientId, sandboxId: SANDBOX_A, name: id, authMethod: 'client_secret_basic', redirectUris: [`${APP}/cb`], postLogoutRedirectUris: [], scopes: ['openid'], grants: ['authorization_code'], createdAtMs: 0, ...more })
    t.equal(await other.isRegisteredOrigin(APP), false)
    await one.put(record('cli_1'))
    await one.put(record('cli_2', { allowedOrigins: ['http://localhost:3000'] }))
    t.equal(await other.isRegisteredOrigin(APP), true)
    t.equal(await other.isRegisteredOrigin('http://localhost:3000'), true)
    t.equal(await other.isRegisteredOrigin('http://localhost'), false)
    await one.delete('cli_1')
    t.equal(await other.isRegisteredOrigin(APP), true, 'the second client has it still')
    await other.put(record('cli_2', { redirectUris: ['com.example.app:/cb'] }))
    t.equal(await one.isRegisteredOrigin(APP), false, 'a change takes it away')
    t.equal(await one.isRegisteredOrigin('http://localhost:3000'), false)
    await one.delete('cli_2')
    t.equal(await one.delete('cli_2'), false)
  })

  await t.test('the claim of a subject goes with the client that made it, and not with another that shares it', async (t) => {
    const { stores, clock } = await open()
    const directory = createClientDirectory({ ...stores, clock })
    const record = (id: string) => ({ clientId: id as ClientId, sandboxId: SANDBOX_A, name: id, authMethod: 'tls_client_auth', redirectUris: [], postLogoutRedirectUris: [], scopes: ['openid'], grants: [], createdAtMs: 0, tlsSubjectDn: 'CN=shared' })
    await directory.put(record('cli_1'))
    await directory.put(record('cli_2'))
    t.equal(await directory.findBySubjectDn('CN=shared'), 'cli_1')
    await directory.delete('cli_2')
    t.equal(await directory.findBySubjectDn('CN=shared'), 'cli_1')
    await directory.delete('cli_1')
    t.equal(await directory.findBySubjectDn('CN=shared'), undefined)
    t.equal(await directory.findBySubjectDn(''), undefined)
  })

  await t.test('an initial access token is spent exactly as often as it is for', async (t) => {
    const { stores, clock } = await open()
    const tokens = createRegistrationTokens({ ...stores, clock })
    const made = await tokens.create({ sandboxId: SANDBOX_A, lifetimeMs: HOUR_MS, usesMax: 3 })
    const token = made?.token.reveal() ?? ''
    const found = await tokens.find(token)
    if (found === undefined) throw new Error('the token is not there')
    const spent = await inParallel(10, async () => await tokens.spend(found))
    t.equal(spent.filter((use) => use !== undefined).length, 3)
    await spent.find((use) => use !== undefined)?.release()
    t.ok(await tokens.spend(found), 'a use that was given back is there')
    t.equal(await tokens.spend(found), undefined)
    clock.advance(HOUR_MS)
    t.equal(await tokens.find(token), undefined)
    t.same(await tokens.list(SANDBOX_A), [])
  })

  await t.test('a sandbox never has more clients than it may have, whoever asks at once', async (t) => {
    const { stores } = await open()
    const server = await openTestServer({ stores })
    t.teardown(server.close)
    const another = await server.openAnother()
    const create = async (clients: Clients): Promise<string> => {
      try {
        await createClient({ ...server.authz, clients }, { maximum: 3 })
        return 'made'
      } catch (error) {
        return (error as Error).name
      }
    }
    const answers = await inParallel(8, async (index) => await create(index % 2 === 0 ? server.authz.clients : another.clients))
    t.same(answers.filter((answer) => answer === 'made').length, 3)
    t.same(new Set(answers), new Set(['made', 'ClientQuotaExceeded']))
    t.equal((await another.clients.list(SANDBOX_A)).length, 3)
  })

  await t.test('a secret rotated on one instance works on the other at once, the old one until its overlap ends', async (t) => {
    const { stores } = await open()
    const server = await openTestServer({ stores })
    const web = createFetch(server)
    t.teardown(async () => { await web.close(); await server.close() })
    const another = await server.openAnother()
    const secretOf = (client: CreatedClient | undefined): string => client?.clientSecret?.reveal() ?? ''
    const client = await createClient(server.authz)
    const ask = async (secret: string): Promise<number> => (await postForm(web, `${server.issuer}/oauth/token`, { grant_type: 'client_credentials' }, basic(client.clientId, secret))).status
    t.equal(await ask(secretOf(client)), 200)
    const rotated = await another.clients.rotateSecret(client.clientId, HOUR_MS)
    t.same([await ask(secretOf(client)), await ask(secretOf(rotated))], [200, 200])
    server.advanceSandbox(SANDBOX_A, HOUR_MS)
    t.same([await ask(secretOf(client)), await ask(secretOf(rotated))], [401, 200])
    const last = await another.clients.rotateSecret(client.clientId, 0)
    t.same([await ask(secretOf(rotated)), await ask(secretOf(last))], [401, 200])
  })
})
