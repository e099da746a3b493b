import t from 'tap'
import { openPayments, OTHER_SANDBOX, firstOf, type Money } from '../support/core-world.ts'

t.test('a payment of the documented amount is declined in the API\'s own shape, kept, and can be confirmed with the same decline', async t => {
  const { call, stores } = await openPayments()
  const declined = await call('createPayment', { body: { amount: 4002, currency: 'eur', payment_method: 'pm_card_visa', confirm: true } })
  t.equal(declined.status, 402)
  t.same(declined.body, { error: { type: 'card_error', code: 'card_declined', message: 'The card was declined.', param: null, decline_code: 'generic_decline' } })
  const kept = firstOf(await call('listPayments', { query: 'limit=1' }))
  t.equal(kept.status, 'requires_payment_method')
  t.equal(kept.last_error.decline_code, 'generic_decline')
  t.equal((await call('confirmPayment', { path: { payment_id: kept.id } })).status, 402)
  await stores.close()
})

t.test('every documented card is declined with its own code, and a good card succeeds after a declined one', async t => {
  const { call, core, stores } = await openPayments()
  const cards = core.triggers('payments').flatMap(trigger => trigger.input?.member === 'card.number' ? [trigger.input.value] : [])
  t.equal(cards.length, 5)
  const codes = new Set<string | undefined>()
  for (const number of cards) {
    const method = await call('createPaymentMethod', { body: { type: 'card', card: { number, exp_month: 12, exp_year: 2034 } } })
    const reply = await call('createPayment', { body: { amount: 700, currency: 'usd', payment_method: method.body.id, confirm: true } })
    t.equal(reply.status, 402)
    codes.add(reply.body.error.decline_code)
  }
  t.equal(codes.size, 5)
  const payment = firstOf(await call('listPayments', { query: 'limit=1' }))
  const retried = await call('confirmPayment', { path: { payment_id: payment.id }, body: { payment_method: 'pm_card_visa' } })
  t.match(retried.body, { status: 'succeeded', amount_received: 700, last_error: null })
  await stores.close()
})

t.test('a card\'s number is kept nowhere', async t => {
  const { call, stores } = await openPayments()
  const made = await call('createPaymentMethod', { body: { type: 'card', card: { number: '4242424242424242', exp_month: 1, exp_year: 2030, cvc: '123' } } })
  const read = await call('getPaymentMethod', { path: { payment_method_id: made.body.id } })
  t.notMatch(JSON.stringify(read.body), /4242424242424242|"cvc"|"number"/)
  t.match(read.body.card, { brand: 'visa', last4: '4242' })
  await stores.close()
})

t.test('operations that the state does not allow are refused with 409 and change nothing', async t => {
  const { call, stores } = await openPayments()
  const { body: payment } = await call('createPayment', { body: { amount: 500, currency: 'jpy', payment_method: 'pm_card_visa', confirm: true } })
  for (const operation of ['confirmPayment', 'capturePayment', 'cancelPayment']) {
    const reply = await call(operation, { path: { payment_id: payment.id } })
    t.equal(reply.status, 409, operation)
    t.equal(reply.body.error.code, 'state_invalid')
  }
  t.same((await call('getPayment', { path: { payment_id: payment.id } })).body, payment)
  await stores.close()
})

t.test('a refund never exceeds what is left of the payment', async t => {
  const { call, stores } = await openPayments()
  const { body: payment } = await call('createPayment', { body: { amount: 1000, currency: 'eur', payment_method: 'pm_card_visa', confirm: true } })
  const refuse = async (body: object, status: number, code: string) => {
    const reply = await call('createRefund', { body: { payment: payment.id, ...body } })
    t.equal(reply.status, status)
    t.equal(reply.body.error.code, code)
  }
  await refuse({ amount: 1001 }, 400, 'refund_exceeds_payment')
  t.equal((await call('createRefund', { body: { payment: payment.id, amount: 400 } })).status, 201)
  await refuse({ amount: 601 }, 400, 'refund_exceeds_payment')
  const rest = await call('createRefund', { body: { payment: payment.id } })
  t.equal(rest.body.amount, 600)
  await refuse({}, 400, 'refund_exceeds_payment')
  t.match((await call('getPayment', { path: { payment_id: payment.id } })).body, { refunded: true, amount_refundable: 0, amount_refunded: 1000 })
  await refuse({ payment: 'pay_none' }, 400, 'resource_missing')
  await stores.close()
})

