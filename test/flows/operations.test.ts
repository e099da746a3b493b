import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { startGateway } from '../../gateway/index.ts'
import { answerJson, ledgerYaml, startUpstream } from '../support/gateway-upstream.ts'
import { freePorts, startTestGateway, type TestGateway } from '../support/gateway.ts'

const CARD = '4539578763621486'

/** What an operator sees, and that it holds nobody's data. */
t.test('logs', async (t) => {
  const sandgate = await startTestGateway({ 'abuse.mode': 'report' })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  const lineOf = (requestId: string): Record<string, unknown> => {
    const lines = sandgate.logLines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['id'] === requestId)
    t.equal(lines.length, 1, 'one line a request')
    return lines[0] ?? {}
  }

  t.test('a refusal is one line with its stage, code and cause', async (t) => {
    const missing = await sandgate.call('GET', '/v1/customers')
    t.match(lineOf(missing.requestId), { stage: 'verify-access-token', code: 'token_missing', status: 401, surface: 'api', method: 'GET', route: '/v1/customers', cause: String, msg: 'request' })
    const card = await sandgate.call('POST', '/v1/customers', { token, body: { name: CARD } })
    t.match(lineOf(card.requestId), { stage: 'scrub-request', code: 'personal_data_refused', clientId: sandbox.client.id, sandbox: sandbox.sandbox.id })
    const secret = await sandgate.call('POST', '/oauth/token', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `grant_type=client_credentials&client_id=${sandbox.client.id}&client_secret=hunter2-hunter2` })
    t.match(lineOf(secret.requestId), { code: 'invalid_client', surface: 'token', status: 401 })
  })

  t.test('a request that passes is one line too, on every surface, without a code', async (t) => {
    const answers = [await sandgate.call('GET', '/v1/customers', { token }), await sandgate.call('GET', '/oauth/jwks'), await sandgate.call('GET', '/sandbox', { token: sandbox.key.reveal() }), await sandgate.call('GET', '/control/sandboxes', { token: sandgate.operatorToken })]
    for (const { requestId, status } of answers) {
      t.equal(status, 200)
      const line = lineOf(requestId)
      t.notOk('code' in line || 'stage' in line)
      t.match(line, { durationMs: Number, address: '127.0.0.1', time: /^\d{4}-\d\d-\d\dT/ })
    }
  })

  t.test('no secret, token, e-mail address or card is in any line, wherever a client puts it', async (t) => {
    const email = 'jane.doe@gmail.com'
    const encode = (text: string) => Buffer.from(text).toString('base64')
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const shots: Array<() => Promise<unknown>> = [
      () => sandgate.call('GET', `/v1/customers/${encodeURIComponent(email)}?email=${email}&card=${CARD}`, { token }),
      () => sandgate.call('GET', `/v1/nothing/${CARD}`, { token }),
      () => sandgate.call('GET', `/nowhere/${email}`),
      () => sandgate.call('POST', '/v1/customers', { token, body: { name: 'Jane', email, description: `card ${CARD}` } }),
      () => sandgate.call('POST', '/v1/customers', { token, body: { email, password: 'hunter2-hunter2' } }),
      () => sandgate.call('POST', '/v1/customers', { token, body: 'x', headers: { 'content-type': `text/${email}` } }),
      () => sandgate.call('POST', '/v1/customers', { token, body: 'x', headers: { 'content-type': 'application/json', 'content-encoding': email } }),
      () => sandgate.call('POST', '/v1/customers', { token, body: `{"email":"${email}"`, headers: { 'content-type': 'application/json' } }),
      () => sandgate.call('GET', '/v1/customers', { headers: { authorization: sandbox.key.reveal() } }),
      () => sandgate.call('GET', '/v1/customers', { headers: { authorization: token } }),
      () => sandgate.call('GET', '/v1/customers', { headers: { authorization: `Basic ${encode(`${email}:hunter2-hunter2`)}` } }),
      () => sandgate.call('GET', '/v1/customers', { token: `${token}x` }),
      () => sandgate.call('GET', '/v1/customers', { token, headers: { 'x-forwarded-for': email, 'user-agent': email, cookie: 'session=hunter2-hunter2', referer: `https://x.example/?e=${email}` } }),
      () => sandgate.call('POST', '/oauth/token', { headers: { ...form, authorization: `Basic ${encode(`${encodeURIComponent(email)}:hunter2-hunter2`)}` }, body: 'grant_type=client_credentials' }),
      () => sandgate.call('POST', '/oauth/token', { headers: form, body: `grant_type=client_credentials&client_id=${CARD}&client_secret=hunter2-hunter2` }),
      () => sandgate.call('POST', '/oauth/token', { headers: form, body: new URLSearchParams({ grant_type: 'password', username: email, password: 'hunter2-hunter2', client_id: sandbox.client.id, client_secret: sandbox.client.secret.reveal() }).toString() }),
      () => sandgate.call('POST', '/oauth/token', { headers: form, body: new URLSearchParams({ grant_type: 'client_credentials', scope: email, client_id: sandbox.client.id, client_secret: sandbox.client.secret.reveal() }).toString() }),
      () => sandgate.call('POST', '/oauth/token', { headers: form, body: new URLSearchParams({ grant_type: 'client_credentials', resource: `https://${email}/`, client_id: sandbox.client.id, client_secret: sandbox.client.secret.reveal() }).toString() }),
      () => sandgate.call('POST', '/oauth/token', { headers: form, body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'hunter2-hunter2', client_id: sandbox.client.id, client_secret: sandbox.client.secret.reveal() }).toString() }),
      () => sandgate.call('GET', `/oauth/authorize?client_id=${sandbox.client.id}&login_hint=${email}&redirect_uri=https://x.example/${email}&response_type=code&scope=openid`),
      () => sandgate.call('POST', '/oauth/introspect', { headers: { ...form, authorization: `Basic ${encode(`${sandbox.client.id}:${sandbox.client.secret.reveal()}`)}` }, body: `token=${token}` }),
      () => sandgate.call('GET', `/sandbox/requests/${CARD}`, { token: sandbox.key.reveal() }),
      () => sandgate.call('POST', '/sandbox/webhooks/endpoints', { token: sandbox.key.reveal(), body: { url: `https://user:hunter2-hunter2@example.com/${email}` } }),
      () => sandgate.call('POST', '/control/sandboxes', { token: sandgate.operatorToken, body: { name: email, account: 'acme' } }),
    ]
    for (const shoot of shots) await shoot()
    const text = sandgate.logLines.join('')
    t.ok(sandgate.logLines.length > shots.length)
    for (const secret of [email, 'jane.doe', CARD, 'hunter2', token, token.split('.')[2] ?? '', sandbox.key.reveal(), sandbox.key.reveal().slice(0, 16), sandbox.client.secret.reveal(), sandgate.operatorToken, encode(email).slice(0, 16), 'PRIVATE KEY']) {
      const line = sandgate.logLines.find((each) => each.includes(secret))
      t.notOk(text.includes(secret), `${secret.slice(0, 12)}… ${line ?? ''}`)
    }
  })
})

