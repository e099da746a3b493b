import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import t from 'tap'
import { ledgerYaml, startUpstream } from '../support/gateway-upstream.ts'
import { sendRaw } from '../support/gateway-raw.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const QUIET = { 'limits.address.limit': 100_000, 'limits.address.burst': 10_000, 'abuse.mode': 'report' }
const E_MAIL = 'jane.miller@gmail.com'

/** The log lines of requests whose path ends so. */
function linesOf (sandgate: TestGateway, ending: string): Array<Record<string, unknown>> {
  return sandgate.logLines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ path }) => String(path).endsWith(ending))
}

t.test('a path that cannot be decoded passes through the pipeline like any other', async (t) => {
  const sandgate = await startTestGateway({ 'limits.address.limit': 1, 'limits.address.window': '1h', 'limits.address.burst': 6 })
  t.teardown(sandgate.stop)
  const get = async (path: string): ReturnType<typeof sendRaw> => await sendRaw(sandgate, `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
  for (const path of ['/v1/customers/%zz', '/v1/customers/%', '/%ff', `/v1/customers/${E_MAIL}%`]) {
    const { status, text } = await get(path)
    t.equal(status, 400, path)
    t.match(text, /"code":"path_invalid"/, 'refused in our words')
    t.match(text, /x-request-id: [0-9a-f]{32}/, 'and under an id')
    t.notMatch(text, E_MAIL, 'without an echo')
  }
  t.match(linesOf(sandgate, '/v1/customers/%25zz'), [{ status: 400, code: 'path_invalid', stage: 'resolve-target' }], 'it is in the log')
  t.notMatch(sandgate.logLines.join(''), E_MAIL)
  await get('/%zz')
  await get('/%zz')
  t.equal((await get('/%zz')).status, 429, 'and it spends the budget of its address')
})

t.test('a path parameter of any length that a header may have is served or refused by the API', async (t) => {
  const sandgate = await startTestGateway(QUIET)
  t.teardown(sandgate.stop)
  const token = await sandgate.tokenFor(await sandgate.newSandbox(), { door: 'public' })
  const { status, json, requestId } = await sandgate.call('GET', `/v1/customers/${'a'.repeat(3000)}`, { token })
  t.equal(status, 404)
  t.equal(json.error.code, 'resource_missing')
  t.match(requestId, /^[0-9a-f]{32}$/)
  t.match(await sandgate.call('GET', '/v1/customers/a', { token }), { status: 404 })
  const fragment = await sendRaw(sandgate, `GET /v1/customers/a#/b HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`)
  t.match(fragment.text, 'path_invalid', 'a fragment is no part of a request target (RFC 9112 §3.2)')
})

t.test('an upstream is told by us alone who calls', async (t) => {
  const upstream = await startUpstream()
  t.teardown(upstream.stop)
  const file = join(t.testdir(), 'sandgate.yaml')
  writeFileSync(file, ledgerYaml(upstream.url))
  const sandgate = await startTestGateway(QUIET, { file })
  t.teardown(sandgate.stop)
  const token = await sandgate.tokenFor(await sandgate.newSandbox(), { door: 'public', scope: 'ledger:read', resource: 'https://api.ledger.example' })
  const received = async (headers: Record<string, string>): Promise<Record<string, string | string[] | undefined>> => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
    const { status } = await sendRaw(sandgate, `GET /ledger/a HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n${lines}\r\n`)
    t.equal(status, 200)
    return upstream.received.at(-1)?.headers ?? {}
  }
  const spoofed = await received({ X_Sandgate_Client: 'cli_other', 'x-sandgate_sandbox': 'sbx_other', x_forwarded_for: '203.0.113.7', Client_Cert: ':AAAA:', 'x-sandgate-scope': 'admin' })
  t.strictSame(Object.keys(spoofed).filter((name) => name.includes('_')), [], 'a server that takes _ for - (CGI, WSGI) reads nothing of the client\'s')
  t.equal(spoofed['x-sandgate-scope'], 'ledger:read')
  await received({ 'keep-alive': 'timeout=5', te: 'trailers' })
  const { accept, 'idempotency-key': key, 'x-note': note } = await received({ accept: `text/plain;q=${E_MAIL}`, 'idempotency-key': `order-${E_MAIL}`, 'x-note': E_MAIL })
  t.notMatch([accept, key, note].join(), E_MAIL, 'no header carries personal data')
})

t.test('a body full of personal data is scrubbed, and its trace stays small', async (t) => {
  const sandgate = await startTestGateway(QUIET)
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  const inOneText = await sandgate.call('POST', '/v1/customers', { token, body: { name: 'x', description: 'a@b.cc '.repeat(130_000) } })
  t.equal(inOneText.status, 400, 'too long for the member, and no fault of ours')
  const inManyMembers = await sandgate.call('POST', '/v1/customers', { token, body: { name: 'x', metadata: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, 'a@b.cc'])) } })
  const cards = await sandgate.call('POST', '/v1/customers', { token, body: { name: 'x', cards: Array.from({ length: 5000 }, () => '4539578763621486') } })
  t.equal(cards.status, 422)
  const longName = await sandgate.call('POST', '/v1/customers', { token, body: { name: 'x', ['k'.repeat(100_000)]: 'a@b.cc' } })
  for (const { requestId } of [inOneText, inManyMembers, cards, longName]) {
    const record = await sandgate.call('GET', `/sandbox/requests/${requestId}`, { token: sandbox.key.reveal() })
    t.equal(record.status, 200)
    t.ok(record.text.length < 32_768, `a record of ${record.text.length} characters`)
  }
  t.ok(Math.max(...sandgate.logLines.map((line) => line.length)) < 32_768, 'so are the log lines')
  const metrics = await (await fetch(`${sandgate.opsUrl}/metrics`)).text()
  t.ok(Number(/^sandgate_personal_data_removed_total\{kind="email"\} (\d+)$/m.exec(metrics)?.[1]) > 5000, 'the metrics count them all')
})

