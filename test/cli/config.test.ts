import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCli, startCli } from '../support/gateway-cli.ts'

const SHIPPED = new URL('../../config/', import.meta.url).pathname

t.test('config check', async (t) => {
  const directory = t.testdir()
  const check = async (text: string, environment: Record<string, string> = {}) => {
    const file = join(directory, 'sandgate.yaml')
    writeFileSync(file, text)
    return { file, ...await runCli(['config', 'check', '--config', file], { environment }) }
  }

  t.test('every problem of a broken file is told with its file, line and column, and the exit code is 3', async (t) => {
    const { code, err, out, file } = await check('listen:\n  public: { prot: 8443 }\nlimits:\n  client: { limit: many }\n')
    t.equal(code, 3)
    t.equal(out, '', 'data goes to stdout, and there is none')
    t.match(err, `${file}:2:13`)
    t.match(err, /listen\.public\.prot/)
    t.match(err, /port/, 'what was meant')
    t.match(err, `${file}:4:20`)
    t.match(err, 'prot: 8443', 'the line is shown')
  })

  t.test('problems of the files that it points at are told at their own lines', async (t) => {
    const rules = t.testdir({ 'broken.yaml': 'id: broken\nmode: enforce\ndescription: x\nwhen: "signals.nothing > 1"\naction: { refuse: {} }\n' })
    const { code, err } = await check(`abuse: { rules_directory: ${rules} }\n`)
    t.equal(code, 3)
    t.match(err, `${join(rules, 'broken.yaml')}:`)
  })

  t.test('what is no YAML, no file, or a bad variable is 3 too', async (t) => {
    t.match(await check('listen: [\n'), { code: 3, err: /sandgate\.yaml:\d+/ })
    t.match(await runCli(['config', 'check', '-c', '/nowhere/sandgate.yaml']), { code: 3, err: /\/nowhere\/sandgate\.yaml/ })
    t.match(await check('', { SANDGATE__LISTEN__OPS__PORT: 'many' }), { code: 3, err: /SANDGATE__LISTEN__OPS__PORT/ })
  })

  t.test('production refuses development defaults', async (t) => {
    t.match(await check('production: true\n'), { code: 3, err: /keys/ })
  })

  t.test('no secret is repeated in a problem', async (t) => {
    const { err } = await check('keys: { operator_token: "short", scrub_secret: "hunter2" }\nstores: { redis: { url: "redis://user:hunter2-hunter2@x" } }\nproduction: true\n')
    t.notMatch(err, /hunter2/)
  })

  t.test('a good file is 0, and says what it found', async (t) => {
    t.match(await check('log: { level: warn }\n'), { code: 0, out: /valid: payments; \d+ rules/, err: /payments: everything in its document is honoured/ })
    t.match(await runCli(['config', 'check']), { code: 0 }, 'the shipped defaults')
    t.match(await runCli(['--config', join(SHIPPED, 'sandgate.yaml'), 'config', 'check']), { code: 0 }, 'the shipped file, by name, with the option first')
  })
})

t.test('config show prints each setting with its origin and masks secrets', async (t) => {
  const { code, out } = await runCli(['config', 'show'], { environment: { SANDGATE__LIMITS__CLIENT__LIMIT: '7', SANDGATE__KEYS__OPERATOR_TOKEN: 'sgop_hunter2-hunter2-hunter2-hunter2-hunter2' } })
  t.equal(code, 0)
  t.match(out, /^limits\.client\.limit = 7 {2}# .*SANDGATE__LIMITS__CLIENT__LIMIT/m)
  t.notMatch(out, 'hunter2')
  t.match(await runCli(['config', 'show', '-c', '/nowhere.yaml']), { code: 3, out: '' })
})

t.test('a reader that has seen enough is no error', async (t) => {
  const running = startCli(['config', 'show'])
  running.child.stdout?.once('data', () => running.child.stdout?.destroy())
  const { code, err } = await running.ended
  t.equal(code, 0, err)
})
