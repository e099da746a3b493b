import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startTestGateway } from '../support/gateway.ts'
import { runCli, startCli } from '../support/gateway-cli.ts'

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

t.test('what happened and why, in a terminal', async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const environment = { SANDGATE_URL: sandgate.publicUrl, SANDGATE_KEY: sandbox.key.reveal() }
  const place = ['--directory', join(sandgate.directory, 'quickstart')]
  const run = async (...args: string[]) => await runCli([...args, ...place], { environment })
  const refuse = async () => await sandgate.call('POST', '/oauth/token', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `grant_type=client_credentials&client_id=${sandbox.client.id}&client_secret=canary-secret` })

  t.test('explain shows cause, seen, expected, clause with its address, and fix', async (t) => {
    const { requestId } = await refuse()
    const { code, out } = await run('explain', requestId)
    t.equal(code, 0)
    t.match(out, /^POST \/oauth\/token → 401 invalid_client\n/)
    t.match(out, /\(only claimed\)/)
    for (const line of [/^Cause {5}The client secret/m, /^Seen {6}a secret in the body \(never shown\)/m, /^Expected {2}the secret/m, /^Clause {4}RFC 6749 §2\.3\.1/m, /^ {10}https:\/\/www\.rfc-editor\.org\/rfc\/rfc6749#section-2\.3\.1/m, /^Fix {7}/m]) t.match(out, line)
    t.notMatch(out, 'canary-secret')
    t.ok(out.split('\n').every((line) => line.length <= 110), 'wrapped')
    const json = JSON.parse((await run('explain', requestId, '--json')).out) as { explanation: object }
    t.match(json.explanation, { code: 'client_secret_mismatch', clause_url: /^https:/ })
    t.match(await run('explain', 'f'.repeat(32)), { code: 5, out: '', err: /resource_not_found/ })
  })

  t.test('requests is a table, narrowed, and JSON', async (t) => {
    await refuse()
    const { out } = await run('requests', '--status', '4xx', '--code', 'client_secret_mismatch', '--limit', '1')
    const lines = out.trimEnd().split('\n')
    t.match(lines[0], /^AT +STATUS +METHOD +PATH +CLIENT +CODE +ID$/)
    t.equal(lines.length, 2)
    t.match(lines[1], /401 +POST +\/oauth\/token +cli_\w+ \? +invalid_client +[0-9a-f]{32}$/)
    t.match(JSON.parse((await run('requests', '--json')).out), { data: [], left_out: 0 })
    t.match(await run('requests', '--status', 'bad'), { code: 1, err: /4xx/ })
  })

  t.test('requests --follow prints new ones until it is told to stop', async (t) => {
    const following = startCli(['requests', '--follow', '--code', 'route_not_found', ...place], { environment })
    const token = await sandgate.tokenFor(sandbox, { door: 'public' })
    const { requestId } = await sandgate.call('GET', '/v1/nowhere', { token })
    await following.said(requestId)
    following.child.kill('SIGINT')
    t.match(await following.ended, { code: 0 })
  })

  t.test('token takes a token from standard input and sends its jti alone', async (t) => {
    const token = await sandgate.tokenFor(sandbox, { door: 'public' })
    await sandgate.call('GET', '/v1/customers', { token })
    const out = await new Promise<string>((resolve, reject) => {
      const child = execFile(process.execPath, [MAIN, 'token', ...place], { env: { ...process.env, ...environment } }, (error, stdout) => { if (error === null) resolve(stdout); else reject(error) })
      child.stdin?.end(`${token}\n`)
    })
    t.match(out, /^access token \S+: live\n/)
    for (const line of [/^Client {4}cli_/m, /^Scopes {4}payments:read payments:write/m, /Z {2}asked +request [0-9a-f]{32}/, /Z {2}issued /, /Z {2}used/]) t.match(out, line)
    t.notMatch(sandgate.logLines.join(''), token.split('.')[2] ?? '', 'the token was sent nowhere but where it belongs')
    t.match(await run('token', 'nonsense'), { code: 2, err: /neither a token/ })
    t.match(await run('token', 'x'.repeat(43)), { code: 5 })
  })

  t.test('handshakes from here', async (t) => {
    t.match(await run('handshakes'), { code: 0, out: /No handshake failed lately/ })
  })
})
