import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { freePorts, startTestGateway } from '../support/gateway.ts'
import { runCli } from '../support/gateway-cli.ts'

t.test('what is no command is 2, says so and suggests', async (t) => {
  t.match(await runCli(['strat']), { code: 2, out: '', err: /unknown command 'strat'.*start/s })
  t.match(await runCli(['sandbox', 'shwo']), { code: 2, err: /show/ })
  t.match(await runCli(['explain']), { code: 2, err: /missing required argument 'request-id'/ })
  t.match(await runCli(['start', '--nonsense']), { code: 2, err: /unknown option '--nonsense'/ })
})

t.test('help and version are 0', async (t) => {
  t.match(await runCli(['--help']), { code: 0, out: /Usage: sandgate.*start.*config.*sandbox.*explain/s })
  t.match(await runCli(['--version']), { code: 0, out: /^\d+\.\d+\.\d+\n$/ })
  t.match(await runCli(['sandbox', '--help']), { code: 0, out: /show.*reset/s })
})

t.test('without a key nothing is sent: 2, with the way to get one', async (t) => {
  const cwd = t.testdir()
  t.match(await runCli(['sandbox', 'show'], { cwd }), { code: 2, out: '', err: /SANDGATE_KEY.*sandbox key/ })
  t.match(await runCli(['bans'], { cwd }), { code: 2, err: /operator's token/ })
})

t.test('when nothing answers: 7, with the address and no stack', async (t) => {
  const cwd = t.testdir()
  const [port] = await freePorts(1)
  const { code, err } = await runCli(['sandbox', 'show', '--url', `https://127.0.0.1:${String(port)}`], { cwd, environment: { SANDGATE_KEY: 'sgsk_x' } })
  t.equal(code, 7)
  t.match(err, `https://127.0.0.1:${String(port)}`)
  t.notMatch(err, /\n\s+at /)
})

t.test('something else that answers there is told apart from a sandbox, and nothing is printed as data', async (t) => {
  const server = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello</html>')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { code, out, err } = await runCli(['sandbox', 'show', '--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`], { cwd: t.testdir(), environment: { SANDGATE_KEY: 'sgsk_x' } })
  t.not(code, 0)
  t.equal(out, '')
  t.notMatch(err, /\n\s+at |SyntaxError/)
})

t.test('against a running installation', async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox({ name: 'Mine' })
  const other = await sandgate.newSandbox()
  const directory = join(sandgate.directory, 'quickstart')
  const run = async (args: readonly string[], environment: Record<string, string> = { SANDGATE_KEY: sandbox.key.reveal() }) =>
    await runCli([...args, '--directory', directory], { cwd: sandgate.directory, environment: { SANDGATE_URL: sandgate.publicUrl, ...environment } })

  t.test('a wrong key is 4, what is not there is 5, a bad value is 1', async (t) => {
    t.match(await run(['sandbox', 'show'], { SANDGATE_KEY: 'sgsk_made-up' }), { code: 4, out: '', err: /token_malformed, HTTP 401/ })
    t.match(await run(['sandbox', 'list']), { code: 4, err: /credential_not_accepted, HTTP 403/ })
    t.match(await run(['explain', 'f'.repeat(32)]), { code: 5, err: /resource_not_found, HTTP 404/ })
    t.match(await run(['sandbox', 'advance', 'soon']), { code: 1, err: /request_invalid, HTTP 422/ })
  })

  t.test('sandbox show prints the sandbox of the key as JSON', async (t) => {
    const { code, out, err } = await run(['sandbox', 'show'])
    t.equal(code, 0, err)
    t.match(JSON.parse(out), { id: sandbox.sandbox.id, name: 'Mine', clients: [{}, {}] })
  })

  t.test('without a key of its own it opens the first sandbox, by the quickstart files', async (t) => {
    const first = JSON.parse(readFileSync(join(directory, 'sandbox.json'), 'utf8')) as { readonly sandboxId: string }
    const { code, out } = await run(['sandbox', 'show'], {})
    t.equal(code, 0)
    t.equal((JSON.parse(out) as { id: string }).id, first.sandboxId)
    t.match(await run(['sandbox', 'list'], {}), { code: 0, out: new RegExp(sandbox.sandbox.id) }, 'and the operator\'s commands by the operator\'s token')
  })

  t.test('explain tells the owner why, and nobody else', async (t) => {
    const refused = await sandgate.call('POST', '/oauth/token', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `grant_type=client_credentials&client_id=${sandbox.client.id}&client_secret=wrong` })
    const { code, out } = await run(['explain', refused.requestId, '--json'])
    t.equal(code, 0)
    t.match(JSON.parse(out), { code: 'invalid_client', explanation: { cause: String, fix: String } })
    t.match(await run(['explain', refused.requestId], { SANDGATE_KEY: other.key.reveal() }), { code: 5 })
    t.match(await run(['explain', '../../control/sandboxes'], {}), { code: /^[1-7]$/, out: '' }, 'an id cannot lead elsewhere')
  })

  t.test('reset, triggers, webhooks and bans', async (t) => {
    t.match(JSON.parse((await run(['sandbox', 'reset'])).out), { reset: true })
    t.ok((JSON.parse((await run(['sandbox', 'triggers'])).out) as { data: unknown[] }).data.length > 0)
    t.match(JSON.parse((await run(['webhooks', 'add', 'http://127.0.0.1:9/hook'])).out), { url: 'http://127.0.0.1:9/hook', secret: /^whsec_/ })
    t.match(JSON.parse((await run(['webhooks', 'list'])).out), { data: [{ url: 'http://127.0.0.1:9/hook' }] })
    t.same(JSON.parse((await run(['bans'], {})).out), { data: [] })
    t.match(await run(['unban', 'none'], {}), { code: 5 })
  })

  t.test('a certificate of another authority is not trusted', async (t) => {
    const file = join(t.testdir(), 'ca.pem')
    writeFileSync(file, '')
    t.match(await run(['sandbox', 'show', '--ca', file]), { code: 7, out: '' })
  })
})
