import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { freePorts } from '../support/gateway.ts'
import { runCli, startCli } from '../support/gateway-cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'sandgate-cli-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
const environmentOf = async () => {
  const [one, two, three] = await freePorts(3)
  return { SANDGATE__LISTEN__PUBLIC__PORT: String(one), SANDGATE__LISTEN__MTLS__PORT: String(two), SANDGATE__LISTEN__OPS__PORT: String(three), SANDGATE__VAR_DIRECTORY: directory }
}
const start = (t: Test, environment: Record<string, string>) => {
  const running = startCli(['start'], { environment, cwd: directory })
  t.teardown(async () => {
    running.child.kill('SIGKILL')
    await running.ended
  })
  return running
}

t.test('start serves until SIGTERM, and then ends by itself with 0', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const environment = await environmentOf()
    const running = start(t, environment)
    await running.said('/sandbox/reset')
    t.equal((await request(`http://127.0.0.1:${environment.SANDGATE__LISTEN__OPS__PORT}/readyz`)).statusCode, 200)
    const shown = await runCli(['sandbox', 'show', '--directory', join(directory, 'quickstart'), '--url', `https://localhost:${environment.SANDGATE__LISTEN__PUBLIC__PORT}`])
    t.equal(shown.code, 0, shown.err)
    running.child.kill(signal)
    const { code, out, err } = await running.ended
    t.equal(code, 0, signal)
    t.match(err, 'Stopped.')
    t.ok(out.split('\n').filter((line) => line !== '').every((line) => 'level' in (JSON.parse(line) as object)), 'stdout holds log lines and nothing else')
    t.match(out, '"route":"/sandbox"', 'and the last ones are not lost')
  }
  t.ok(existsSync(join(directory, 'quickstart', 'ca.pem')))
  t.equal(statSync(join(directory, 'keys', 'secrets.json')).mode & 0o077, 0)
})

t.test('a port that is taken is told, with the way out, and the exit code is 1', async (t) => {
  const environment = await environmentOf()
  const server = createServer().listen(Number(environment.SANDGATE__LISTEN__MTLS__PORT), '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { code, err } = await start(t, environment).ended
  t.equal(code, 1)
  t.match(err, new RegExp(`Port ${environment.SANDGATE__LISTEN__MTLS__PORT} is taken`))
  t.notMatch(err, /\n\s+at /)
})

t.test('a second one on the same directory is refused, and the first goes on', async (t) => {
  const environment = await environmentOf()
  const first = start(t, environment)
  await first.said('/sandbox/reset')
  const { code, err } = await start(t, await environmentOf()).ended
  t.equal(code, 1)
  t.match(err, /another process/)
  t.notMatch(err, /\n\s+at /, 'a person is told, not shown a stack')
  t.equal((await request(`http://127.0.0.1:${environment.SANDGATE__LISTEN__OPS__PORT}/readyz`)).statusCode, 200)
  first.child.kill('SIGTERM')
  t.equal((await first.ended).code, 0)
})

t.test('a configuration with problems is 3, and nothing is made', async (t) => {
  const empty = join(t.testdir(), 'var')
  const { code, err } = await runCli(['start'], { environment: { SANDGATE__VAR_DIRECTORY: empty, SANDGATE__LISTEN__PUBLIC__PORT: '0x' } })
  t.equal(code, 3)
  t.match(err, 'SANDGATE__LISTEN__PUBLIC__PORT')
  t.notOk(existsSync(empty))
})