t.test('metrics', async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  await sandgate.call('GET', '/v1/customers/cus_secret', { token })
  await sandgate.call('POST', '/v1/customers', { token, body: { name: 'x', email: 'jane.doe@gmail.com' } })
  await sandgate.call('GET', '/v1/customers')
  await sandgate.call('GET', '/nowhere/at/all')
  await sandgate.call('PROPFIND', '/v1/customers', { token }).catch(() => {})
  const scraped = await request(`${sandgate.opsUrl}/metrics`)
  const text = await scraped.body.text()
  const samples = parsePrometheus(t, text)

  t.match(scraped.headers['content-type'], /^text\/plain; version=0\.0\.4/)
  const find = (name: string, labels: Record<string, string>) => samples.find((sample) => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
  t.ok(find('http_server_request_duration_seconds_count', { http_route: '/v1/customers/{customer_id}', http_request_method: 'GET', http_response_status_code: '404', surface: 'api' }), 'requests by route template')
  t.ok(find('http_server_request_duration_seconds_count', { http_route: '/oauth/token', surface: 'token' }))
  t.match(find('sandgate_refusals_total', { surface: 'api', stage: 'verify-access-token', code: 'token_missing' }), { value: 1 })
  t.match(find('sandgate_personal_data_removed_total', { kind: 'email' }), { value: 1 })
  t.ok(find('sandgate_tls_certificate_not_after_timestamp_seconds', { certificate: 'server' }))
  t.ok(samples.some(({ name }) => name === 'sandgate_webhook_deliveries_waiting'))
  const values = samples.flatMap(({ labels }) => Object.values(labels)).join('\n')
  for (const never of [sandbox.client.id, sandbox.sandbox.id, '127.0.0.1', 'cus_secret', 'nowhere', 'jane', 'PROPFIND', token]) t.notOk(values.includes(never), `no label holds ${never.slice(0, 20)}`)
})

