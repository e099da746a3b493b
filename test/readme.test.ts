import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { version } from '../kernel/index.ts'
import { startTestGateway } from './support/gateway.ts'

const hasCurl = ['/usr/bin/curl', '/bin/curl', '/usr/local/bin/curl', '/opt/homebrew/bin/curl'].some((path) => existsSync(path))

/** The README's commands run as they stand, in a shell, against a fresh installation. */
t.test('README and quickstart', hasCurl ? {} : { skip: 'curl was not found' }, async (t) => {
  const readme = readFileSync('README.md', 'utf8')
  const [curls = '', cli = ''] = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? '')
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const quickstart = join(sandgate.directory, 'quickstart')

  t.test('the two set-up commands are scripts of the package', async (t) => {
    const { scripts, version: packaged } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string>, version: string }
    t.equal(version, packaged, 'the version in code')
    t.match(readme, /npm ci && npm start\n/)
    t.match(readme, /npm ci && npm test\n/)
    t.ok(scripts['start'])
    t.ok(scripts['test'])
  })

  t.test('the first five minutes', async (t) => {
    const output = await shell(curls.replaceAll('./var/quickstart', quickstart))
    const answers = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>)
    t.match(answers, [
      { token_type: 'Bearer', expires_in: 3600 },
      { object: 'customer', email: /@example\.test$/ },
      { object: 'list', data: [{ name: 'Zoë 田中' }] },
      { object: 'payment', status: 'succeeded' },
      { error: { code: 'card_declined' } },
      { code: 'personal_data_refused' },
      { code: 'token_binding_mismatch', explanation: { fix: String } },
      { data: Array },
      { url: 'http://localhost:7777/hooks', secret: /^whsec_/ },
      { now: String },
      { reset: true },
      { sandbox: { name: 'Second' }, client: { client_id: String } },
      { status: 'ok' },
    ])
    t.match(output, /# TYPE http_server_request_duration_seconds histogram/)
  })

  t.test('the same by the command line', async (t) => {
    const directory = `--directory ${quickstart} --url ${sandgate.publicUrl}`
    const commands = cli.trim().split('\n')
    t.ok(commands.length >= 6)
    for (const command of commands) {
      const runnable = command.replace('npm run -s sandgate --', 'node cli/main.ts')
      t.not(runnable, command, `${command} is the package's script`)
      t.ok(await shell(runnable.includes('config check') ? runnable : `${runnable} ${directory}`), command)
    }
  })

  t.test('the quickstart that start prints', async (t) => {
    const text = sandgate.gateway.quickstart
    for (const shown of [sandgate.publicUrl, sandgate.mtlsUrl, 'ca.pem', 'client.pem', 'amira', sandgate.operatorToken]) t.ok(text.includes(shown), shown.slice(0, 20))
    const commands = text.slice(text.indexOf('Paste these:') + 'Paste these:'.length)
    const output = await shell(commands)
    t.match(output, /"status":"succeeded"/)
    t.match(output, /"code":"card_declined"/)
    t.match(output, /"reset":true/)
  })
})

async function shell (script: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile('sh', ['-e', '-c', script], { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${error.message}\n${stderr}\n${stdout}`))
    })
  })
}
