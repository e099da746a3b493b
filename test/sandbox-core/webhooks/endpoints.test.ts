import t from 'tap'
import { Webhook } from 'standardwebhooks'
import { inspect } from 'node:util'
import { createHarness, paymentEvent, sandboxA, sandboxB } from '../../support/webhooks-harness.ts'
import { answer, startReceiver } from '../../support/webhooks-receiver.ts'
import { matchesEvent } from '../../../sandbox-core/webhooks/match-event.ts'

t.test('a URL in a private network is refused with its code, the reason and the pointer', async (t) => {
  const { webhooks } = createHarness({}, { lookup: async () => ['10.0.0.1'] })
  for (const url of ['http://169.254.169.254/latest', 'http://internal.example/', 'http://[fd00:ec2::254]/']) {
    t.match(await webhooks.endpoints.create(sandboxA, { url }), { kind: 'refused', refusal: { code: 'webhook_url_refused', publicDetail: /network/, pointers: ['/url'] } })
  }
  t.same(await webhooks.endpoints.list(sandboxA), [])
})

t.test('an update to a refused URL changes nothing', async (t) => {
  const { webhooks, register } = createHarness()
  const { id } = await register(sandboxA, 'http://127.0.0.1:9/a')
  t.match(await webhooks.endpoints.update(sandboxA, id, { url: 'http://10.0.0.1/', description: 'x' }), { kind: 'refused', refusal: { code: 'webhook_url_refused' } })
  t.match(await webhooks.endpoints.get(sandboxA, id), { url: 'http://127.0.0.1:9/a' })
  t.equal((await webhooks.endpoints.get(sandboxA, id))?.description, undefined)
})

t.test('malformed event filters and long descriptions are refused with their pointer', async (t) => {
  const { webhooks } = createHarness()
  const url = 'http://127.0.0.1:9/'
  for (const filter of ['', '.', 'a.', '.a', 'a..b', '*.a', 'a*', 'a.*.b', 'a b', 'a.**', 'a'.repeat(200)]) {
    t.match(await webhooks.endpoints.create(sandboxA, { url, events: ['ok', filter] }), { kind: 'refused', refusal: { code: 'request_invalid', pointers: ['/events/1'] } }, filter)
  }
  t.match(await webhooks.endpoints.create(sandboxA, { url, events: [] }), { kind: 'refused', refusal: { pointers: ['/events'] } })
  t.match(await webhooks.endpoints.create(sandboxA, { url, description: 'x'.repeat(257) }), { kind: 'refused', refusal: { pointers: ['/description'] } })
})

t.test('a sandbox never has more endpoints than the limit, even when many are made at once', async (t) => {
  const { webhooks, register } = createHarness({ endpointsMax: 3 })
  const url = 'http://127.0.0.1:9/'
  await register(sandboxA, url)
  await Promise.all(Array.from({ length: 10 }, () => webhooks.endpoints.create(sandboxA, { url })))
  t.ok((await webhooks.endpoints.list(sandboxA)).length <= 3)
  while ((await webhooks.endpoints.list(sandboxA)).length < 3) await register(sandboxA, url)
  t.match(await webhooks.endpoints.create(sandboxA, { url }), { kind: 'refused', refusal: { code: 'quota_exceeded', publicDetail: 'A sandbox has at most 3 webhook endpoints.' } })
  await register(sandboxB, url)
  const [first] = await webhooks.endpoints.list(sandboxA)
  await webhooks.endpoints.delete(sandboxA, first?.id ?? '')
  t.match(await webhooks.endpoints.create(sandboxA, { url }), { kind: 'created' })
})

t.test('another sandbox\'s endpoint is not seen, changed, rotated or deleted', async (t) => {
  const { webhooks, register } = createHarness()
  const { id } = await register(sandboxA, 'http://127.0.0.1:9/')
  t.equal(await webhooks.endpoints.get(sandboxB, id), undefined)
  t.same(await webhooks.endpoints.list(sandboxB), [])
  t.match(await webhooks.endpoints.update(sandboxB, id, { isEnabled: false }), { kind: 'refused', refusal: { code: 'resource_not_found' } })
  t.match(await webhooks.endpoints.rotateSecret(sandboxB, id), { kind: 'refused', refusal: { code: 'resource_not_found' } })
  t.equal(await webhooks.endpoints.delete(sandboxB, id), false)
  await webhooks.endpoints.deleteAll(sandboxB)
  t.match(await webhooks.endpoints.get(sandboxA, id), { status: 'enabled' })
})

t.test('the secret is shown at creation only, and does not print', async (t) => {
  const { webhooks } = createHarness()
  const created = await webhooks.endpoints.create(sandboxA, { url: 'http://127.0.0.1:9/', description: 'for jane@example.com' })
  if (created.kind === 'refused') throw new Error(created.refusal.code)
  const secret = created.secret.reveal()
  t.match(secret, /^whsec_/)
  const read = await webhooks.endpoints.get(sandboxA, created.endpoint.id)
  t.same(read, created.endpoint)
  t.equal(read?.description, 'for [email]', 'descriptions are scrubbed')
  t.notMatch(inspect([created, read, await webhooks.endpoints.list(sandboxA)], { depth: 9 }) + JSON.stringify(created), secret.slice(6, 20))
})

