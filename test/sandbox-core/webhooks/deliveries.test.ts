import t from 'tap'
import { createHarness, paymentEvent, sandboxA, sandboxB } from '../../support/webhooks-harness.ts'
import { answer, startReceiver } from '../../support/webhooks-receiver.ts'

t.test('another sandbox\'s deliveries are not listed, read or replayed', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { webhooks, register, emit } = createHarness()
  const { id: endpointId } = await register(sandboxA, receiver.url)
  await register(sandboxB, receiver.url)
  await emit(sandboxA, paymentEvent('evt_1'))
  await webhooks.runOnce()
  const { items: [delivery] } = await webhooks.deliveries.list(sandboxA)
  const id = delivery?.id ?? ''
  t.equal(await webhooks.deliveries.get(sandboxB, id), undefined)
  t.same(await webhooks.deliveries.list(sandboxB), { items: [] })
  t.same(await webhooks.deliveries.list(sandboxB, { endpointId }), { items: [] })
  t.same(await webhooks.deliveries.list(sandboxB, { before: id }), { items: [] })
  t.match(await webhooks.deliveries.replay(sandboxB, id), { kind: 'refused', refusal: { code: 'resource_not_found' } })
  await webhooks.runOnce()
  t.equal(receiver.received.length, 1)
})

t.test('equal events of two sandboxes are two messages, each to its own endpoints', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { webhooks, register, emit } = createHarness()
  await register(sandboxA, `http://127.0.0.1:${receiver.port}/a`)
  await register(sandboxB, `http://127.0.0.1:${receiver.port}/b`)
  for (const sandbox of [sandboxA, sandboxB]) await emit(sandbox, paymentEvent('evt_1'))
  await webhooks.runOnce()
  t.same(receiver.received.map(({ url }) => url).sort(), ['/a', '/b'])
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 2)
})

t.test('a replay of a deleted or disabled endpoint\'s delivery is refused', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { webhooks, register, emit } = createHarness()
  const { id } = await register(sandboxA, receiver.url)
  await emit(sandboxA, paymentEvent('evt_1'))
  await webhooks.runOnce()
  const delivery = (await webhooks.deliveries.list(sandboxA)).items[0]?.id ?? ''
  await webhooks.endpoints.update(sandboxA, id, { isEnabled: false })
  t.match(await webhooks.deliveries.replay(sandboxA, delivery), { kind: 'refused', refusal: { code: 'request_invalid' } })
  await webhooks.endpoints.delete(sandboxA, id)
  t.match(await webhooks.deliveries.replay(sandboxA, delivery), { kind: 'refused', refusal: { code: 'resource_not_found' } })
})

t.test('a replay is a delivery of its own with the same message id and body, to where the endpoint is now', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  receiver.answers = [answer(410), answer(200)]
  const { webhooks, register, emit } = createHarness()
  const { id: endpointId } = await register(sandboxA, receiver.url)
  await emit(sandboxA, paymentEvent('evt_1'))
  await webhooks.runOnce()
  const { items: [old] } = await webhooks.deliveries.list(sandboxA)
  t.equal(old?.status, 'failed')
  await webhooks.endpoints.update(sandboxA, endpointId, { isEnabled: true, url: `http://127.0.0.1:${receiver.port}/moved` })
  const replayed = await webhooks.deliveries.replay(sandboxA, old?.id ?? '')
  t.match(replayed, { kind: 'replayed', delivery: { source: 'replay', replayOf: old?.id, status: 'pending', attempts: [] } })
  await webhooks.runOnce()
  const { items } = await webhooks.deliveries.list(sandboxA)
  t.match(items, [{ source: 'replay', status: 'succeeded', attempts: [{ number: 1, status: 200 }], messageId: old?.messageId }, { source: 'event', status: 'failed' }])
  const [first, second] = receiver.received
  t.equal(second?.url, '/moved')
  t.equal(second?.body, first?.body)
  t.equal(second?.headers['webhook-id'], first?.headers['webhook-id'])
})

t.test('deliveries are listed newest first, by page, by endpoint and by event', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { webhooks, register, emit } = createHarness()
  const { id: all } = await register(sandboxA, receiver.url)
  const { id: some } = await register(sandboxA, receiver.url, ['refunds.*'])
  for (let n = 0; n < 5; n++) {
    await emit(sandboxA, paymentEvent(`evt_${n}`, n === 3 ? 'refunds.created' : 'payments.succeeded'))
    await webhooks.runOnce()
  }
  const seen: string[] = []
  let before: string | undefined
  do {
    const page = await webhooks.deliveries.list(sandboxA, { limit: 2, endpointId: all, ...(before === undefined ? {} : { before }) })
    seen.push(...page.items.map(({ eventId }) => eventId))
    before = page.next
  } while (before !== undefined)
  t.same(seen, ['evt_4', 'evt_3', 'evt_2', 'evt_1', 'evt_0'])
  t.same((await webhooks.deliveries.list(sandboxA, { endpointId: some })).items.map(({ eventId }) => eventId), ['evt_3'])
  t.equal((await webhooks.deliveries.list(sandboxA, { eventId: 'evt_3' })).items.length, 2)
  t.equal((await webhooks.deliveries.list(sandboxA, { eventId: 'evt_3', endpointId: some })).items.length, 1)
  t.same(await webhooks.deliveries.list(sandboxA, { before: 'dlv_unknown' }), { items: [] })
})
