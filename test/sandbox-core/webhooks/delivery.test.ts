import t, { type Test } from 'tap'
import { Webhook } from 'standardwebhooks'
import { createHarness, paymentEvent, sandboxA, type Harness } from '../../support/webhooks-harness.ts'
import { answer, createSelfSigned, startReceiver, type Receiver } from '../../support/webhooks-receiver.ts'
import { systemClock } from '../../../kernel/index.ts'
import type { Delivery } from '../../../sandbox-core/webhooks/delivery-log.ts'
import type { WebhookOptions, WebhooksDeps } from '../../../sandbox-core/webhooks/create-webhooks.ts'

async function deliverTo (t: Test, answers: Receiver['answers'], options: Partial<WebhookOptions> = {}, deps: Partial<WebhooksDeps> = {}): Promise<{ harness: Harness, receiver: Receiver, secret: string, delivery: Delivery, read: () => Promise<Delivery> }> {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  receiver.answers = answers
  const harness = createHarness(options, deps)
  const { secret } = await harness.register(sandboxA, receiver.url)
  await harness.emit(sandboxA, paymentEvent('evt_1'))
  await harness.webhooks.runOnce()
  const read = async (): Promise<Delivery> => {
    const { items: [delivery] } = await harness.webhooks.deliveries.list(sandboxA)
    if (delivery === undefined) throw new Error('there is no delivery')
    return delivery
  }
  return { harness, receiver, secret, delivery: await read(), read }
}

t.test('a redirect is a failure and is not followed', async (t) => {
  const other = await startReceiver()
  t.teardown(other.close)
  for (const status of [301, 302, 307, 308]) {
    const { delivery } = await deliverTo(t, [answer(status, '', { location: other.url })])
    t.equal(delivery.status, 'pending')
    t.match(delivery.attempts, [{ status, error: { code: 'redirect_refused' }, responseHeaders: { location: other.url } }])
  }
  t.same(other.received, [])
})

t.test('a name that is rebound to a private address after registration gets nothing', async (t) => {
  const answers = [['93.184.216.34'], ['127.0.0.1']]
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const harness = createHarness({ allowedNetworks: [] }, { lookup: async () => answers.shift() ?? [] })
  await harness.register(sandboxA, `http://rebind.example:${receiver.port}/`)
  await harness.emit(sandboxA, paymentEvent('evt_1'))
  await harness.webhooks.runOnce()
  const { items: [delivery] } = await harness.webhooks.deliveries.list(sandboxA)
  t.match(delivery, { status: 'failed', attempts: [{ error: { code: 'destination_refused' }, requestHeaders: {} }] })
  t.same(harness.outcomes, ['refused'])
  t.same(receiver.received, [])
})

t.test('the connection goes to the address that was checked, and the name is resolved once', async (t) => {
  let count = 0
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const harness = createHarness({}, { lookup: async () => { count++; return ['127.0.0.1'] } })
  await harness.register(sandboxA, `http://pinned.example:${receiver.port}/`)
  count = 0
  await harness.emit(sandboxA, paymentEvent('evt_1'))
  await harness.webhooks.runOnce()
  t.equal(count, 1)
  t.equal(receiver.received[0]?.headers.host, `pinned.example:${receiver.port}`)
})

t.test('a receiver that takes too long is a failure by timeout', async (t) => {
  t.test('before it answers', async (t) => {
    const { delivery, harness } = await deliverTo(t, [() => {}], { timeoutMs: 60 })
    t.match(delivery, { status: 'pending', attempts: [{ error: { code: 'timeout' } }] })
    t.same(harness.outcomes, ['failed'])
  })
  t.test('in the middle of its body', async (t) => {
    const { delivery } = await deliverTo(t, [(response) => { response.writeHead(200).write('x') }], { timeoutMs: 60 })
    t.match(delivery, { status: 'pending', attempts: [{ error: { code: 'timeout' } }] })
  })
  t.test('while its name is resolved', async (t) => {
    const lookups = [Promise.resolve(['127.0.0.1']), new Promise<string[]>(() => {})]
    const harness = createHarness({ timeoutMs: 60 }, { lookup: () => lookups.shift() ?? Promise.reject(new Error('asked too often')) })
    await harness.register(sandboxA, 'http://slow.example/')
    await harness.emit(sandboxA, paymentEvent('evt_1'))
    const keepAlive = setInterval(() => {}, 1000)
    await harness.webhooks.runOnce()
    clearInterval(keepAlive)
    t.match((await harness.webhooks.deliveries.list(sandboxA)).items, [{ attempts: [{ error: { code: 'timeout' } }] }])
  })
})

