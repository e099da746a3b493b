import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { SandboxId } from '../../kernel/index.ts'
import { createSandboxCore, SandboxUnknown } from '../../sandbox-core/index.ts'
import { createCaller, createFakeClock, openMemoryStores, openPayments, SANDBOX, OTHER_SANDBOX, type Call, type Money } from '../support/core-world.ts'
import { slowLayers } from '../support/core-slow-layers.ts'

async function runStory (call: Call): Promise<string> {
  const replies = []
  const customer = await call('createCustomer', { body: { name: 'Ada Example', metadata: { a: 'b' } } })
  const payment = await call('createPayment', { body: { amount: 2500, currency: 'eur', customer: customer.body.id, payment_method: 'pm_card_visa', confirm: true } })
  replies.push(customer, payment, await call('createPayment', { body: { amount: 4002, currency: 'eur', payment_method: 'pm_card_visa', confirm: true } }))
  replies.push(await call('createRefund', { body: { payment: payment.body.id, amount: 100 } }), await call('listEvents'), await call('getBalance'))
  return JSON.stringify(replies)
}

t.test('a sandbox that was never created is refused', async t => {
  const { call, core, stores } = await openPayments()
  await t.rejects(call('getCustomer', { path: { customer_id: 'cus_ada' }, sandbox: 'sbx_none' as SandboxId }), SandboxUnknown)
  await t.rejects(core.reset('sbx_none' as SandboxId), SandboxUnknown)
  await stores.close()
})

t.test('the same calls after a reset give the same bytes, and another seed gives other ids', async t => {
  const { call, core, stores } = await openPayments()
  const first = await runStory(call)
  await core.reset(SANDBOX)
  t.equal(await runStory(call), first)
  await core.create(OTHER_SANDBOX, { seed: 'another' })
  t.not(await runStory((operation, options) => call(operation, { ...options, sandbox: OTHER_SANDBOX })), first)
  await stores.close()
})

t.test('reset forgets every change and every remembered outcome, and leaves the other sandbox alone', async t => {
  const { call, core, stores } = await openPayments()
  await core.create(OTHER_SANDBOX, { seed: 'seed' })
  const other = await call('createCustomer', { body: { name: 'Other' }, sandbox: OTHER_SANDBOX })
  const made = await call('createCustomer', { body: { name: 'Mine' }, key: 'k' })
  await call('updateCustomer', { path: { customer_id: 'cus_ada' }, body: { name: 'Changed' } })
  await core.reset(SANDBOX)
  t.equal((await call('getCustomer', { path: { customer_id: made.body.id } })).status, 404)
  t.equal((await call('getCustomer', { path: { customer_id: 'cus_ada' } })).body.name, 'Ada Example')
  t.equal((await call('createCustomer', { body: { name: 'Else' }, key: 'k' })).body.name, 'Else')
  t.equal((await call('getCustomer', { path: { customer_id: other.body.id }, sandbox: OTHER_SANDBOX })).status, 200)
  await stores.close()
})

t.test('a restart finds the worlds, the seeds, the clock and the baseline as they were', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'core-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const clock = createFakeClock()
  const before = await openPayments({ clock, stores: openMemoryStores(clock, directory) })
  const made = await before.call('createCustomer', { body: { name: 'Durable' }, key: 'k' })
  await before.core.clock.advance(SANDBOX, 5000)
  await before.stores.close()
  const after = await openPayments({ clock, stores: openMemoryStores(clock, directory) })
  t.same((await after.call('getCustomer', { path: { customer_id: made.body.id } })).body, made.body)
  t.same((await after.call('createCustomer', { body: { name: 'Durable' }, key: 'k' })).body, made.body)
  t.equal((await after.call('getCustomer', { path: { customer_id: 'cus_chiyo' } })).body.name, '田中 千代')
  t.equal(after.core.clock.nowMs(SANDBOX), clock.nowMs() + 5000)
  await after.stores.close()
})

