import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { missingTools, openCertificateFlow } from '../support/certificate-flow.ts'
import { runCli, type CliRun } from '../support/gateway-cli.ts'

const skip = await missingTools()

/** What `sandgate certificates` says when it cannot. */
t.test('wrong turns on the command line', { skip }, async (t) => {
  const { sandgate, key } = await openCertificateFlow(t)
  const directory = t.testdir({ 'ca.pem': sandgate.authorityPem })
  const at = (file: string): string => join(directory, file)
  const run = async (args: readonly string[], environment: Record<string, string> = {}): Promise<CliRun> =>
    await runCli(['certificates', ...args], { cwd: directory, environment: { SANDGATE_URL: sandgate.publicUrl, SANDGATE_KEY: key, SANDGATE_CA: at('ca.pem'), ...environment } })
  const read = (file: string): string => readFileSync(at(file), 'utf8')

  t.test('a wrong turn is told, and makes nothing', async (t) => {
    const before = (await sandgate.call('GET', '/sandbox/certificates', { token: key })).json.data.length as number
    writeFileSync(at('taken.key'), 'precious')
    const runs: Array<Promise<void>> = []
    for (const [args, code, said] of [
      [['create', '--kind', 'root'], 1, /request_invalid/],
      [['create', '--san', 'client.test'], 2, /must begin with dns:/],
      [['create', '--csr', 'absent.pem'], 2, /absent\.pem cannot be read/],
      [['create', '--format', 'pkcs12'], 2, /SANDGATE_P12_PASSWORD/],
      [['create', '--out', 'taken'], 2, /taken\.key is there already/],
      [['create', '--password', 'x'], 2, /unknown option/],
      [['renew', 'abcd'], 5, /resource_not_found/],
      [['revoke', 'abcd'], 5, /resource_not_found/],
      [['show', '../clients'], 1, /path_invalid/],
      [['renew'], 2, /missing required argument/],
    ] as const) {
      runs.push(run(args).then(({ code: exit, err }) => {
        t.equal(exit, code, args.join(' '))
        t.match(err, said, args.join(' '))
      }))
    }
    await Promise.all(runs)
    t.equal((await run(['list'], { SANDGATE_KEY: 'wrong' })).code, 4)
    t.equal(read('taken.key'), 'precious')
    t.equal((await sandgate.call('GET', '/sandbox/certificates', { token: key })).json.data.length, before)
  })
})