t.test('a connection that is refused, cut or no HTTP is a failure with a stable code', async (t) => {
  const receiver = await startReceiver()
  await receiver.close()
  const harness = createHarness()
  await harness.register(sandboxA, receiver.url)
  await harness.emit(sandboxA, paymentEvent('evt_1'))
  await harness.webhooks.runOnce()
  t.match((await harness.webhooks.deliveries.list(sandboxA)).items, [{ attempts: [{ error: { code: 'connection_refused' } }] }])
  const cut = await deliverTo(t, [(response) => { response.socket?.destroy() }])
  t.match(cut.delivery.attempts, [{ error: { code: 'connection_lost' } }])
  const garbage = await deliverTo(t, [(response) => { response.socket?.end('SSH-2.0-OpenSSH\r\n') }])
  t.match(garbage.delivery.attempts, [{ error: { code: 'response_malformed' } }])
  const bomb = await deliverTo(t, [(response) => { response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`) }])
  t.match(bomb.delivery.attempts, [{ error: { code: 'response_malformed' } }])
})

t.test('a self-signed https receiver is refused, unless its authority is configured', async (t) => {
  const certificate = createSelfSigned(systemClock.nowMs())
  const receiver = await startReceiver(certificate)
  t.teardown(receiver.close)
  for (const [caPem, expected] of [[undefined, 'pending'], [certificate.certificatePem, 'succeeded']] as const) {
    const harness = createHarness({ allowHttp: false, ...(caPem === undefined ? {} : { caPem }) })
    await harness.register(sandboxA, receiver.url)
    await harness.emit(sandboxA, paymentEvent('evt_1'))
    await harness.webhooks.runOnce()
    const { items: [delivery] } = await harness.webhooks.deliveries.list(sandboxA)
    t.equal(delivery?.status, expected)
    if (caPem === undefined) t.match(delivery?.attempts, [{ error: { code: 'tls_failed' } }])
  }
  t.equal(receiver.received.length, 1)
})

t.test('a trusted certificate for another name is refused', async (t) => {
  const certificate = createSelfSigned(systemClock.nowMs())
  const receiver = await startReceiver(certificate)
  t.teardown(receiver.close)
  const harness = createHarness({ caPem: certificate.certificatePem })
  await harness.register(sandboxA, `https://other.example:${receiver.port}/`)
  await harness.emit(sandboxA, paymentEvent('evt_1'))
  await harness.webhooks.runOnce()
  t.match((await harness.webhooks.deliveries.list(sandboxA)).items, [{ attempts: [{ error: { code: 'tls_failed', detail: /ALTNAME/ } }] }])
  t.same(receiver.received, [])
})

t.test('an answer without end is read to the limit and no further', async (t) => {
  const closed = Promise.withResolvers<string>()
  const { delivery } = await deliverTo(t, [(response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    const timer = setInterval(() => response.write('word '.repeat(2000)), 1)
    response.on('close', () => { clearInterval(timer); closed.resolve('closed') })
  }])
  t.match(delivery, { status: 'succeeded', attempts: [{ responseBodyNote: 'cut after 1024 bytes' }] })
  t.ok((delivery.attempts[0]?.responseBody ?? '').length <= 1024)
  t.equal(await closed.promise, 'closed')
})

t.test('what receivers answer is scrubbed, and a cut leaves no part of a number', async (t) => {
  const { delivery } = await deliverTo(t, [answer(200, 'thanks jane@example.com, 4242424242424242', { server: 'jane@example.com' })])
  t.match(delivery.attempts, [{ responseBody: 'thanks [email], [card]', responseHeaders: { server: '[email]' } }])
  const cut = await deliverTo(t, [answer(200, `${'x '.repeat(505)}card 4242424242424242 end`)])
  t.match(cut.delivery.attempts, [{ responseBodyNote: /^cut/ }])
  t.notMatch(JSON.stringify(cut.delivery), '4242')
})

t.test('bodies that cannot be scrubbed are not kept', async (t) => {
  const zipped = await deliverTo(t, [answer(200, 'jane@example.com', { 'content-encoding': 'gzip' })])
  t.match(zipped.delivery, { status: 'succeeded', attempts: [{ responseBodyNote: /content encoding/ }] })
  t.equal(zipped.delivery.attempts[0]?.responseBody, undefined)
  const utf16 = await deliverTo(t, [(response) => { response.end(Buffer.from('jane@example.com', 'utf16le')) }])
  t.match(utf16.delivery.attempts, [{ responseBodyNote: /UTF-8/ }])
  t.equal(utf16.delivery.attempts[0]?.responseBody, undefined)
})

t.test('a delivery carries the Standard Webhooks headers, which the published library verifies', async (t) => {
  const { delivery, receiver, secret, harness } = await deliverTo(t, [])
  const [received] = receiver.received
  t.match(received, { url: '/hooks?x=1', headers: { 'content-type': 'application/json', 'user-agent': 'Sandgate-Webhooks/1.2.3', 'webhook-timestamp': String(Math.floor(harness.clock.nowMs() / 1000)) } })
  const headers = received?.headers as Record<string, string>
  t.same(new Webhook(secret).verify(received?.body ?? '', headers), paymentEvent('evt_1'))
  t.throws(() => new Webhook(secret).verify(`${received?.body} `, headers))
  t.match(delivery, { status: 'succeeded', source: 'event', eventId: 'evt_1', eventType: 'payments.succeeded', messageId: headers['webhook-id'], payload: received?.body, url: receiver.url })
  t.match(delivery.attempts, [{ number: 1, status: 200, responseBody: 'ok', requestHeaders: { 'webhook-signature': headers['webhook-signature'] } }])
  t.equal(delivery.nextAttemptAtMs, undefined)
  t.same(harness.outcomes, ['succeeded'])
  t.notMatch(JSON.stringify(delivery), secret.slice(6))
})

t.test('a failed delivery is tried again on schedule, with the same id and a fresh signature', async (t) => {
  const { delivery, receiver, secret, harness, read } = await deliverTo(t, [answer(500), answer(503), answer(200)])
  t.match(delivery, { status: 'pending', nextAttemptAtMs: harness.clock.nowMs() + 5_000 })
  harness.clock.advance(4_999)
  await harness.webhooks.runOnce()
  t.equal(receiver.received.length, 1, 'not before its time')
  harness.clock.advance(1)
  await harness.webhooks.runOnce()
  t.match(await read(), { status: 'pending', nextAttemptAtMs: harness.clock.nowMs() + 60_000 })
  harness.clock.advance(60_000)
  await harness.webhooks.runOnce()
  const settled = await read()
  t.equal(settled.status, 'succeeded')
  t.same(settled.attempts.map(({ number, status }) => [number, status]), [[1, 500], [2, 503], [3, 200]])
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-signature'])).size, 3)
  t.equal(new Set(receiver.received.map(({ body }) => body)).size, 1)
  for (const { body, headers } of receiver.received) t.ok(new Webhook(secret).verify(body, headers as Record<string, string>))
  t.same(await harness.jobs.depth('deliveries'), { count: 0 })
})

t.test('after the last attempt a delivery has failed, and nothing is left in the queue', async (t) => {
  const { harness, receiver, read } = await deliverTo(t, [answer(500)])
  for (const pauseMs of [5_000, 60_000, 86_400_000]) {
    harness.clock.advance(pauseMs)
    await harness.webhooks.runOnce()
  }
  const delivery = await read()
  t.equal(delivery.status, 'failed')
  t.equal(delivery.nextAttemptAtMs, undefined)
  t.equal(receiver.received.length, 3)
  t.same(await harness.jobs.depth('deliveries'), { count: 0 })
})

t.test('Retry-After lengthens a pause within bounds, and never shortens it', async (t) => {
  const cases: ReadonlyArray<readonly [string, number]> = [['120', 120_000], ['1', 5_000], ['999999', 43_200_000], ['soon', 5_000], ['-5', 5_000]]
  for (const [value, pauseMs] of cases) {
    const { delivery, harness } = await deliverTo(t, [answer(429, '', { 'retry-after': value })])
    t.equal(delivery.nextAttemptAtMs, harness.clock.nowMs() + pauseMs, value)
  }
  const date = new Date(systemClock.nowMs() + 600_000).toUTCString()
  const { delivery } = await deliverTo(t, [answer(503, '', { 'retry-after': date })])
  t.equal(delivery.nextAttemptAtMs, Date.parse(date))
})

t.test('410 Gone disables the endpoint, and pending deliveries to it fail without being sent', async (t) => {
  const { harness, receiver, delivery } = await deliverTo(t, [answer(500), answer(410)])
  await harness.emit(sandboxA, paymentEvent('evt_2'))
  await harness.webhooks.runOnce()
  const [gone] = (await harness.webhooks.deliveries.list(sandboxA)).items
  t.match(gone, { status: 'failed', attempts: [{ status: 410 }] })
  t.match(await harness.webhooks.endpoints.get(sandboxA, delivery.endpointId), { status: 'disabled' })
  harness.clock.advance(5_000)
  await harness.emit(sandboxA, paymentEvent('evt_3'))
  await harness.webhooks.runOnce()
  t.match(await harness.webhooks.deliveries.get(sandboxA, delivery.id), { status: 'failed', attempts: [{ status: 500 }, { error: { code: 'endpoint_disabled' } }] })
  t.equal(receiver.received.length, 2)
  t.equal((await harness.webhooks.deliveries.list(sandboxA)).items.length, 2, 'a disabled endpoint gets no new deliveries')
  t.match(await harness.webhooks.endpoints.update(sandboxA, delivery.endpointId, { isEnabled: true }), { kind: 'updated', endpoint: { status: 'enabled' } })
})

t.test('a delivery to an endpoint that was deleted meanwhile fails and says so', async (t) => {
  const { harness, delivery, read } = await deliverTo(t, [answer(500)])
  await harness.webhooks.endpoints.delete(sandboxA, delivery.endpointId)
  harness.clock.advance(5_000)
  await harness.webhooks.runOnce()
  t.match(await read(), { status: 'failed', attempts: [{}, { error: { code: 'endpoint_deleted' } }] })
})
