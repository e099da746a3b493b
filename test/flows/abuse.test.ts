import { cpSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { madeUpCard } from '../support/cards.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const generous = { 'limits.address.burst': 5000, 'limits.address.limit': 50_000, 'limits.client.burst': 5000, 'limits.client.limit': 50_000, 'limits.token.burst': 5000, 'limits.token.limit': 50_000 }
const minutes = (count: number): number => count * 60_000

/** The machine's clock, moved. */
function movableClock (): { readonly clock: { readonly nowMs: () => number }, readonly advance: (ms: number) => void } {
  let offset = 0
  return { clock: { nowMs: () => Date.now() + offset }, advance: (ms) => { offset += ms } }
}

async function tryCards (sandgate: TestGateway, token: string, count: number): Promise<number[]> {
  const statuses = []
  for (let serial = 0; serial < count; serial++) statuses.push((await sandgate.call('POST', '/v1/payment_methods', { token, body: { type: 'card', card: { number: madeUpCard(serial), exp_month: 1, exp_year: 2033 } } })).status)
  return statuses
}

t.test('a client that tests stolen cards is banned, other clients are not, and the ban ends', async (t) => {
  const { clock, advance } = movableClock()
  const sandgate = await startTestGateway({ ...generous, 'profile.lifetimes.access_token': '6h' }, { clock })
  t.teardown(sandgate.stop)
  const attacker = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(attacker, { door: 'public' })
  const bystander = await sandgate.tokenFor(await sandgate.newSandbox(), { door: 'public' })
  const statuses = await tryCards(sandgate, token, 11)
  t.same(statuses.slice(0, 10), Array.from({ length: 10 }, () => 422), 'each card is refused')
  t.equal(statuses[10], 403, 'then the client is banned')
  const banned = await sandgate.call('GET', '/v1/customers', { token })
  t.match(banned, { status: 403, json: { code: 'client_banned' }, headers: { 'retry-after': /^\d+$/ } })
  t.equal((await sandgate.call('GET', '/v1/customers', { token: bystander })).status, 200)

  const record = await sandgate.call('GET', `/sandbox/requests/${banned.requestId}`, { token: attacker.key.reveal() })
  t.match(record.json, { stage: 'judge-client-ban', explanation: { cause: /card-testing.*cards_per_client = 10/s } }, 'the reason is in the record')
  const bans = await sandgate.call('GET', '/control/bans', { token: sandgate.operatorToken })
  t.match(bans.json.data, [{ rule: 'card-testing', scope: 'client', subject: attacker.client.id }])
  t.notMatch(bans.text, madeUpCard(3), 'no card number anywhere')

  advance(minutes(59))
  const fresh = await sandgate.tokenFor(attacker, { door: 'public' }).catch(() => 'refused')
  t.equal(fresh, 'refused', 'still banned, at the token endpoint too')
  advance(minutes(2))
  t.equal((await sandgate.call('GET', '/v1/customers', { token: await sandgate.tokenFor(attacker, { door: 'public' }) })).status, 200, 'the ban has ended by itself')
})

t.test('a test suite with documented cards and forced declines is no attack', async (t) => {
  const sandgate = await startTestGateway(generous)
  t.teardown(sandgate.stop)
  const token = await sandgate.tokenFor(await sandgate.newSandbox(), { door: 'public' })
  const method = (await sandgate.call('POST', '/v1/payment_methods', { token, body: { type: 'card', card: { number: '4000000000000002', exp_month: 1, exp_year: 2033 } } })).json.id as string
  for (let index = 0; index < 60; index++) {
    const declined = await sandgate.call('POST', '/v1/payments', { token, body: { amount: 4002, currency: 'eur', payment_method: method, confirm: true } })
    if (declined.status !== 402) t.fail(`${index}: ${declined.status} ${declined.text}`)
  }
  t.equal((await sandgate.call('GET', '/v1/customers', { token })).status, 200)
  t.same((await sandgate.call('GET', '/control/bans', { token: sandgate.operatorToken })).json.data, [])
})

t.test('credential stuffing bans the address, and the operator can lift it', async (t) => {
  const { clock, advance } = movableClock()
  const sandgate = await startTestGateway({ ...generous, 'profile.lifetimes.access_token': '6h' }, { clock })
  t.teardown(sandgate.stop)
  const guess = async (index: number) => await sandgate.call('POST', '/oauth/token', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ grant_type: 'client_credentials', client_id: `cli_guess${index}`, client_secret: 'password' }).toString() })
  for (let index = 0; index < 15; index++) t.equal((await guess(index)).status, 401)
  t.match(await guess(15), { status: 403, json: { error: 'access_denied' } })
  t.equal((await sandgate.call('GET', '/v1/customers')).json.code, 'address_banned', 'every surface is closed to the address')
  advance(minutes(16))
  const bans = sandgate.gateway.composition.abuse.bans
  t.equal((await bans.list()).length, 0, 'the ban ended')
  for (let index = 20; index < 36; index++) await guess(index)
  const [ban] = await bans.list()
  t.match(ban, { ruleId: 'credential-stuffing', scope: 'address' })
  t.equal(await bans.lift(ban?.id ?? ''), true)
  t.equal((await sandgate.call('GET', '/v1/customers')).json.code, 'token_missing')
})