t.test('a sandbox\'s clock moves forward only, for that sandbox only, and stamps what is made', async t => {
  const { call, core, clock, stores } = await openPayments()
  await core.create(OTHER_SANDBOX, { seed: 's' })
  await t.rejects(core.clock.advance(SANDBOX, -1), RangeError)
  await t.rejects(core.clock.advance(SANDBOX, 0.5), RangeError)
  clock.moveMs(10)
  const issuedAt = clock.nowMs()
  clock.moveMs(10)
  await core.clock.advance(SANDBOX, 3_600_000)
  t.equal(core.clock.advancedSinceMs(SANDBOX, issuedAt), 3_600_000)
  clock.moveMs(10)
  t.equal(core.clock.advancedSinceMs(SANDBOX, clock.nowMs()), 0)
  t.equal(core.clock.nowMs(OTHER_SANDBOX), clock.nowMs())
  const made = await call('createCustomer', { body: {} })
  t.equal(made.body.created, Math.floor((clock.nowMs() + 3_600_000) / 1000))
  await stores.close()
})

t.test('a key used with another request is refused in the API\'s own shape', async t => {
  const { call, stores } = await openPayments()
  await call('createCustomer', { body: { name: 'One' }, key: 'k' })
  const other = await call('createCustomer', { body: { name: 'Two' }, key: 'k' })
  t.match(other, { status: 409, body: { error: { type: 'idempotency_error', code: 'idempotency_mismatch' } } })
  const elsewhere = await call('createPayment', { body: { amount: 1, currency: 'eur' }, key: 'k' })
  t.equal(elsewhere.status, 409)
  t.equal((await call('createCustomer', { body: { name: 'Two' }, key: 'k', client: 'client_b' })).status, 201)
  await stores.close()
})

t.test('a decline is remembered under its key; a request that was not valid is not; a key ends with the sandbox\'s day', async t => {
  const { call, core, stores } = await openPayments()
  const decline = { body: { amount: 4002, currency: 'eur', payment_method: 'pm_card_visa', confirm: true }, key: 'd' }
  const count = async () => (await call('listPayments', { query: 'limit=100' })).body.data.length
  const first = await call('createPayment', decline)
  const after = await count()
  t.same(await call('createPayment', decline), first)
  t.equal(await count(), after)
  const refused = { body: { payment: 'pay_none' }, key: 'r' }
  t.same(await call('createRefund', refused), await call('createRefund', refused))
  t.equal((await call('createCustomer', { body: { nope: 1 }, key: 'v' })).status, 400)
  t.equal((await call('createCustomer', { body: {}, key: 'v' })).status, 201)
  await core.clock.advance(SANDBOX, 86_400_001)
  await call('createPayment', decline)
  t.equal(await count(), after + 1)
  await stores.close()
})

for (const kind of ['plain', 'slow'] as const) {
  t.test(`thirty parallel creates under one key make one object and identical replies, over two instances (${kind} store)`, async t => {
    const world = await openPayments()
    const layersOf = (seed: number) => kind === 'plain' ? world.stores.layers : slowLayers(world.stores.layers, seed)
    const calls = [1, 2].map(seed => createCaller(createSandboxCore({ apis: [world.api], layers: layersOf(seed), keyValue: world.stores.keyValue, clock: world.clock }), world.api, SANDBOX))
    const replies = await Promise.all(Array.from({ length: 30 }, (_, index) => (calls[index % 2] as Call)('createPayment', { body: { amount: 999, currency: 'eur', payment_method: 'pm_card_visa', confirm: true }, key: 'once' })))
    t.equal(new Set(replies.map(reply => JSON.stringify(reply))).size, 1)
    t.equal(replies[0]?.status, 201)
    const payments = (await world.call('listPayments', { query: 'limit=100' })).body.data
    t.equal(payments.filter(payment => payment.amount === 999).length, 1)
    t.equal((await world.stores.jobs.claim('events', world.clock.nowMs(), 100, 1000)).length, 2)
    await world.stores.close()
  })
}

