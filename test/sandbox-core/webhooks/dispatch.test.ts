import t from 'tap'
import { createWebhooks } from '../../../sandbox-core/webhooks/create-webhooks.ts'
import type { Jobs, Log } from '../../../stores/ports.ts'
import { createFakeClock, createHarness, openMemoryStores, paymentEvent, sandboxA, sandboxB } from '../../support/webhooks-harness.ts'
import { answer, startReceiver } from '../../support/webhooks-receiver.ts'

const lookup = async (): Promise<string[]> => ['127.0.0.1']

/** The n-th call of one method of a port dies, as if the process had been killed there: before its effect, or after. */
function dieAt<Port extends object> (port: Port, method: keyof Port, nth: number, when: 'before' | 'after'): Port {
  let calls = 0
  return new Proxy(port, {
    get: (target, name, receiver) => {
      const value = Reflect.get(target, name, receiver)
      if (name !== method || typeof value !== 'function') return value
      return async (...parameters: unknown[]) => {
        const dies = ++calls === nth
        if (dies && when === 'before') throw new Error('killed')
        const result = await Reflect.apply(value, target, parameters)
        if (dies) throw new Error('killed')
        return result
      }
    }
  })
}

t.test('a crash at any step of fan-out loses and doubles nothing', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const steps: ReadonlyArray<readonly ['jobs' | 'log', string, number]> = [
    ['log', 'get', 1], ['log', 'get', 2], ['log', 'flush', 1], ['jobs', 'enqueue', 1], ['jobs', 'enqueue', 2], ['jobs', 'complete', 1]
  ]
  for (const [port, method, nth] of steps) {
    for (const when of ['before', 'after'] as const) {
      receiver.received.length = 0
      const faults: unknown[] = []
      const clock = createFakeClock()
      const stores = openMemoryStores(clock)
      const deps = { clock, options: { allowedNetworks: ['127.0.0.0/8'], allowHttp: true, timeoutMs: 5_000, retriesMs: [5_000], responseBytesMax: 100 }, scrubText: (text: string) => text, onFault: (fault: unknown) => faults.push(fault), lookup }
      const dying = createWebhooks({
        ...stores,
        ...deps,
        ...(port === 'jobs' ? { jobs: dieAt(stores.jobs, method as keyof Jobs, nth, when) } : { log: dieAt(stores.log, method as keyof Log, nth, when) })
      })
      for (const path of ['one', 'two']) await dying.endpoints.create(sandboxA, { url: `http://127.0.0.1:${receiver.port}/${path}` })
      await stores.jobs.enqueue({ queue: 'events', id: 'evt_1', dueMs: clock.nowMs(), payload: { sandbox: sandboxA, event: paymentEvent('evt_1') } })
      await dying.runOnce()
      t.equal(faults.length, 1, 'the step was reached')
      const next = createWebhooks({ ...stores, ...deps })
      for (let n = 0; n < 3; n++) {
        clock.advance(60_000)
        await next.runOnce()
      }
      t.same(receiver.received.map(({ url }) => url).sort(), ['/one', '/two'], `killed ${when} ${port}.${method} ${nth}`)
      t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
      t.same((await next.deliveries.list(sandboxA)).items.map(({ status }) => status), ['succeeded', 'succeeded'])
      t.same(await stores.jobs.depth('events'), { count: 0 })
    }
  }
})