t.test('a name that does not resolve yet can be registered, and what is stored is normalised', async (t) => {
  const { webhooks } = createHarness({}, { lookup: async () => { throw new Error('no such name') } })
  t.match(await webhooks.endpoints.create(sandboxA, { url: 'HTTPS://Later.Example:443/a/../b', events: ['a', 'a'] }), { kind: 'created', endpoint: { url: 'https://later.example/b', events: ['a'] } })
})

t.test('endpoints are listed newest first', async (t) => {
  const { webhooks, register, clock } = createHarness()
  const ids: string[] = []
  for (let n = 0; n < 4; n++) {
    ids.unshift((await register(sandboxA, `http://127.0.0.1:9/${n}`)).id)
    clock.advance(1)
  }
  t.same((await webhooks.endpoints.list(sandboxA)).map(({ id }) => id), ids)
})

t.test('after a rotation both secrets verify until the overlap ends, then the new one alone', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { webhooks, register, emit, clock } = createHarness({ secretOverlapMs: 60_000 })
  const { id, secret: old } = await register(sandboxA, receiver.url)
  const rotated = await webhooks.endpoints.rotateSecret(sandboxA, id)
  if (rotated.kind === 'refused') throw new Error(rotated.refusal.code)
  t.equal(rotated.previousEndsAtMs, clock.nowMs() + 60_000)
  const verifies = (secret: string): boolean => {
    const last = receiver.received.at(-1)
    try {
      new Webhook(secret).verify(last?.body ?? '', last?.headers as Record<string, string>)
      return true
    } catch {
      return false
    }
  }
  await emit(sandboxA, paymentEvent('evt_1'))
  await webhooks.runOnce()
  t.same([verifies(old), verifies(rotated.secret.reveal())], [true, true])
  clock.advance(60_000)
  await emit(sandboxA, paymentEvent('evt_2'))
  await webhooks.runOnce()
  t.same([verifies(old), verifies(rotated.secret.reveal())], [false, true])
})

t.test('two rotations at the same moment lose neither secret, and many never grow the header without end', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { webhooks, register, emit, clock } = createHarness()
  const { id } = await register(sandboxA, receiver.url)
  const rotated = await Promise.all([webhooks.endpoints.rotateSecret(sandboxA, id), webhooks.endpoints.rotateSecret(sandboxA, id)])
  await emit(sandboxA, paymentEvent('evt_1'))
  await webhooks.runOnce()
  const [first] = receiver.received
  for (const one of rotated) {
    if (one.kind === 'refused') throw new Error(one.refusal.code)
    t.ok(new Webhook(one.secret.reveal()).verify(first?.body ?? '', first?.headers as Record<string, string>))
  }
  for (let n = 0; n < 12; n++) {
    clock.advance(1)
    await webhooks.endpoints.rotateSecret(sandboxA, id)
  }
  await emit(sandboxA, paymentEvent('evt_2'))
  await webhooks.runOnce()
  t.equal(String(receiver.received.at(-1)?.headers['webhook-signature']).split(' ').length, 4)
})

t.test('a deleted endpoint leaves nothing behind in the store', async (t) => {
  const { webhooks, register, keyValue } = createHarness()
  const { id } = await register(sandboxA, 'http://127.0.0.1:9/')
  await webhooks.endpoints.rotateSecret(sandboxA, id)
  await webhooks.endpoints.update(sandboxA, id, { isEnabled: false })
  t.equal(await webhooks.endpoints.delete(sandboxA, id), true)
  for (const space of ['webhook-endpoints', 'webhook-endpoints-disabled', 'webhook-secrets']) t.same(await keyValue.list(`${space}:${sandboxA}`, { limit: 10 }), [], space)
  t.equal(await webhooks.endpoints.delete(sandboxA, id), false)
})

t.test('filters match exactly, by group, or everything', async (t) => {
  const cases: ReadonlyArray<readonly [string[], string, boolean]> = [
    [['payments.succeeded'], 'payments.succeeded', true],
    [['payments.succeeded'], 'payments.succeeded.late', false],
    [['payments.*'], 'payments.succeeded', true],
    [['payments.*'], 'payments.refund.created', true],
    [['payments.*'], 'payments', false],
    [['payments.*'], 'paymentsx.succeeded', false],
    [['refunds.*', 'customers.created'], 'customers.created', true],
    [['refunds.*', 'customers.created'], 'customers.deleted', false],
    [['*'], 'anything', true]
  ]
  for (const [filters, type, expected] of cases) t.equal(matchesEvent(filters, type), expected, `${filters.join()} ${type}`)
})

t.test('an event goes to the endpoints whose filters name it, and to no other', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  receiver.answers = [answer(204)]
  const base = `http://127.0.0.1:${receiver.port}`
  const { webhooks, register, emit } = createHarness()
  await register(sandboxA, `${base}/all`)
  await register(sandboxA, `${base}/payments`, ['payments.*'])
  await register(sandboxA, `${base}/refunds`, ['refunds.*', 'refund.created'])
  await register(sandboxB, `${base}/other-sandbox`)
  await emit(sandboxA, paymentEvent('evt_1', 'payments.succeeded'))
  await webhooks.runOnce()
  t.same(receiver.received.map(({ url }) => url).sort(), ['/all', '/payments'])
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1, 'one message, one id')
})