t.test('parallel refunds over two instances never return more than was received, and the balance agrees', async t => {
  const world = await openPayments()
  const { body: payment } = await world.call('createPayment', { body: { amount: 1000, currency: 'pln', payment_method: 'pm_card_visa', confirm: true } })
  const calls = [7, 8].map(seed => createCaller(createSandboxCore({ apis: [world.api], layers: slowLayers(world.stores.layers, seed), keyValue: world.stores.keyValue, clock: world.clock }), world.api, SANDBOX))
  const replies = await Promise.all(Array.from({ length: 12 }, (_, index) => (calls[index % 2] as Call)('createRefund', { body: { payment: payment.id, amount: 300 } })))
  t.equal(replies.filter(reply => reply.status === 201).length, 3)
  const ids = replies.flatMap(reply => reply.status === 201 ? [reply.body.id] : [])
  t.equal(new Set(ids).size, 3)
  t.equal((await world.call('getPayment', { path: { payment_id: payment.id } })).body.amount_refundable, 100)
  const { available } = (await world.call('getBalance')).body
  t.equal(available.find(entry => entry.currency === 'pln')?.amount, 100)
  await world.stores.close()
})

type Step = { readonly kind: 'pay', readonly amount: number, readonly isManual: boolean } | { readonly kind: 'refund' | 'capture', readonly index: number, readonly amount: number } | { readonly kind: 'cancel' | 'confirm', readonly index: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('pay' as const), amount: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constant(4002)), isManual: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('refund' as const, 'capture' as const), index: fc.nat(9), amount: fc.integer({ min: 1, max: 5000 }) }),
  fc.record({ kind: fc.constantFrom('cancel' as const, 'confirm' as const), index: fc.nat(9) }),
)

function perform (call: Call, ids: readonly string[], action: Step): Promise<unknown> {
  if (action.kind === 'pay') return call('createPayment', { body: { amount: action.amount, currency: 'sek', payment_method: 'pm_card_visa', capture_method: action.isManual ? 'manual' : 'automatic', confirm: true } })
  const id = ids[action.index % Math.max(1, ids.length)] ?? 'pay_none'
  if (action.kind === 'refund') return call('createRefund', { body: { payment: id, amount: action.amount } })
  if (action.kind === 'capture') return call('capturePayment', { path: { payment_id: id }, body: { amount_to_capture: action.amount } })
  return call(`${action.kind}Payment`, { path: { payment_id: id } })
}

t.test('whatever is done at once, balances equal what payments and refunds say, and nothing is negative', async t => {
  const world = await openPayments()
  const slow = createCaller(createSandboxCore({ apis: [world.api], layers: slowLayers(world.stores.layers, 3), keyValue: world.stores.keyValue, clock: world.clock }), world.api, SANDBOX)
  const listIds = async () => (await world.call('listPayments', { query: 'limit=100&currency=sek' })).body.data
  await fc.assert(fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }), async rounds => {
    await world.core.reset(SANDBOX)
    for (const round of rounds) {
      const ids = (await listIds()).map(payment => payment.id)
      await Promise.all(round.map((action, index) => perform(index % 2 === 0 ? slow : world.call, ids, action)))
    }
    const payments = await listIds()
    const total = (member: 'amount_received' | 'amount_refunded' | 'amount_capturable') => payments.reduce((sum, payment) => sum + payment[member], 0)
    const balance = (await world.call('getBalance')).body
    const amount = (list: readonly Money[]) => list.find(entry => entry.currency === 'sek')?.amount ?? 0
    for (const payment of payments) if (payment.amount_refunded > payment.amount_received || payment.amount_refundable < 0) return false
    return amount(balance.available) === total('amount_received') - total('amount_refunded') && amount(balance.pending) === total('amount_capturable')
  }), { numRuns: 25, seed: 20260601 })
  await world.stores.close()
  t.pass('held')
})