t.test('an attempt that is in the log is not made again after a crash, and its retry is not lost', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  receiver.answers = [answer(500), answer(200)]
  for (const [method, nth] of [['enqueue', 2], ['complete', 2]] as const) {
    receiver.received.length = 0
    receiver.answers = [answer(500), answer(200)]
    const clock = createFakeClock()
    const stores = openMemoryStores(clock)
    const faults: unknown[] = []
    const deps = { clock, options: { allowedNetworks: ['127.0.0.0/8'], allowHttp: true, timeoutMs: 5_000, retriesMs: [100_000], responseBytesMax: 100 }, scrubText: (text: string) => text, onFault: (fault: unknown) => faults.push(fault), lookup }
    const dying = createWebhooks({ ...stores, ...deps, jobs: dieAt(stores.jobs, method, nth, 'before') })
    await dying.endpoints.create(sandboxA, { url: receiver.url })
    await stores.jobs.enqueue({ queue: 'events', id: 'evt_1', dueMs: clock.nowMs(), payload: { sandbox: sandboxA, event: paymentEvent('evt_1') } })
    await dying.runOnce()
    t.equal(faults.length, 1)
    const next = createWebhooks({ ...stores, ...deps })
    clock.advance(60_000)
    await next.runOnce()
    t.equal(receiver.received.length, 1, 'the first attempt stands')
    clock.advance(40_000)
    await next.runOnce()
    t.match((await next.deliveries.list(sandboxA)).items, [{ status: 'succeeded', attempts: [{ number: 1, status: 500 }, { number: 2, status: 200 }] }])
    clock.advance(600_000)
    t.equal(await next.runOnce(), 0)
    t.equal(receiver.received.length, 2)
  }
})

t.test('a lost log entry loses no webhook', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const harness = createHarness()
  await harness.register(sandboxA, receiver.url)
  await harness.emit(sandboxA, paymentEvent('evt_1'))
  const clock = harness.clock
  const dying = createWebhooks({ ...harness, jobs: dieAt(harness.jobs, 'complete', 1, 'after'), log: openMemoryStores(clock).log, options: { allowedNetworks: ['127.0.0.0/8'], allowHttp: true, timeoutMs: 1, retriesMs: [], responseBytesMax: 1, concurrency: { overall: 0, perSandbox: 0, perEndpoint: 0 } }, scrubText: (text) => text, lookup })
  await dying.runOnce()
  await harness.webhooks.runOnce()
  t.equal(receiver.received.length, 1)
  t.match((await harness.webhooks.deliveries.list(sandboxA)).items, [{ status: 'succeeded' }])
})

t.test('the same event id after a reset is a new message', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { webhooks, register, emit } = createHarness()
  await register(sandboxA, receiver.url)
  for (let n = 0; n < 2; n++) {
    await emit(sandboxA, paymentEvent('evt_1'), 'evt_1')
    await webhooks.runOnce()
  }
  t.equal(receiver.received.length, 2)
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 2)
})

t.test('malformed jobs are dropped and stop nothing', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { webhooks, register, emit, jobs, clock } = createHarness()
  await register(sandboxA, receiver.url)
  const dueMs = clock.nowMs()
  for (const [n, payload] of [{}, { sandbox: 1, event: {} }, { sandbox: sandboxA, event: null }, { sandbox: sandboxA, event: { id: 'x' } }].entries()) await jobs.enqueue({ queue: 'events', id: `bad_${n}`, dueMs, payload })
  await jobs.enqueue({ queue: 'deliveries', id: 'bad', dueMs, payload: { sandbox: sandboxA } })
  await emit(sandboxA, paymentEvent('evt_1'))
  await webhooks.runOnce()
  await webhooks.runOnce()
  t.equal(receiver.received.length, 1)
  t.same(await jobs.depth('events'), { count: 0 })
  t.same(await jobs.depth('deliveries'), { count: 0 })
})

t.test('no log entry of a sandbox holds a secret', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { webhooks, register, emit, log, clock } = createHarness()
  const { id, secret } = await register(sandboxA, receiver.url)
  const rotated = await webhooks.endpoints.rotateSecret(sandboxA, id)
  if (rotated.kind === 'refused') throw new Error(rotated.refusal.code)
  receiver.answers = [answer(500), answer(200)]
  await emit(sandboxA, paymentEvent('evt_1'))
  await webhooks.runOnce()
  clock.advance(5_000)
  await webhooks.runOnce()
  const stored = JSON.stringify(await log.read(`deliveries:${sandboxA}`, { limit: 100 }))
  t.match(stored, /webhook-signature/)
  t.notMatch(stored, secret.slice(6, 40))
  t.notMatch(stored, rotated.secret.reveal().slice(6, 40))
})