t.test('the balance is the sum of what was posted: authorised, captured in part, released, refunded', async t => {
  const { call, stores } = await openPayments()
  const balance = async () => (await call('getBalance')).body
  const amountOf = (list: readonly Money[], currency: string) => list.find(entry => entry.currency === currency)?.amount ?? 0
  const before = await balance()
  const { body: payment } = await call('createPayment', { body: { amount: 9000, currency: 'chf', payment_method: 'pm_card_visa', capture_method: 'manual', confirm: true } })
  t.match(payment, { status: 'requires_capture', amount_capturable: 9000, amount_received: 0 })
  t.equal(amountOf((await balance()).pending, 'chf'), 9000)
  const tooMuch = await call('capturePayment', { path: { payment_id: payment.id }, body: { amount_to_capture: 9001 } })
  t.equal(tooMuch.status, 400)
  const captured = await call('capturePayment', { path: { payment_id: payment.id }, body: { amount_to_capture: 6000 } })
  t.match(captured.body, { status: 'succeeded', amount_received: 6000, amount_capturable: 0, amount_refundable: 6000 })
  await call('createRefund', { body: { payment: payment.id, amount: 1000 } })
  const after = await balance()
  t.equal(amountOf(after.available, 'chf') - amountOf(before.available, 'chf'), 5000)
  t.equal(amountOf(after.pending, 'chf'), 0)
  await stores.close()
})

t.test('currencies with three decimals take only amounts that end in zero; those without decimals take any', async t => {
  const { call, stores } = await openPayments()
  const refused = await call('createPayment', { body: { amount: 1005, currency: 'kwd' } })
  t.match(refused, { status: 400, body: { error: { code: 'amount_invalid', param: 'amount' } } })
  t.equal((await call('createPayment', { body: { amount: 1010, currency: 'kwd' } })).status, 201)
  t.equal((await call('createPayment', { body: { amount: 1, currency: 'jpy' } })).status, 201)
  await stores.close()
})

t.test('an invoice goes from draft over open to paid, makes its payment, and totals its lines', async t => {
  const { call, stores } = await openPayments()
  const { body: draft } = await call('createInvoice', { body: { customer: 'cus_ada', currency: 'eur', lines: [{ description: 'A', quantity: 3, unit_amount: 1200 }, { description: 'B', quantity: 1, unit_amount: 5 }] } })
  t.match(draft, { status: 'draft', total: 3605, amount_due: 3605, number: null })
  const path = { invoice_id: draft.id }
  t.equal((await call('payInvoice', { path })).status, 409)
  const opened = await call('finalizeInvoice', { path })
  t.match(opened.body, { status: 'open', number: /^INV-/ })
  t.equal((await call('updateInvoice', { path, body: { description: 'late' } })).status, 409)
  t.equal((await call('deleteCustomer', { path: { customer_id: 'cus_ada' } })).body.error.code, 'customer_in_use')
  const declined = await call('payInvoice', { path, body: { payment_method: 'pm_card_declined' } })
  t.equal(declined.status, 402)
  t.equal((await call('getInvoice', { path })).body.status, 'open')
  const paid = await call('payInvoice', { path })
  t.match(paid.body, { status: 'paid', amount_paid: 3605, amount_due: 0 })
  const payment = await call('getPayment', { path: { payment_id: paid.body.payment } })
  t.match(payment.body, { status: 'succeeded', amount: 3605, invoice: draft.id })
  t.equal((await call('voidInvoice', { path })).status, 409)
  const empty = await call('createInvoice', { body: { customer: 'cus_ada', currency: 'eur' } })
  t.equal((await call('finalizeInvoice', { path: { invoice_id: empty.body.id } })).body.error.code, 'invoice_empty')
  await stores.close()
})

