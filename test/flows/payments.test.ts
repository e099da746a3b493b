import t from 'tap'
import { startTestGateway, type Answer } from '../support/gateway.ts'

/** A developer takes a payment from the first customer to the refund, and everything that goes wrong on the way. */
t.test('the payments API', async (t) => {
  const sandgate = await startTestGateway({ 'limits.address.burst': 5000, 'limits.address.limit': 50_000, 'limits.client.burst': 5000, 'limits.client.limit': 50_000 })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox)
  const call = async (method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> =>
    await sandgate.call(method, path, { door: 'mtls', certificate: sandbox, token, headers, ...(body === undefined ? {} : { body }) })
  const newMethod = async (number = '4242424242424242'): Promise<string> => (await call('POST', '/v1/payment_methods', { type: 'card', card: { number, exp_month: 12, exp_year: 2034, cvc: '123' } })).json.id as string

  t.test('validation errors have the API\'s own documented shape, and name the member', async (t) => {
    for (const [body, param] of [[{ amount: 'many', currency: 'eur' }, 'amount'], [{ amount: 5, currency: 'xxx' }, 'currency'], [{ currency: 'eur' }, 'amount'], [{ amount: -1, currency: 'eur' }, 'amount'], [{ amount: 1, currency: 'eur', colour: 'red' }, 'colour']] as const) {
      const refused = await call('POST', '/v1/payments', body)
      t.equal(refused.status, 400, param)
      t.match(refused.json, { error: { type: 'invalid_request_error', code: String, message: String, param } })
      t.match(refused.headers['content-type'], /^application\/json/)
    }
    t.match(await call('GET', '/v1/payments/pay_nothing'), { status: 404, json: { error: { code: 'resource_missing' } } })
    t.match(await call('POST', '/v1/payments', { amount: 100, currency: 'eur', customer: 'cus_nobody' }), { status: 400, json: { error: { param: 'customer' } } }, 'a reference to nothing')
  })

  t.test('customer, payment, confirm, refund: state is remembered and computed', async (t) => {
    const customer = await call('POST', '/v1/customers', { name: 'Zoë 田中', email: 'zoe@example.test' })
    t.equal(customer.status, 201)
    const payment = await call('POST', '/v1/payments', { amount: 2500, currency: 'eur', customer: customer.json.id, payment_method: await newMethod() })
    t.match(payment, { status: 201, json: { status: 'requires_confirmation', amount: 2500 } })
    const confirmed = await call('POST', `/v1/payments/${String(payment.json.id)}/confirm`, {})
    t.match(confirmed, { status: 200, json: { status: 'succeeded', amount_received: 2500, amount_refundable: 2500 } })
    t.match(await call('POST', `/v1/payments/${String(payment.json.id)}/confirm`, {}), { status: 409, json: { error: { code: 'state_invalid' } } }, 'not twice')
    const refund = await call('POST', '/v1/refunds', { payment: payment.json.id, amount: 1000 })
    t.match(refund, { status: 201, json: { amount: 1000 } })
    t.match((await call('GET', `/v1/payments/${String(payment.json.id)}`)).json, { amount_refunded: 1000, amount_refundable: 1500, refunded: false })
    t.match(await call('POST', '/v1/refunds', { payment: payment.json.id, amount: 1501 }), { status: 400, json: { error: { code: 'refund_exceeds_payment' } } }, 'no more than is left')
    t.match((await call('POST', '/v1/refunds', { payment: payment.json.id })).json, { amount: 1500 }, 'the rest by default')
    t.match((await call('GET', `/v1/payments/${String(payment.json.id)}`)).json, { refunded: true })
  })

  t.test('the balance follows the ledger', async (t) => {
    await sandgate.call('POST', '/sandbox/reset', { token: sandbox.key.reveal() })
    const available = async (): Promise<number> => ((await call('GET', '/v1/balance')).json.available as Array<{ currency: string, amount: number }>).find(({ currency }) => currency === 'kwd')?.amount ?? 0
    const before = await available()
    const payment = await call('POST', '/v1/payments', { amount: 12_340, currency: 'kwd', payment_method: await newMethod(), confirm: true })
    t.match(payment, { status: 201, json: { status: 'succeeded' } })
    t.equal(await available(), before + 12_340)
    await call('POST', '/v1/refunds', { payment: payment.json.id, amount: 340 })
    t.equal(await available(), before + 12_000)
  })

  t.test('the documented amount always declines, and so do the documented cards', async (t) => {
    const declined = await call('POST', '/v1/payments', { amount: 4002, currency: 'eur', payment_method: await newMethod(), confirm: true })
    t.match(declined, { status: 402, json: { error: { type: 'card_error', code: 'card_declined' } } })
    const card = await newMethod('4000000000000002')
    t.match(await call('POST', '/v1/payments', { amount: 1000, currency: 'eur', payment_method: card, confirm: true }), { status: 402 })
    const explained = await sandgate.call('GET', `/sandbox/requests/${declined.requestId}`, { token: sandbox.key.reveal() })
    t.match(explained.json, { code: 'card_declined', explanation: { cause: /trigger amount_declined/ } })
    const triggers = await sandgate.call('GET', '/sandbox/triggers', { token: sandbox.key.reveal() })
    t.match(triggers.json.data.find(({ name }: { name: string }) => name === 'amount_declined'), { input: { member: 'amount', value: 4002 }, outcome: { status: 402 } })
  })

  t.test('an idempotency key makes one payment of many requests, and refuses another body', async (t) => {
    const body = { amount: 700, currency: 'usd', payment_method: await newMethod(), confirm: true }
    const answers = await Promise.all(Array.from({ length: 30 }, async () => await call('POST', '/v1/payments', body, { 'idempotency-key': 'order-17' })))
    t.same([...new Set(answers.map((answer) => answer.text))].length, 1, 'thirty identical answers')
    t.equal(answers[0]?.status, 201)
    const amounts = (await call('GET', '/v1/payments?limit=100')).json.data.filter(({ amount }: { amount: number }) => amount === 700)
    t.equal(amounts.length, 1)
    t.match(await call('POST', '/v1/payments', { ...body, amount: 701 }, { 'idempotency-key': 'order-17' }), { status: 409, json: { error: { type: 'idempotency_error' } } })
    const decline = { ...body, amount: 4002 }
    const first = await call('POST', '/v1/payments', decline, { 'idempotency-key': 'order-18' })
    t.equal((await call('POST', '/v1/payments', decline, { 'idempotency-key': 'order-18' })).text, first.text, 'a decline is remembered too')
  })

  t.test('lists page by cursor, newest first, without gaps or repeats', async (t) => {
    const made: string[] = []
    for (let index = 0; index < 7; index++) made.push((await call('POST', '/v1/customers', { name: `Pager ${index}` })).json.id as string)
    const seen: string[] = []
    let cursor = ''
    for (;;) {
      const page = (await call('GET', `/v1/customers?limit=3${cursor === '' ? '' : `&starting_after=${cursor}`}`)).json as { data: Array<{ id: string }>, has_more: boolean }
      seen.push(...page.data.map(({ id }) => id))
      if (!page.has_more) break
      cursor = page.data.at(-1)?.id ?? ''
    }
    t.same(seen.slice(0, 7), made.reverse())
    t.equal(new Set(seen).size, seen.length)
    t.match(await call('GET', '/v1/customers?limit=0'), { status: 400, json: { error: { param: 'limit' } } })
  })

  t.test('currencies without decimals and with three, long names and other scripts are in the baseline', async (t) => {
    await sandgate.call('POST', '/sandbox/reset', { token: sandbox.key.reveal() })
    const customers = (await call('GET', '/v1/customers?limit=100')).json.data as Array<{ name: string | null }>
    t.ok(customers.some(({ name }) => (name ?? '').length > 100), 'a name of great length')
    t.ok(customers.some(({ name }) => /[\u0590-\u06ff]/.test(name ?? '')), 'right to left')
    t.ok(customers.some(({ name }) => /[\u3040-\u30ff\u4e00-\u9fff]/.test(name ?? '')), 'East Asian')
    const currencies = ((await call('GET', '/v1/payments?limit=100')).json.data as Array<{ currency: string }>).map(({ currency }) => currency)
    t.ok(currencies.includes('jpy') && currencies.includes('kwd'))
  })

  t.test('invoices add up, finalise and are paid', async (t) => {
    const customer = (await call('POST', '/v1/customers', { name: 'Invoiced' })).json.id as string
    const invoice = await call('POST', '/v1/invoices', { customer, currency: 'eur', lines: [{ description: 'Tea', quantity: 3, unit_amount: 250 }, { description: 'Cup', quantity: 1, unit_amount: 900 }] })
    t.match(invoice, { status: 201, json: { status: 'draft', total: 1650 } })
    t.match(await call('POST', `/v1/invoices/${String(invoice.json.id)}/finalize`, {}), { status: 200, json: { status: 'open' } })
    t.match(await call('POST', `/v1/invoices/${String(invoice.json.id)}/pay`, { payment_method: await newMethod() }), { status: 200, json: { status: 'paid' } })
  })
})
