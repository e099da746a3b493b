import t, { type Test } from 'tap'
import { createSandboxCore, createWebhooks, type Webhooks } from '../../../sandbox-core/index.ts'
import type { JsonObject } from '../../../kernel/index.ts'
import type { KeyValue, Stores } from '../../../stores/index.ts'
import { compileOrThrow, createCaller, createFakeClock, openMemoryStores, readPaymentsFiles, SANDBOX, OTHER_SANDBOX, type Call } from '../../support/core-world.ts'

interface Scene { readonly call: Call, readonly webhooks: Webhooks, readonly stores: Stores, readonly customer: (name: string) => Promise<unknown>, readonly jobs: () => Promise<string[]> }

const url = 'http://127.0.0.1:9/'

/** The payments API whose core asks the webhooks what is wanted. */
async function openScene (t: Test, wrap: (keyValue: KeyValue) => KeyValue = (keyValue) => keyValue): Promise<Scene> {
  const clock = createFakeClock()
  const stores = openMemoryStores(clock)
  t.teardown(() => stores.close())
  const webhooks = createWebhooks({
    ...stores,
    keyValue: wrap(stores.keyValue),
    clock,
    scrubText: (text) => text,
    lookup: async () => ['127.0.0.1'],
    options: { allowedNetworks: ['127.0.0.0/8'], allowHttp: true, timeoutMs: 1000, retriesMs: [], responseBytesMax: 10 },
  })
  const { openapi, behaviour } = readPaymentsFiles()
  const api = compileOrThrow('payments', openapi, behaviour)
  const core = createSandboxCore({ apis: [api], layers: stores.layers, keyValue: stores.keyValue, clock, isEventWanted: webhooks.isEventWanted })
  for (const sandbox of [SANDBOX, OTHER_SANDBOX]) await core.create(sandbox, { seed: 'seed' })
  const call = createCaller(core, api, SANDBOX)
  return {
    call,
    webhooks,
    stores,
    customer: (name) => call('createCustomer', { body: { name } }),
    jobs: async () => (await stores.jobs.claim('events', clock.nowMs() + 1e9, 1000, 1e12)).map(({ payload }) => ((payload['event'] as JsonObject)['data'] as { object: { name: string } }).object.name),
  }
}

t.test('an event acknowledged after an endpoint was acknowledged is never lost, however close they are', async (t) => {
  const { customer, webhooks, jobs } = await openScene(t)
  for (let round = 0; round < 20; round++) {
    const acknowledged: string[] = []
    const write = async (n: number): Promise<void> => {
      await customer(`${round}.${n}`)
      acknowledged.push(`${round}.${n}`)
    }
    const writes = [1, 2, 3].map(write)
    const register = webhooks.endpoints.create(SANDBOX, { url }).then((created) => {
      acknowledged.push('endpoint')
      return created.kind === 'created' ? created.endpoint.id : ''
    })
    for (let turn = 0; turn < 8; turn++) {
      writes.push(...[0, 1, 2].map((n) => write(10 + 3 * turn + n)))
      if (turn % 2 === 0) await Promise.resolve()
      else await new Promise((resolve) => { setImmediate(resolve) })
    }
    await Promise.all(writes)
    await webhooks.endpoints.delete(SANDBOX, await register)
    const told = new Set(await jobs())
    const lost = acknowledged.slice(acknowledged.indexOf('endpoint') + 1).filter((name) => !told.has(name))
    t.strictSame(lost, [], `round ${round}`)
  }
})

t.test('no job is made while nobody asked for the event', async (t) => {
  const { customer, webhooks, jobs, call } = await openScene(t)
  await customer('before')
  t.strictSame(await jobs(), [])
  t.match(await call('listEvents', { query: 'type=customer.created' }), { body: { data: [{ data: { object: { name: 'before' } } }] } }, 'the event itself is kept')
  const other = await webhooks.endpoints.create(OTHER_SANDBOX, { url })
  const payments = await webhooks.endpoints.create(SANDBOX, { url, events: ['payment.*'] })
  await customer('another sandbox or another type')
  t.strictSame(await jobs(), [])
  const id = payments.kind === 'created' ? payments.endpoint.id : ''
  await webhooks.endpoints.update(SANDBOX, id, { events: ['payment.*', 'customer.created'] })
  await customer('wanted')
  t.strictSame(await jobs(), ['wanted'])
  await webhooks.endpoints.update(SANDBOX, id, { isEnabled: false })
  await customer('may be enabled again')
  t.strictSame(await jobs(), ['may be enabled again'])
  await webhooks.endpoints.delete(SANDBOX, id)
  await customer('after')
  t.strictSame(await jobs(), [])
  t.equal(other.kind, 'created')
})

t.test('every event is wanted where the store answers later, because others may write to it', async (t) => {
  const { customer, jobs } = await openScene(t, (keyValue) => ({ ...keyValue, list: async (space, page) => await keyValue.list(space, page) }))
  await customer('first')
  await customer('second')
  t.strictSame(await jobs(), ['first', 'second'])
})
