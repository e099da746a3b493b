import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { startTestGateway, type Answer, type TestGateway } from '../support/gateway.ts'
import { isRedisInstalled, startRedis, type PrivateRedis } from '../support/stores-redis-server.ts'

const skip = isRedisInstalled ? false : 'redis-server is not installed'

/** Two instances of one installation: the same keys, the same issuer, one Redis. The second one's settings may differ. */
async function startPair (t: Test, settings: Record<string, unknown> = {}, ofSecond: Record<string, unknown> = {}): Promise<{ redis: PrivateRedis, one: TestGateway, two: TestGateway }> {
  const redis = await startRedis({ isCluster: false })
  t.teardown(redis.stop)
  const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'sandgate-pair-')))
  for (const directory of directories) t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const [first = '', second = ''] = directories
  const shared = { 'stores.driver': 'redis', 'stores.redis.url': redis.url, 'stores.redis.command_deadline': '2s', 'profile.issuer': 'https://sandgate.example', 'abuse.mode': 'report', ...settings }
  const one = await startTestGateway(shared, { directory: first })
  t.teardown(one.stop)
  cpSync(join(first, 'keys'), join(second, 'keys'), { recursive: true })
  const two = await startTestGateway({ ...shared, ...ofSecond }, { directory: second })
  t.teardown(two.stop)
  return { redis, one, two }
}