t.test('a receiver that hangs holds up neither another endpoint nor another sandbox', async (t) => {
  const [slow, fast] = [await startReceiver(), await startReceiver()]
  t.teardown(slow.close)
  t.teardown(fast.close)
  slow.answers = [() => {}]
  const { webhooks, register, emit, jobs, outcomes } = createHarness({ timeoutMs: 60_000, concurrency: { overall: 8, perSandbox: 4, perEndpoint: 2 } })
  await register(sandboxA, slow.url)
  await register(sandboxB, fast.url)
  for (let n = 0; n < 50; n++) await emit(sandboxA, paymentEvent(`evt_${n}`))
  await emit(sandboxB, paymentEvent('evt_b'))
  webhooks.start()
  await until(() => outcomes.length === 1 && slow.received.length === 2)
  await webhooks.stop({ graceMs: 0 })
  t.equal(fast.received.length, 1)
  t.equal(slow.received.length, 2, 'its own limit holds')
  t.equal((await jobs.depth('deliveries')).count, 50, 'and nothing of it is lost')
})

t.test('stop waits for deliveries in flight; those cut short go back to the queue uncounted', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const release: Array<() => void> = []
  receiver.answers = [(response) => { release.push(() => response.end()) }]
  const { webhooks, register, emit, jobs, outcomes } = createHarness()
  await register(sandboxA, receiver.url)
  await emit(sandboxA, paymentEvent('evt_1'))
  webhooks.start()
  await until(() => release.length === 1)
  const stopped = webhooks.stop()
  release.shift()?.()
  await stopped
  t.same(outcomes, ['succeeded'])

  await emit(sandboxA, paymentEvent('evt_2'))
  webhooks.start()
  await until(() => release.length === 1)
  await webhooks.stop({ graceMs: 1 })
  t.same(outcomes, ['succeeded'])
  t.match((await webhooks.deliveries.list(sandboxA)).items[0], { status: 'pending', attempts: [] })
  t.equal((await jobs.depth('deliveries')).count, 1)
  receiver.answers = [answer(200)]
  await webhooks.runOnce()
  t.match((await webhooks.deliveries.list(sandboxA)).items[0], { status: 'pending' }, 'runOnce after stop sends nothing')
  webhooks.start()
  await until(() => outcomes.length === 2)
  await webhooks.stop()
  t.match((await webhooks.deliveries.list(sandboxA)).items[0], { status: 'succeeded', attempts: [{ number: 1 }] })
})

t.test('a store that fails stops nothing for longer than it lasts', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const clock = createFakeClock()
  const stores = openMemoryStores(clock)
  const faults: unknown[] = []
  const webhooks = createWebhooks({ ...stores, clock, jobs: dieAt(stores.jobs, 'claim', 1, 'before'), options: { allowedNetworks: ['127.0.0.0/8'], allowHttp: true, timeoutMs: 5_000, retriesMs: [], responseBytesMax: 10 }, scrubText: (text) => text, onFault: (fault) => faults.push(fault), lookup })
  await webhooks.endpoints.create(sandboxA, { url: receiver.url })
  await stores.jobs.enqueue({ queue: 'events', id: 'evt_1', dueMs: clock.nowMs(), payload: { sandbox: sandboxA, event: paymentEvent('evt_1') } })
  webhooks.start()
  await until(() => faults.length === 1)
  webhooks.wake()
  await until(() => receiver.received.length === 1)
  await webhooks.stop()
  t.equal(faults.length, 1)
})

async function until (isMet: () => boolean): Promise<void> {
  while (!isMet()) await new Promise((resolve) => setTimeout(resolve, 2))
}