t.test('a deleted customer is gone, and its reply is the documented tombstone', async t => {
  const { call, stores } = await openPayments()
  const { body } = await call('createCustomer', { body: { name: 'Grace Example' } })
  const path = { customer_id: body.id }
  t.same((await call('deleteCustomer', { path })).body, { id: body.id, object: 'customer', deleted: true })
  t.equal((await call('getCustomer', { path })).status, 404)
  await stores.close()
})

t.test('updates merge maps and remove members with null', async t => {
  const { call, stores } = await openPayments()
  const { body } = await call('createCustomer', { body: { metadata: { a: '1', b: '2' } } })
  const updated = await call('updateCustomer', { path: { customer_id: body.id }, body: { metadata: { a: null, c: '3' }, name: null } })
  t.same(updated.body.metadata, { b: '2', c: '3' })
  t.equal(updated.body.name, null)
  await stores.close()
})

t.test('an object of another sandbox is answered as one that never was', async t => {
  const { call, core, stores } = await openPayments()
  await core.create(OTHER_SANDBOX, { seed: 'other' })
  const { body } = await call('createCustomer', { body: { name: 'Mine' } })
  const path = { customer_id: body.id }
  const foreign = await call('getCustomer', { path, sandbox: OTHER_SANDBOX })
  const unknown = await call('getCustomer', { path: { customer_id: 'cus_never' } })
  t.equal(foreign.status, 404)
  t.same(foreign.body, unknown.body)
  t.equal((await call('updateCustomer', { path, body: { name: 'Theirs' }, sandbox: OTHER_SANDBOX })).status, 404)
  t.equal((await call('createPayment', { body: { amount: 1, currency: 'eur', customer: body.id }, sandbox: OTHER_SANDBOX })).body.error.code, 'resource_missing')
  t.equal((await call('getCustomer', { path })).body.name, 'Mine')
  await stores.close()
})

t.test('each business change stores one event and one job with it, and a refused request none', async t => {
  const { call, stores, clock } = await openPayments()
  await call('createPayment', { body: { amount: 100, currency: 'eur', payment_method: 'pm_card_visa', confirm: true } })
  await call('createRefund', { body: { payment: 'pay_none' } })
  const jobs = await stores.jobs.claim('events', clock.nowMs(), 10, 1000)
  t.same(jobs.map(job => (job.payload['event'] as { type: string }).type), ['payment.created', 'payment.succeeded'])
  t.match(jobs[0]?.payload, { sandbox: 'sbx_one', event: { object: 'event', data: { object: { status: 'succeeded' } } } })
  const listed = await call('listEvents', { query: 'type=payment.succeeded&limit=1' })
  t.same(listed.body.data[0], jobs[1]?.payload['event'])
  t.same((await call('getEvent', { path: { event_id: firstOf(listed).id } })).body, listed.body.data[0])
  await stores.close()
})

t.test('the baseline holds what the documentation promises of it', async t => {
  const { call, stores } = await openPayments()
  const payments = (await call('listPayments', { query: 'limit=100' })).body.data
  t.ok(payments.some(payment => payment.refunded))
  t.same(new Set(payments.map(payment => payment.currency)).has('jpy'), true)
  t.ok(payments.some(payment => payment.currency === 'kwd'))
  t.ok((await call('listInvoices', { query: 'status=paid' })).body.data.length > 0)
  const customers = (await call('listCustomers', { query: 'limit=100' })).body.data
  t.ok(customers.some(customer => (customer.name?.length ?? 0) > 200))
  for (const customer of customers) if (customer.email !== null) t.match(customer.email, /@example\.test$/)
  t.same(await stores.jobs.claim('events', Number.MAX_SAFE_INTEGER, 10, 1000), [])
  await stores.close()
})

t.test('a member whose default is null starts as null, not as the first value of its list', async t => {
  const { call, stores } = await openPayments()
  t.teardown(() => stores.close())
  t.match((await call('createPayment', { body: { amount: 500, currency: 'eur' } })).body, { cancellation_reason: null })
})