t.test('liveness and readiness', async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const ask = async (path: string) => {
    const answer = await request(`${sandgate.opsUrl}${path}`)
    return { status: answer.statusCode, json: await answer.body.json() }
  }
  t.same(await ask('/livez'), { status: 200, json: { status: 'ok' } })
  t.same(await ask('/readyz'), { status: 200, json: { status: 'ok' } })
  t.equal((await ask('/anything')).status, 404)
  for (const path of ['/metrics', '/livez', '/readyz']) t.equal((await sandgate.call('GET', path, { token: sandgate.operatorToken })).status, 404, `${path} is not on a public door`)
})

t.test('shutdown finishes what is in flight and takes nothing new', async (t) => {
  const upstream = await startUpstream()
  t.teardown(upstream.stop)
  const file = join(t.testdir(), 'sandgate.yaml')
  writeFileSync(file, ledgerYaml(upstream.url, { timeout: '30s' }))
  const sandgate = await startTestGateway({ 'listen.shutdown_grace': '10m' }, { file })
  const sandbox = await sandgate.newSandbox()
  const scope = { scope: 'ledger:read ledger:write', resource: 'https://api.ledger.example' }
  const [open, bound] = [await sandgate.tokenFor(sandbox, { door: 'public', ...scope }), await sandgate.tokenFor(sandbox, scope)]
  const arrived = new Promise<void>((resolve) => {
    upstream.answer = () => { if (upstream.received.length === 2) resolve() }
  })
  const finish: Array<() => void> = []
  const answer = upstream.answer
  upstream.answer = (seen, response) => {
    finish.push(() => answerJson({ finished: seen.url })(seen, response))
    answer(seen, response)
  }
  const flying = [
    sandgate.call('GET', '/ledger/public', { token: open }),
    sandgate.call('GET', '/ledger/mtls', { door: 'mtls', certificate: sandbox, token: bound }),
  ]
  await arrived
  const stopped = sandgate.gateway.stop()
  const ready = await request(`${sandgate.opsUrl}/readyz`)
  t.same({ status: ready.statusCode, json: await ready.body.json() }, { status: 503, json: { status: 'unready', reason: 'shutting down' } })
  for (const url of [sandgate.publicUrl, sandgate.mtlsUrl]) t.match(await knock(url), /ECONNREFUSED|ECONNRESET/, 'new connections are refused')
  for (const complete of finish) complete()
  const answers = await Promise.all(flying)
  t.match(answers, [{ status: 200, json: { finished: '/ledger/public' } }, { status: 200, json: { finished: '/ledger/mtls' } }])
  await stopped
  t.pass('with its last answer it has stopped, and does not sit out its grace for connections that were kept alive')
  t.match(await knock(sandgate.opsUrl), /ECONNREFUSED/, 'nothing is left')
  await sandgate.stop()
})