/** Asks until the answer is as wanted: what one instance does is told to the others by a notice. The runner's timeout ends a wait in vain. */
async function eventually (ask: () => Promise<Answer>, isWanted: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

t.test('two instances on one Redis', { skip }, async (t) => {
  const { one, two } = await startPair(t)
  const sandbox = await one.newSandbox({ account: 'acme' })
  const stranger = await two.newSandbox({ account: 'other' })
  const token = await one.tokenFor(sandbox, { door: 'public' })
  const basic = `Basic ${Buffer.from(`${sandbox.client.id}:${sandbox.client.secret.reveal()}`).toString('base64')}`
  const form = { 'content-type': 'application/x-www-form-urlencoded', authorization: basic }

  t.test('a token revoked at one is refused at the other, which had verified it', async (t) => {
    const doomed = await one.tokenFor(sandbox, { door: 'public' })
    t.equal((await two.call('GET', '/v1/customers', { token: doomed })).status, 200)
    t.equal((await one.call('POST', '/oauth/revoke', { headers: form, body: `token=${doomed}` })).status, 200)
    t.match(await eventually(async () => await two.call('GET', '/v1/customers', { token: doomed }), (answer) => answer.status !== 200), { status: 401, json: { code: 'token_revoked' } })
    t.equal((await two.call('GET', '/v1/customers', { token })).status, 200, 'and no other token')
  })

  t.test('a certificate revoked at one is refused at the other, on a connection that is open', async (t) => {
    const doomed = await one.newSandbox({ account: 'doomed' })
    const bound = await two.tokenFor(doomed)
    const call = async () => await two.call('GET', '/v1/customers', { door: 'mtls', certificate: doomed, token: bound })
    t.equal((await call()).status, 200)
    t.equal((await one.call('POST', `/control/certificates/${doomed.mtlsClient.serial}/revoke`, { token: one.operatorToken })).status, 200)
    t.match(await eventually(call, (answer) => answer.status !== 200), { status: 401, json: { code: 'certificate_revoked' } })
  })

  t.test('a sandbox\'s clock moved at one has moved at the other, and its tokens have aged there', async (t) => {
    const aged = await one.newSandbox({ account: 'aged' })
    const old = await one.tokenFor(aged, { door: 'public' })
    t.equal((await two.call('GET', '/v1/customers', { token: old })).status, 200)
    await one.call('POST', '/sandbox/clock/advance', { token: aged.key.reveal(), body: { by: '61m' } })
    t.match(await eventually(async () => await two.call('GET', '/v1/customers', { token: old }), (answer) => answer.status !== 200), { status: 401, json: { code: 'token_expired' } })
    t.equal((await two.call('GET', '/v1/customers', { token: await two.tokenFor(aged, { door: 'public' }) })).status, 200)
  })

  t.test('a token of one that the other has never seen works there, also bound, and only for its own sandbox', async (t) => {
    const bound = await one.tokenFor(sandbox)
    t.equal((await two.call('GET', '/v1/customers', { door: 'mtls', certificate: sandbox, token: bound })).status, 200)
    t.equal((await two.call('GET', '/v1/customers', { door: 'mtls', certificate: stranger, token: bound })).json.code, 'token_binding_mismatch')
  })

  t.test('what one creates the other sees, changes and lists; another sandbox sees nothing of it', async (t) => {
    const made = await one.call('POST', '/v1/customers', { token, body: { name: 'Shared' } })
    t.equal(made.status, 201)
    const path = `/v1/customers/${String(made.json.id)}`
    t.match(await two.call('GET', path, { token }), { status: 200, json: { name: 'Shared' } })
    t.match((await two.call('GET', '/v1/customers?limit=100', { token })).text, made.json.id)
    t.equal((await two.call('GET', path, { token: await one.tokenFor(stranger, { door: 'public' }) })).status, 404)
    const record = await eventually(async () => await two.call('GET', `/sandbox/requests/${made.requestId}`, { token: sandbox.key.reveal() }), (answer) => answer.status !== 404)
    t.match(record.json, { path: '/v1/customers', status: 201 }, 'the record too, once it is written')
  })

  t.test('an idempotency key used at one is known at the other', async (t) => {
    const headers = { 'idempotency-key': 'key-1' }
    const body = { amount: 1999, currency: 'eur', payment_method: 'pm_card_visa' }
    const [first, again] = [await one.call('POST', '/v1/payments', { token, headers, body }), await two.call('POST', '/v1/payments', { token, headers, body })]
    t.equal(first.status, 201)
    t.equal(again.json.id, first.json.id)
    const raced = await Promise.all([one, two, one, two].map(async (gateway) => await gateway.call('POST', '/v1/payments', { token, headers: { 'idempotency-key': 'key-2' }, body })))
    t.equal(new Set(raced.filter((answer) => answer.status === 201).map((answer) => answer.json.id)).size, 1, 'and used at once at both it makes one payment')
  })

  t.test('a reset at one is a reset at the other', async (t) => {
    const made = await two.call('POST', '/v1/customers', { token, body: { name: 'Gone soon' } })
    t.equal((await one.call('POST', '/sandbox/reset', { token: sandbox.key.reveal() })).status, 200)
    t.equal((await two.call('GET', `/v1/customers/${String(made.json.id)}`, { token })).status, 404)
  })

  t.test('an account\'s quota holds across both', async (t) => {
    const answers = await Promise.all(Array.from({ length: 8 }, async (_, index) => await (index % 2 === 0 ? one : two).call('POST', '/control/sandboxes', { token: one.operatorToken, body: { account: 'eager' } })))
    t.equal(answers.filter((answer) => answer.status === 201).length, 5)
  })
})

t.test('a budget is one for both instances', { skip }, async (t) => {
  const { one, two } = await startPair(t, { 'limits.client.limit': 4, 'limits.client.burst': 4, 'limits.client.window': '10m' })
  const sandbox = await one.newSandbox()
  const token = await one.tokenFor(sandbox, { door: 'public' })
  const statuses = []
  for (const gateway of [one, two, one, two, one, two]) statuses.push((await gateway.call('GET', '/v1/customers', { token })).status)
  t.same(statuses, [200, 200, 200, 200, 429, 429])
})

t.test('when Redis dies', { skip }, async (t) => {
  const { redis, one, two } = await startPair(t, { 'stores.redis.command_deadline': '200ms' }, { 'limits.client.on_store_loss': 'refuse' })
  const sandbox = await one.newSandbox()
  const token = await one.tokenFor(sandbox, { door: 'public' })
  for (const gateway of [one, two]) t.equal((await gateway.call('GET', '/v1/customers', { token })).status, 200)
  const ready = async (gateway: TestGateway) => await request(`${gateway.opsUrl}/readyz`).then(async (answer) => ({ status: answer.statusCode, text: await answer.body.text() }))
  await redis.stop()

  t.test('what needs the store is 503, in the form of its surface, with nothing of the cause', async (t) => {
    const refused = await one.call('GET', '/v1/customers', { token })
    t.match(refused, { status: 503, json: { code: 'dependency_unavailable' }, headers: { 'content-type': /problem\+json/ } })
    t.notMatch(refused.text, /redis|ECONNREFUSED|127\.0\.0\.1/i)
    const write = await one.call('POST', '/v1/customers', { token, body: { name: 'x' } })
    t.match(write, { status: 503 }, 'a write is not acknowledged')
    t.match(await one.call('GET', '/sandbox', { token: sandbox.key.reveal() }), { status: 503, json: { code: 'dependency_unavailable' } })
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: sandbox.client.id, client_secret: sandbox.client.secret.reveal() }).toString()
    const issued = await one.call('POST', '/oauth/token', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form })
    t.ok(issued.status >= 500, `no token is issued: ${issued.status}`)
    t.match(issued.json, { error: /^(?:server_error|temporarily_unavailable)$/ })
    t.notMatch(issued.text, /redis|ECONNREFUSED|127\.0\.0\.1/i)
  })

  t.test('who is refused without the store is refused as ever', async (t) => {
    t.match(await one.call('GET', '/v1/customers'), { status: 401, json: { code: 'token_missing' } })
    t.match(await one.call('GET', '/v1/customers', { token: `${token}x` }), { status: 401, json: { code: /^token_/ } })
    t.match(await one.call('GET', '/v1/customers', { token: 'opaque' }), { status: 503, json: { code: 'dependency_unavailable' } }, 'but what only the store could know is not called a bad token')
    t.equal((await one.call('GET', '/oauth/jwks')).status, 200, 'and what needs no store is served')
  })

  t.test('a plan that refuses when the store is lost refuses, with a time to retry', async (t) => {
    t.match(await two.call('GET', '/v1/customers', { token }), { status: 429, json: { code: 'client_limit_exceeded' }, headers: { 'retry-after': /^\d+$/ } })
  })

  t.test('readiness and metrics say so, and liveness does not', async (t) => {
    for (const gateway of [one, two]) {
      t.match(await ready(gateway), { status: 503, text: /the store does not answer/ })
      t.equal((await request(`${gateway.opsUrl}/livez`)).statusCode, 200)
    }
    const metrics = await request(`${one.opsUrl}/metrics`)
    t.equal(metrics.statusCode, 200)
    t.match(await metrics.body.text(), /sandgate_stage_faults_total\{stage="limit-\w+"\} [1-9]/)
  })

  t.test('every request is logged all the same', async (t) => {
    const { requestId } = await one.call('GET', '/v1/customers', { token })
    t.ok(requestId)
    await eventually(async () => ({ status: one.logLines.some((line) => line.includes(requestId)) ? 200 : 0 }) as Answer, (answer) => answer.status === 200)
    t.ok(one.logLines.some((line) => line.includes(requestId) && line.includes('dependency_unavailable')))
  })
})