t.test('enumeration by 404s bans the client; reading what exists does not', async (t) => {
  const sandgate = await startTestGateway(generous)
  t.teardown(sandgate.stop)
  const token = await sandgate.tokenFor(await sandgate.newSandbox(), { door: 'public' })
  const honest = await sandgate.tokenFor(await sandgate.newSandbox(), { door: 'public' })
  for (let index = 0; index < 50; index++) await sandgate.call('GET', `/v1/customers/cus_guess${index}`, { token })
  t.equal((await sandgate.call('GET', '/v1/customers', { token })).json.code, 'client_banned')
  for (let index = 0; index < 60; index++) await sandgate.call('GET', '/v1/customers/cus_always_the_same', { token: honest })
  t.equal((await sandgate.call('GET', '/v1/customers', { token: honest })).status, 200, 'waiting for one object is not enumeration')
})

t.test('in report mode a rule changes nothing and leaves its finding in the record', async (t) => {
  const sandgate = await startTestGateway({ ...generous, 'abuse.mode': 'report' })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  t.same([...new Set(await tryCards(sandgate, token, 12))], [422])
  const [latest] = (await sandgate.call('GET', '/sandbox/requests?limit=1', { token: sandbox.key.reveal() })).json.data
  const record = await sandgate.call('GET', `/sandbox/requests/${String(latest.id)}`, { token: sandbox.key.reveal() })
  t.match(record.json.findings, [{ code: 'card-testing', detail: /report.*cards_per_client = 12/s }])
  t.equal((await sandgate.call('GET', '/v1/customers', { token })).status, 200)
  const metrics = await (await fetch(`${sandgate.opsUrl}/metrics`)).text()
  t.match(metrics, /sandgate_rule_outcomes_total\{rule="card-testing",mode="report",action="ban"\} [1-9]/)
})

t.test('a rule of one\'s own, in a directory of one\'s own, refuses with its reason in the record', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sandgate-rules-'))
  cpSync('config/rules', directory, { recursive: true })
  writeFileSync(join(directory, 'no-robots.yaml'), `id: no-robots
description: Refuses a user agent.
threat: OAT-011
mode: enforce
phase: request
when: request.user_agent.startsWith('robot/')
action: { kind: refuse }
message: Robots are not served.
`)
  const sandgate = await startTestGateway({ ...generous, 'abuse.rules_directory': directory })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  const refused = await sandgate.call('GET', '/v1/customers', { token, headers: { 'user-agent': 'robot/1.0' } })
  t.match(refused, { status: 429, json: { type: 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected', code: 'abuse_detected', 'violated-policies': ['no-robots'] } })
  t.match((await sandgate.call('GET', `/sandbox/requests/${refused.requestId}`, { token: sandbox.key.reveal() })).json, { stage: 'judge-abuse', explanation: { cause: /Robots are not served/ }, findings: [{ code: 'no-robots' }] })
  t.equal((await sandgate.call('GET', '/v1/customers', { token })).status, 200)
})