t.test('a login hint is forgotten, and the store is its owner\'s alone', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sandgate-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o755)
  const sandgate = await startTestGateway(QUIET, { directory })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const query = new URLSearchParams({
    client_id: sandbox.client.id,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: 'http://127.0.0.1:7777/callback',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
    login_hint: E_MAIL,
  })
  const answer = await sandgate.call('GET', `/oauth/authorize?${query.toString()}`)
  t.equal(answer.status, 303)
  t.match(answer.headers['location'], /\/interaction\//)
  const files = readdirSync(directory).filter((name) => name.startsWith('sandgate.db'))
  t.not(files.length, 0)
  for (const name of files) {
    t.notMatch(readFileSync(join(directory, name)).toString('latin1'), E_MAIL, `${name} holds no e-mail address`)
    if (process.platform !== 'win32') t.equal(statSync(join(directory, name)).mode & 0o077, 0, `${name} is closed to others, in a directory that is open`)
  }
  t.notMatch(sandgate.logLines.join(''), E_MAIL)
})

t.test('nobody spends the token budget of a client by claiming to be it', async (t) => {
  const proxy = { trusted_proxies: ['127.0.0.1/32'], 'limits.token.limit': 2, 'limits.token.burst': 2 }
  const sandgate = await startTestGateway({ ...QUIET, ...proxy })
  t.teardown(sandgate.stop)
  const { client } = await sandgate.newSandbox()
  const ask = async (address: string, secret: string): Promise<number> => (await sandgate.call('POST', '/oauth/token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': address },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: client.id, client_secret: secret }).toString(),
  })).status
  const basic = Buffer.from(`${client.id}:${client.secret.reveal()}`).toString('base64')
  for (let index = 0; index < 3; index++) await ask('203.0.113.66', 'guess')
  t.equal(await ask('203.0.113.66', 'guess'), 429, 'who guesses is told to wait')
  const own = await sandgate.call('POST', '/oauth/token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': '198.51.100.1', authorization: `Basic ${basic}` },
    body: 'grant_type=client_credentials',
  })
  t.equal(own.status, 200, 'the client itself is not')
})

t.test('the control surface refuses card numbers and more rights than a token has', async (t) => {
  const sandgate = await startTestGateway(QUIET)
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const key = sandbox.key.reveal()
  const card = '4539578763621486'
  const bodies: ReadonlyArray<readonly [string, object]> = [
    ['/sandbox/webhooks/endpoints', { url: `https://hooks.example.com/?card=${card}` }],
    ['/sandbox/webhooks/endpoints', { url: 'https://hooks.example.com/', description: `for ${card}` }],
    ['/sandbox/clients', { name: card, token_endpoint_auth_method: 'client_secret_basic' }],
    ['/control/sandboxes', { name: card }],
  ]
  for (const [path, body] of bodies) {
    const answer = await sandgate.call('POST', path, { token: path.startsWith('/control') ? sandgate.operatorToken : key, body })
    t.match(answer, { status: 422, json: { code: 'personal_data_refused' } }, JSON.stringify(body))
    t.notMatch(answer.text, card)
  }
  const url = `https://hooks.example.com/${E_MAIL}`
  t.equal((await sandgate.call('POST', '/sandbox/webhooks/endpoints', { token: key, body: { url } })).json.url, url, 'an address to call stays as it is')
  const reading = await sandgate.tokenFor(sandbox, { door: 'public', scope: 'payments:read' })
  for (const [method, path, body] of [['POST', '/sandbox/reset', {}], ['POST', '/sandbox/clock/advance', { by: '1m' }], ['POST', '/sandbox/clients', { name: 'x', token_endpoint_auth_method: 'client_secret_basic' }], ['POST', '/sandbox/webhooks/endpoints', { url }], ['DELETE', `/sandbox/clients/${sandbox.client.id}`, undefined]] as const) {
    t.match(await sandgate.call(method, path, { token: reading, ...(body === undefined ? {} : { body }) }), { status: 403, json: { code: 'credential_not_accepted' } }, `${method} ${path} takes the sandbox's key, not a token`)
  }
  t.equal((await sandgate.call('GET', '/sandbox', { token: reading })).status, 200, 'a token may look')
})

t.test('a connection cannot be renegotiated, so that its certificate stays the one that was judged', async (t) => {
  const sandgate = await startTestGateway(QUIET)
  t.teardown(sandgate.stop)
  const { mtlsClient } = await sandgate.newSandbox()
  const outcome = await new Promise<string>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(sandgate.mtlsUrl).port), ca: sandgate.authorityPem, servername: 'localhost', maxVersion: 'TLSv1.2', cert: mtlsClient.certificatePem, key: mtlsClient.privateKeyPem.reveal() }, () => {
      socket.renegotiate({}, (error) => { resolve(error === null ? 'renegotiated' : 'refused') })
    })
    socket.on('error', () => { resolve('refused') })
    socket.on('close', () => { resolve('refused') })
    t.teardown(() => socket.destroy())
  })
  t.equal(outcome, 'refused')
})
