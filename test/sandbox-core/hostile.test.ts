import t from 'tap'
import { firstOf, openPayments } from '../support/core-world.ts'

t.test('validation errors come in the API\'s own shape with the member named, and never with the value sent', async t => {
  const { call, stores } = await openPayments()
  const cases: [string, object, { readonly code: string, readonly param: string | null }][] = [
    ['createPayment', { body: { currency: 'eur' } }, { code: 'parameter_missing', param: 'amount' }],
    ['createPayment', { body: { amount: 'secret-value', currency: 'eur' } }, { code: 'parameter_invalid', param: 'amount' }],
    ['createPayment', { body: { amount: 1.5, currency: 'eur' } }, { code: 'parameter_invalid', param: 'amount' }],
    ['createPayment', { body: { amount: 0, currency: 'eur' } }, { code: 'parameter_invalid', param: 'amount' }],
    ['createPayment', { body: { amount: 1, currency: 'secret-value' } }, { code: 'parameter_invalid', param: 'currency' }],
    ['createPayment', { body: { amount: 1, currency: 'eur', status: 'succeeded' } }, { code: 'parameter_unknown', param: 'status' }],
    ['createPayment', {}, { code: 'parameter_missing', param: null }],
    ['createPayment', { body: [] }, { code: 'parameter_invalid', param: null }],
    ['createPaymentMethod', { body: { type: 'card', card: { number: 'secret-value', exp_month: 1, exp_year: 2030 } } }, { code: 'parameter_invalid', param: 'card.number' }],
    ['createInvoice', { body: { customer: 'cus_ada', currency: 'eur', lines: [{ description: 'x', quantity: 0, unit_amount: 1 }] } }, { code: 'parameter_invalid', param: 'lines[0].quantity' }],
    ['createInvoice', { body: { customer: 'secret-value', currency: 'eur' } }, { code: 'resource_missing', param: 'customer' }],
    ['listPayments', { query: 'limit=secret-value' }, { code: 'parameter_invalid', param: 'limit' }],
    ['listPayments', { query: 'limit=101' }, { code: 'parameter_invalid', param: 'limit' }],
    ['listPayments', { query: 'surprise=1' }, { code: 'parameter_unknown', param: 'surprise' }],
    ['listPayments', { query: 'starting_after=pay_none' }, { code: 'parameter_invalid', param: 'starting_after' }],
    ['createCustomer', { body: {}, key: 'k'.repeat(256) }, { code: 'parameter_invalid', param: 'Idempotency-Key' }],
  ]
  for (const [operation, options, error] of cases) {
    const reply = await call(operation, options)
    t.equal(reply.status, 400, JSON.stringify(options))
    t.match(reply.body.error, error)
    t.notMatch(JSON.stringify(reply.body), /secret-value/)
  }
  await stores.close()
})

t.test('names that reach prototypes are refused or are plain data, and pollute nothing', async t => {
  const { call, stores } = await openPayments()
  for (const name of ['__proto__', 'constructor', 'prototype']) {
    const top = await call('createCustomer', { body: JSON.parse(`{"${name}":{"polluted":"yes"}}`) })
    t.equal(top.status, 400, name)
    t.equal((await call('getCustomer', { path: { customer_id: name } })).status, 404)
    t.equal((await call('listCustomers', { query: `${name}=1` })).status, 400)
  }
  t.equal((await call('createCustomer', { body: JSON.parse('{"metadata":{"__proto__":"x"}}') })).status, 400)
  const plain = await call('createCustomer', { body: { metadata: { constructor: 'x', toString: 'y' } } })
  t.same(plain.body.metadata, { constructor: 'x', toString: 'y' })
  t.equal(({} as Record<string, unknown>)['polluted'], undefined)
  await stores.close()
})

t.test('ids are opaque: slashes, dots, NUL, great length and other collections\' names find nothing', async t => {
  const { call, stores } = await openPayments()
  for (const id of ['', '../customer/cus_ada', 'cus_ada/..', 'cus_ada\u0000', 'x'.repeat(100_000), '~world', 'counter', '%', 'cus_ada ']) {
    t.equal((await call('getCustomer', { path: { customer_id: id } })).status, 404)
    t.equal((await call('updateCustomer', { path: { customer_id: id }, body: {} })).status, 404)
  }
  await stores.close()
})

t.test('absurd bodies are answered with 400 and not with a fault', async t => {
  const { call, stores } = await openPayments()
  let deep: unknown = 'x'
  for (let level = 0; level < 5000; level++) deep = [deep]
  const bodies = [
    { metadata: deep },
    { amount: NaN, currency: 'eur' },
    { amount: Infinity, currency: 'eur' },
    { amount: 1e300, currency: 'eur' },
    { lines: Array.from({ length: 150_000 }, () => 1) },
    { lines: Array.from({ length: 101 }, () => ({ description: 'x', quantity: 1, unit_amount: 1 })), customer: 'cus_ada', currency: 'eur' },
    'text', 7, null, true,
  ]
  for (const body of bodies) for (const operation of ['createPayment', 'createInvoice', 'createCustomer']) t.equal((await call(operation, { body })).status, 400, operation)
  const many = Array.from({ length: 1000 }, (_, index) => `a${index}=1`).join('&')
  t.equal((await call('listPayments', { query: many })).status, 400)
  t.equal((await call('listPayments', { query: '%E0%A4%A&%%%' })).status, 400)
  await stores.close()
})

t.test('lists are newest first and pages join without gap or overlap, forwards and backwards', async t => {
  const { call, stores } = await openPayments()
  const made: string[] = []
  for (let index = 0; index < 7; index++) made.unshift((await call('createCustomer', { body: { name: `Number ${index}` } })).body.id)
  const first = await call('listCustomers', { query: 'limit=3' })
  t.match(first.body, { object: 'list', url: '/v1/customers', has_more: true })
  t.same(first.body.data.map(customer => customer.id), made.slice(0, 3))
  const second = await call('listCustomers', { query: `limit=3&starting_after=${made[2]}` })
  t.same(second.body.data.map(customer => customer.id), made.slice(3, 6))
  const back = await call('listCustomers', { query: `limit=3&ending_before=${made[3]}` })
  t.same(back.body.data.map(customer => customer.id), made.slice(0, 3))
  t.equal(back.body.has_more, false)
  const all = []
  for (let after = ''; ;) {
    const page = (await call('listCustomers', { query: `limit=4${after}` })).body
    all.push(...page.data)
    if (!page.has_more) break
    after = `&starting_after=${all.at(-1)?.id ?? ''}`
  }
  t.equal(all.length, 16)
  t.equal(new Set(all.map(customer => customer.id)).size, 16)
  await stores.close()
})

t.test('lists are filtered by members, and a nested list by the object on its path', async t => {
  const { call, stores } = await openPayments()
  const yen = (await call('listPayments', { query: 'currency=jpy' })).body.data
  t.ok(yen.length > 0 && yen.every(payment => payment.currency === 'jpy'))
  t.equal(firstOf(await call('listCustomers', { query: 'email=ada%40example.test' })).id, 'cus_ada')
  const { body: method } = await call('createPaymentMethod', { body: { type: 'card', customer: 'cus_ada', card: { number: '5555555555554444', exp_month: 1, exp_year: 2031 } } })
  t.same((await call('listCustomerPaymentMethods', { path: { customer_id: 'cus_ada' } })).body.data, [method])
  t.equal((await call('listCustomerPaymentMethods', { path: { customer_id: 'cus_none' } })).status, 404)
  await stores.close()
})