t.test('state survives a restart on the same directory', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sandgate-restart-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const [publicPort, mtlsPort] = await freePorts(2)
  const settings = { 'listen.public.port': publicPort, 'listen.mtls.port': mtlsPort }
  const first = await startTestGateway(settings, { directory })
  const sandbox = await first.newSandbox()
  const [open, bound] = [await first.tokenFor(sandbox, { door: 'public' }), await first.tokenFor(sandbox)]
  const made = await first.call('POST', '/v1/customers', { token: open, body: { name: 'Survivor' } })
  const refused = await first.call('POST', '/v1/customers', { token: open, body: { name: CARD } })
  const doomed = await first.tokenFor(sandbox, { door: 'public' })
  const basic = `Basic ${Buffer.from(`${sandbox.client.id}:${sandbox.client.secret.reveal()}`).toString('base64')}`
  await first.call('POST', '/oauth/revoke', { headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: basic }, body: `token=${doomed}` })
  const revoked = await first.newSandbox()
  await first.call('POST', `/control/certificates/${revoked.mtlsClient.serial}/revoke`, { token: first.operatorToken })
  await first.call('POST', '/sandbox/clock/advance', { token: sandbox.key.reveal(), body: { by: '10m' } })
  const before = (await first.call('GET', '/sandbox', { token: sandbox.key.reveal() })).json
  t.match(first.gateway.quickstart, first.operatorToken, 'the operator\'s token is shown at the first start')
  await first.stop()

  const second = await startTestGateway(settings, { directory })
  t.teardown(second.stop)
  t.equal(second.authorityPem, first.authorityPem, 'the same CA')
  t.equal(second.operatorToken, first.operatorToken)
  t.notMatch(second.gateway.quickstart, second.operatorToken, 'and not shown again')
  t.match(second.gateway.quickstart, 'Sandgate is running')
  t.match(await second.call('GET', `/v1/customers/${String(made.json.id)}`, { token: open }), { status: 200, json: { name: 'Survivor' } }, 'the object is there, for a token from before')
  t.equal((await second.call('GET', '/v1/customers', { door: 'mtls', certificate: sandbox, token: bound })).status, 200, 'a bound one too')
  t.equal((await second.call('GET', '/v1/customers', { token: doomed })).json.code, 'token_revoked', 'and what was revoked stays so')
  t.equal((await second.call('GET', '/v1/customers', { door: 'mtls', certificate: revoked, token: bound })).json.code, 'certificate_revoked')
  t.ok(await second.tokenFor(sandbox, { door: 'public' }), 'the client\'s secret still works')
  t.match((await second.call('GET', `/sandbox/requests/${refused.requestId}`, { token: sandbox.key.reveal() })).json, { code: 'personal_data_refused' }, 'the record is there')
  const after = (await second.call('GET', '/sandbox', { token: sandbox.key.reveal() })).json
  t.ok(Date.parse(after.clock.now) >= Date.parse(before.clock.now), 'the sandbox\'s clock did not fall back')

  t.test('what is private is readable by its owner alone, and no key lies in the store', async (t) => {
    for (const file of readdirSync(join(directory, 'keys'))) t.equal(statSync(join(directory, 'keys', file)).mode & 0o077, 0, file)
    for (const file of ['client.key', 'operator-token', 'sandbox.json']) t.equal(statSync(join(directory, 'quickstart', file)).mode & 0o077, 0, file)
    const everything = readdirSync(directory).filter((file) => /\.(?:db|sqlite)|wal/.test(file)).map((file) => readFileSync(join(directory, file)).toString('latin1')).join('')
    t.ok(everything.length > 0)
    for (const secret of [sandbox.key.reveal(), sandbox.mtlsClient.privateKeyPem.reveal().slice(40, 90), second.operatorToken]) t.notOk(everything.includes(secret))
  })
})

