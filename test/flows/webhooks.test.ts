import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import type { NewSandbox } from '../../gateway/control/index.ts'

interface Received { readonly headers: IncomingMessage['headers'], readonly body: string }

/** A receiver on loopback that answers with the statuses it is given, then 200. */
async function startReceiver (t: Test, statuses: number[] = []): Promise<{ readonly url: string, readonly received: Received[], readonly count: (n: number) => Promise<void> }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => { body += chunk.toString() })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      response.statusCode = statuses.shift() ?? 200
      response.end('thank you, write to jane.doe@gmail.com')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const count = async (n: number): Promise<void> => {
    for (let waited = 0; received.length < n; waited += 20) {
      if (waited > 20_000) throw new Error(`only ${received.length} of ${n} deliveries arrived`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`, received, count }
}

async function pay (sandgate: TestGateway, sandbox: NewSandbox): Promise<string> {
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  const method = (await sandgate.call('POST', '/v1/payment_methods', { token, body: { type: 'card', card: { number: '4242424242424242', exp_month: 1, exp_year: 2033 } } })).json.id as string
  return (await sandgate.call('POST', '/v1/payments', { token, body: { amount: 900, currency: 'eur', payment_method: method, confirm: true } })).json.id as string
}

/** A confirmed payment reaches the developer's endpoint, signed; what fails is tried again; everything can be read and replayed. */
t.test('webhooks', async (t) => {
  const sandgate = await startTestGateway({ 'webhooks.retries': ['100ms', '100ms'] })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const key = sandbox.key.reveal()
  const register = async (body: object, token = key) => await sandgate.call('POST', '/sandbox/webhooks/endpoints', { token, body })

  t.test('URLs into private and metadata networks are refused', async (t) => {
    for (const url of ['http://169.254.169.254/latest', 'https://10.0.0.8/x', 'http://192.168.1.1/', 'https://[fd00::1]/', 'ftp://example.com/', 'https://user:secret@example.com/', 'http://0x0a000008/']) {
      t.match(await register({ url }), { status: 422, json: { code: 'webhook_url_refused' } }, url)
    }
  })

  t.test('loopback is refused too where the configuration does not allow it', async (t) => {
    const strict = await startTestGateway({ 'webhooks.allowed_networks': [] })
    t.teardown(strict.stop)
    const theirs = await strict.newSandbox()
    for (const url of ['http://127.0.0.1:9/', 'http://localhost:9/', 'http://[::1]:9/']) {
      t.match(await strict.call('POST', '/sandbox/webhooks/endpoints', { token: theirs.key.reveal(), body: { url } }), { status: 422, json: { code: 'webhook_url_refused' } }, url)
    }
  })

  t.test('a confirmed payment is delivered, signed by Standard Webhooks, after two failures', async (t) => {
    const receiver = await startReceiver(t, [500, 503])
    const endpoint = await register({ url: receiver.url, events: ['payment.succeeded'] })
    t.equal(endpoint.status, 201)
    t.match(endpoint.json.secret, /^whsec_/)
    t.notMatch((await sandgate.call('GET', '/sandbox/webhooks/endpoints', { token: key })).text, 'whsec_', 'the secret is shown once')
    const payment = await pay(sandgate, sandbox)
    await receiver.count(3)
    const verifier = new Webhook(endpoint.json.secret as string)
    for (const { headers, body } of receiver.received) {
      const event = verifier.verify(body, headers as Record<string, string>) as { type: string, data: { object: { id: string, status: string } } }
      t.match(event, { type: 'payment.succeeded' })
      t.match(JSON.stringify(event), payment)
    }
    t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1, 'one id for all attempts')
    t.throws(() => verifier.verify(`${receiver.received[0]?.body ?? ''} `, receiver.received[0]?.headers as Record<string, string>), 'a changed body does not verify')

    const settled = async (): Promise<{ id: string, status: string }> => {
      for (;;) {
        const [delivery] = (await sandgate.call('GET', `/sandbox/webhooks/deliveries?endpoint=${String(endpoint.json.id)}`, { token: key })).json.data as Array<{ id: string, status: string }>
        if (delivery !== undefined && delivery.status !== 'pending') return delivery
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const delivery = await sandgate.call('GET', `/sandbox/webhooks/deliveries/${(await settled()).id}`, { token: key })
    t.match(delivery.json, { status: 'succeeded', payload: receiver.received[0]?.body, attempts: [{ status: 500 }, { status: 503 }, { status: 200, response_body: /thank you/ }] })
    t.notMatch(delivery.text, 'jane.doe@gmail.com', 'what the receiver answers is scrubbed')

    const replay = await sandgate.call('POST', `/sandbox/webhooks/deliveries/${String(delivery.json.id)}/replay`, { token: key })
    t.match(replay, { status: 202, json: { source: 'replay', replay_of: delivery.json.id } })
    await receiver.count(4)
    t.equal(receiver.received[3]?.body, receiver.received[0]?.body)
    t.ok(verifier.verify(receiver.received[3]?.body ?? '', receiver.received[3]?.headers as Record<string, string>))

    const stranger = (await sandgate.newSandbox()).key.reveal()
    t.equal((await sandgate.call('GET', `/sandbox/webhooks/deliveries/${String(delivery.json.id)}`, { token: stranger })).status, 404)
    t.equal((await sandgate.call('POST', `/sandbox/webhooks/deliveries/${String(delivery.json.id)}/replay`, { token: stranger })).status, 404)
    t.equal((await sandgate.call('DELETE', `/sandbox/webhooks/endpoints/${String(endpoint.json.id)}`, { token: stranger })).status, 404)
    t.equal((await sandgate.call('DELETE', `/sandbox/webhooks/endpoints/${String(endpoint.json.id)}`, { token: key })).status, 204)
  })

  t.test('events of one sandbox reach no endpoint of another', async (t) => {
    const receiver = await startReceiver(t)
    const other = await sandgate.newSandbox()
    await register({ url: receiver.url }, other.key.reveal())
    await pay(sandgate, sandbox)
    await pay(sandgate, other)
    await receiver.count(1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const ids = new Set(receiver.received.map(({ body }) => body))
    t.ok(ids.size >= 1)
    const deliveries = (await sandgate.call('GET', '/sandbox/webhooks/deliveries?limit=100', { token: key })).json.data as unknown[]
    t.equal(deliveries.filter((delivery) => JSON.stringify(delivery).includes(receiver.url)).length, 0)
  })
})
