import { parseList } from 'structured-headers'
import t from 'tap'
import { startTestGateway } from '../support/gateway.ts'

/** Limits per client and per address, told in the fields of draft-ietf-httpapi-ratelimit-headers. */
t.test('the budget of a client', async (t) => {
  const sandgate = await startTestGateway({ 'limits.client.limit': 5, 'limits.client.burst': 5, 'limits.client.window': '60s' })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  const other = await sandgate.tokenFor(await sandgate.newSandbox(), { door: 'public' })
  const answers = []
  for (let index = 0; index < 6; index++) answers.push(await sandgate.call('GET', '/v1/customers?limit=1', { token }))
  const refused = answers.at(-1)

  t.same(answers.map((answer) => answer.status), [200, 200, 200, 200, 200, 429])
  t.match(refused?.headers['content-type'], /^application\/problem\+json/)
  t.match(refused?.json, { type: 'https://iana.org/assignments/http-problem-types#quota-exceeded', code: 'client_limit_exceeded', status: 429, 'violated-policies': ['client'] })
  const policies = new Map(parseList(String(refused?.headers['ratelimit-policy'])).map(([name, parameters]) => [name, parameters]))
  t.equal(policies.get('client')?.get('q'), 5)
  t.equal(policies.get('client')?.get('w'), 60)
  const states = new Map(parseList(String(refused?.headers['ratelimit'])).map(([name, parameters]) => [name, parameters]))
  t.equal(states.get('client')?.get('r'), 0)
  t.equal(String(states.get('client')?.get('t')), refused?.headers['retry-after'], 'both name the same moment')
  t.ok(Number(refused?.headers['retry-after']) >= 1)
  t.same(answers.slice(0, 5).map((answer) => new Map(parseList(String(answer.headers['ratelimit'])).map(([name, parameters]) => [name, parameters])).get('client')?.get('r')), [4, 3, 2, 1, 0])
  t.equal((await sandgate.call('GET', '/v1/customers?limit=1', { token: other })).status, 200, 'another client has its own')
})

t.test('the budget of an address is spent before any cryptography, credentials or not', async (t) => {
  const sandgate = await startTestGateway({ 'limits.address.limit': 3, 'limits.address.burst': 3, 'limits.address.window': '60s' })
  t.teardown(sandgate.stop)
  const statuses = []
  for (let index = 0; index < 4; index++) statuses.push((await sandgate.call('GET', '/v1/customers')).status)
  t.same(statuses, [401, 401, 401, 429])
  t.match((await sandgate.call('GET', '/v1/customers')).json, { code: 'address_limit_exceeded', 'violated-policies': ['address'] })
})

t.test('the token endpoint counts by the client that a request claims to be, and answers as OAuth does', async (t) => {
  const sandgate = await startTestGateway({ 'limits.token.limit': 2, 'limits.token.burst': 2, 'limits.token.window': '60s' })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  await sandgate.tokenFor(sandbox, { door: 'public' })
  await sandgate.tokenFor(sandbox, { door: 'public' })
  const refused = await sandgate.call('POST', '/oauth/token', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ grant_type: 'client_credentials', client_id: sandbox.client.id, client_secret: 'guess' }).toString() })
  t.equal(refused.status, 429)
  t.match(refused.json, { error: 'temporarily_unavailable', error_description: String })
  t.ok(refused.headers['retry-after'])
})

t.test('in report mode nothing is refused, and the record notes what would have been', async (t) => {
  const sandgate = await startTestGateway({ 'limits.client.limit': 1, 'limits.client.burst': 1, 'limits.client.mode': 'report' })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  await sandgate.call('GET', '/v1/customers', { token })
  const second = await sandgate.call('GET', '/v1/customers', { token })
  t.equal(second.status, 200)
  const record = await sandgate.call('GET', `/sandbox/requests/${second.requestId}`, { token: sandbox.key.reveal() })
  t.match(record.json.findings, [{ stage: 'limit-key', code: 'client_limit_exceeded' }])
})