t.test('a start that fails says why and leaves nothing running', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as { readonly port: number }
  for (const name of ['public', 'mtls', 'ops'] as const) {
    const directory = mkdtempSync(join(tmpdir(), 'sandgate-taken-'))
    t.teardown(() => rmSync(directory, { recursive: true, force: true }))
    const [one, two, three] = await freePorts(3)
    const ports = { public: one, mtls: two, ops: three, [name]: port }
    const source = (chosen: typeof ports) => ({ environment: {}, overrides: Object.entries({ var_directory: directory, 'listen.public.port': chosen.public, 'listen.mtls.port': chosen.mtls, 'listen.ops.port': chosen.ops }).map(([path, value]) => ({ path, value })) })
    await t.rejects(startGateway(source(ports), { logStream: { write: () => {} } }), { code: 'EADDRINUSE', port }, name)
    for (const [other, free] of Object.entries(ports)) if (other !== name) t.match(await knock(`https://127.0.0.1:${String(free)}`), /ECONNREFUSED/, `${name} is taken: ${other} is closed again`)
    const [spare] = await freePorts(1)
    const gateway = await startGateway(source({ ...ports, [name]: spare }), { logStream: { write: () => {} } })
    t.ok(gateway, 'and the same directory starts at once on a free port')
    await gateway.stop()
  }
})

t.test('two installations in one process share nothing', async (t) => {
  const gateways: TestGateway[] = [await startTestGateway(), await startTestGateway()]
  for (const gateway of gateways) t.teardown(gateway.stop)
  const [one, other] = gateways as [TestGateway, TestGateway]
  const sandbox = await one.newSandbox()
  const token = await one.tokenFor(sandbox, { door: 'public' })
  t.equal((await other.call('GET', '/v1/customers', { token })).status, 401)
  t.equal((await other.call('GET', '/sandbox', { token: sandbox.key.reveal() })).status, 401)
  t.match(await other.call('GET', '/v1/customers', { door: 'mtls', certificate: sandbox }), { status: 401, json: { code: 'certificate_untrusted' } })
  t.not(one.operatorToken, other.operatorToken)
})

/** The error of a connection that is refused; '' when it is taken. */
async function knock (url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  const outcome = await Promise.race([once(socket, 'secureConnect').then(() => ''), once(socket, 'error').then(([error]: Error[]) => (error as NodeJS.ErrnoException).code ?? error?.message ?? '?')])
    .catch((error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error))
  socket.destroy()
  return outcome
}

interface Sample { readonly name: string, readonly labels: Record<string, string>, readonly value: number }

/** Reads the text format 0.0.4 strictly: every sample belongs to a declared family, and no series is there twice. */
function parsePrometheus (t: Test, text: string): Sample[] {
  t.match(text, /\n$/, 'the last line ends')
  const types = new Map<string, string>()
  const samples: Sample[] = []
  const seen = new Set<string>()
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const declared = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line)
    if (declared !== null) {
      if (declared[1] === 'TYPE') types.set(declared[2] ?? '', declared[3] ?? '')
      continue
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/.exec(line)
    if (sample === null) {
      t.fail(`no sample: ${line}`)
      continue
    }
    const [, name = '', labels = '', value = ''] = sample
    const pairs = [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g)]
    if (pairs.map((pair) => pair[0]).join('') !== labels) t.fail(`malformed labels: ${line}`)
    if (seen.has(`${name}{${labels}}`)) t.fail(`twice: ${line}`)
    seen.add(`${name}{${labels}}`)
    if (!types.has(name) && !types.has(name.replace(/_(?:bucket|sum|count)$/, ''))) t.fail(`no TYPE: ${line}`)
    if (Number.isNaN(Number(value)) && !/^(?:NaN|[+-]Inf)$/.test(value)) t.fail(`no number: ${line}`)
    samples.push({ name, labels: Object.fromEntries(pairs.map(([, label = '', content = '']) => [label, content])), value: Number(value) })
  }
  return samples
}