t.test('when Redis hangs, requests get an answer within its deadline, and both go on when it wakes', { skip }, async (t) => {
  const { redis, one, two } = await startPair(t, { 'stores.redis.command_deadline': '200ms' })
  const sandbox = await one.newSandbox()
  const token = await one.tokenFor(sandbox, { door: 'public' })
  const made = await one.call('POST', '/v1/customers', { token, body: { name: 'Before' } })
  redis.pause()
  t.match(await one.call('GET', '/v1/customers', { token }), { status: 503, json: { code: 'dependency_unavailable' } })
  t.match(await two.call('POST', '/v1/customers', { token, body: { name: 'Never' } }), { status: 503 })
  redis.resume()
  for (const gateway of [one, two]) {
    const answer = await eventually(async () => await gateway.call('GET', `/v1/customers/${String(made.json.id)}`, { token }), ({ status }) => status !== 503)
    t.match(answer, { status: 200, json: { name: 'Before' } }, 'nothing that was acknowledged is lost')
    t.equal((await request(`${gateway.opsUrl}/readyz`)).statusCode, 200)
  }
  t.equal((await two.call('POST', '/v1/customers', { token, body: { name: 'After' } })).status, 201)
})

t.test('without Redis a start fails, says so and leaves nothing running', { skip }, async (t) => {
  const redis = await startRedis({ isCluster: false })
  await redis.stop()
  await t.rejects(startTestGateway({ 'stores.driver': 'redis', 'stores.redis.url': redis.url }), /redis|ECONNREFUSED/i)
})
