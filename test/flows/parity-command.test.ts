import { readFileSync } from 'node:fs'
import t from 'tap'
import { runCli } from '../support/gateway-cli.ts'
import { openGatewaySide } from '../support/parity.ts'

/** The command as a person or a CI server runs it. */
t.test('sandgate parity check and record', async (t) => {
  const production = await openGatewaySide()
  t.teardown(production.gateway.stop)
  const sandbox = await openGatewaySide({ 'profile.lifetimes.access_token': '5m' })
  t.teardown(sandbox.gateway.stop)
  const [left, right] = [production.bySecret, sandbox.bySecret]
  const entry = (side: typeof left, name: string): string => `  client_id: ${side.client?.clientId ?? ''}\n  auth: { method: client_secret_basic, secret: "\${${name}}" }\n  redirect_uri: ${side.client?.redirectUri ?? ''}\n  scope: payments:read\n`
  const directory = t.testdir({
    'left.pem': left.authorityPem ?? '',
    'right.pem': right.authorityPem ?? '',
    'clients.yaml': `production:\n${entry(left, 'LEFT')}sandbox:\n${entry(right, 'RIGHT')}`,
    'accept.yaml': 'accept:\n  - { id: token.expires_in, reason: shorter for our tests, expires: "2999-01-01" }\n  - { id: access_token.lifetime, reason: the same, expires: "2999-01-01" }\n  - { id: keys.count, reason: gone, expires: "2020-01-01" }\n',
    'broken.yaml': 'accept:\n  - { id: token.expires_in, reason: x, expiry: "2999-01-01" }\n',
  })
  const secretOf = (side: typeof left): string => side.client !== undefined && 'secret' in side.client.auth ? side.client.auth.secret.reveal() : ''
  const environment = { LEFT: secretOf(left), RIGHT: secretOf(right) }
  const file = (name: string): string => `${directory}/${name}`
  const sides = ['--production', left.issuer, '--sandbox', right.issuer, '--production-ca', file('left.pem'), '--sandbox-ca', file('right.pem'), '--delay', '0', '--clients', file('clients.yaml')]
  const run = async (...args: string[]) => await runCli(['parity', ...args], { environment })

  await t.test('every wrong turn ends with a sentence and its code', async (t) => {
    t.match(await run('check', '--sandbox', right.issuer), { code: 2, err: /--production/ })
    t.match(await run('check', '--production', 'nothing.json', '--sandbox', right.issuer), { code: 2, err: /neither an issuer .* nor a recording/ })
    t.match(await run('check', '--production', left.issuer, '--sandbox', 'localhost'), { code: 2, err: /is no issuer/ })
    t.match(await run('check', '--production', 'http://as.example', '--sandbox', right.issuer), { code: 2, err: /http is for loopback only/ })
    t.match(await run('check', '--production', left.issuer, '--sandbox', right.issuer, '--delay', '0'), { code: 7, err: /not trusted .*--production-ca or --sandbox-ca/ })
    t.match(await run('check', '--production', 'https://127.0.0.1:1', '--sandbox', right.issuer, '--sandbox-ca', file('right.pem'), '--delay', '0'), { code: 7, err: /refused/ })
    t.match(await run('check', ...sides, '--threshold', 'high'), { code: 2, err: /from 0 to 100/ })
    t.match(await run('check', ...sides, '--accept', file('broken.yaml')), { code: 3, err: /broken\.yaml:2.*expiry/ })
    t.match(await run('check', ...sides, '--production-ca', file('clients.yaml')), { code: 2, err: /no file of certificates/ })
    const unset = await runCli(['parity', 'check', ...sides], { environment: { LEFT: 'hunter2-hunter2' } })
    t.match(unset, { code: 3, err: /sandbox\.auth\.secret[\s\S]*RIGHT is not/ })
    t.notMatch(unset.err, /hunter2/)
  })

  await t.test('a score below the threshold is 6, with the same report in every form', async (t) => {
    const { code, out, err } = await run('check', ...sides, '--threshold', '98', '--json', file('r.json'), '--junit', file('r.xml'), '--html', file('r.html'))
    t.equal(code, 6, err)
    t.match(out, /97\.\d of 100, below the threshold of 98/)
    t.match(out, /token\.expires_in\n {4}production {2}3600\n {4}sandbox {5}300\n/)
    t.match(JSON.parse(readFileSync(file('r.json'), 'utf8')), { passed: false, drifts: { length: 2 } })
    t.match(readFileSync(file('r.xml'), 'utf8'), /<testcase classname="Auth parity\.token" name="token\.expires_in: expires in"><failure/)
    t.match(readFileSync(file('r.html'), 'utf8'), /<code>token\.expires_in<\/code>/)
    for (const name of ['r.json', 'r.xml', 'r.html']) for (const secret of Object.values(environment)) t.notMatch(readFileSync(file(name), 'utf8'), secret)
  })

  await t.test('accepted differences count as none, and an entry that has expired is told', async (t) => {
    const { code, out } = await run('check', ...sides, '--threshold', '100', '--accept', file('accept.yaml'))
    t.equal(code, 0)
    t.match(out, /100 of 100, threshold 100 reached/)
    t.match(out, /token\.expires_in: shorter for our tests \(until 2999-01-01\)/)
    t.match(out, /keys\.count has expired/)
  })

  await t.test('production is recorded once, and compared with while it is away', async (t) => {
    t.match(await run('record', '--production', left.issuer, '--production-ca', file('left.pem'), '--clients', file('clients.yaml'), '--delay', '0', '--out', file('rec.json')), { code: 0, err: /Recorded/ })
    for (const secret of Object.values(environment)) t.notMatch(readFileSync(file('rec.json'), 'utf8'), secret)
    const { code, out } = await run('check', '--production', file('rec.json'), '--sandbox', right.issuer, '--sandbox-ca', file('right.pem'), '--clients', file('clients.yaml'), '--delay', '0', '--format', 'json')
    t.equal(code, 0)
    t.match((JSON.parse(out) as { drifts: Array<{ id: string }> }).drifts.map(({ id }) => id), ['token.expires_in', 'access_token.lifetime'])
    t.match(await run('check', '--production', file('clients.yaml'), '--sandbox', right.issuer), { code: 3, err: /no JSON/ })
  })
})
