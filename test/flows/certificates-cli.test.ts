import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { missingTools, openCertificateFlow } from '../support/certificate-flow.ts'
import { runTool } from '../support/certs-openssl.ts'
import { runCli, type CliRun } from '../support/gateway-cli.ts'

const skip = await missingTools()

/** `sandgate certificates` against a running installation. */
t.test('certificates on the command line', { skip }, async (t) => {
  const { sandgate, key, atDoor } = await openCertificateFlow(t)
  const directory = t.testdir({ 'ca.pem': sandgate.authorityPem, password: 'from a file\nsecond line\n' })
  const at = (file: string): string => join(directory, file)
  const run = async (args: readonly string[], environment: Record<string, string> = {}): Promise<CliRun> =>
    await runCli(['certificates', ...args], { cwd: directory, environment: { SANDGATE_URL: sandgate.publicUrl, SANDGATE_KEY: key, SANDGATE_CA: at('ca.pem'), ...environment } })
  const read = (file: string): string => readFileSync(at(file), 'utf8')

  t.test('what it writes opens the door, and its owner alone can read it', async (t) => {
    const { code, out, err } = await run(['create', '--out', 'client', '--key-type', 'ed25519', '--lifetime', '1h', '--san', 'dns:cli.example', '--san', 'uri:urn:cli'])
    t.equal(code, 0, err)
    t.match(JSON.parse(out), { files: ['client.pem', 'client.key'] })
    t.notMatch(out, /PRIVATE/)
    for (const file of ['client.pem', 'client.key']) t.equal(statSync(at(file)).mode & 0o777, 0o600, file)
    t.match(new X509Certificate(read('client.pem')).subjectAltName, 'DNS:cli.example, URI:urn:cli')
    t.equal(await atDoor({ certificate: read('client.pem'), private_key: read('client.key') }), 200)
  })

  t.test('a PKCS #12 file takes its password from the environment or a file, and a JWK is a key', async (t) => {
    t.equal((await run(['create', '--format', 'pkcs12', '--out', 'one'], { SANDGATE_P12_PASSWORD: 'from the environment' })).code, 0)
    t.equal((await run(['create', '--format', 'pkcs12', '--out', 'two', '--p12-password-file', 'password'])).code, 0)
    for (const [file, password] of [['one.p12', 'from the environment'], ['two.p12', 'from a file']] as const) {
      t.equal((await runTool('openssl', ['pkcs12', '-in', 'c.p12', '-nodes', '-passin', `pass:${password}`], { 'c.p12': readFileSync(at(file)) })).code, 0, file)
      t.equal(statSync(at(file)).mode & 0o777, 0o600)
      t.notOk(existsSync(at(file.replace('.p12', '.key'))))
    }
    t.equal((await run(['create', '--format', 'jwk', '--out', 'three'])).code, 0)
    t.ok(createPrivateKey({ key: JSON.parse(read('three.jwk.json')), format: 'jwk' }))
    t.equal(statSync(at('three.jwk.json')).mode & 0o777, 0o600)
  })

  t.test('a request keeps its key with its maker', async (t) => {
    const { output } = await runTool('sh', ['-c', 'openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -subj /CN=a -out r.pem && cat r.pem'], {})
    writeFileSync(at('r.pem'), output.slice(output.indexOf('-----BEGIN CERTIFICATE REQUEST')))
    t.equal((await run(['create', '--csr', 'r.pem', '--out', 'asked'])).code, 0)
    t.ok(existsSync(at('asked.pem')))
    t.notOk(existsSync(at('asked.key')))
  })

  t.test('a QWAC with roles', async (t) => {
    const { code, out } = await run(['create', '--kind', 'qwac', '--roles', 'PSP_AI,PSP_PI', '--organization', 'Acme', '--organization-identifier', 'PSDDE-BAFIN-42', '--nca-id', 'DE-BAFIN', '--nca-name', 'BaFin', '--country', 'DE', '--out', 'qwac'])
    t.equal(code, 0)
    const shown = JSON.parse((await run(['show', (JSON.parse(out) as { serial: string }).serial])).out) as object
    t.match(shown, { kind: 'qwac', qualified: { roles: ['PSP_PI', 'PSP_AI'], nca_id: 'DE-BAFIN', nca_name: 'BaFin' } })
  })

  t.test('list, renew, revoke and the revocation list', async (t) => {
    const { serial } = JSON.parse((await run(['create', '--out', 'old'])).out) as { serial: string }
    t.equal((await run(['renew', serial, '--out', 'new', '--revoke-previous'])).code, 0)
    t.equal(await atDoor({ certificate: read('old.pem'), private_key: read('old.key') }), '401 certificate_revoked')
    t.equal(await atDoor({ certificate: read('new.pem'), private_key: read('new.key') }), 200)
    const renewed = new X509Certificate(read('new.pem')).serialNumber.toLowerCase()
    t.match(JSON.parse((await run(['revoke', renewed, '--reason', 'keyCompromise'])).out), { status: 'revoked', revocation_reason: 'keyCompromise' })
    const listed = JSON.parse((await run(['list'])).out) as { data: Array<{ serial: string, status: string }> }
    t.equal(listed.data.filter((one) => [serial, renewed].includes(one.serial) && one.status === 'revoked').length, 2)
    t.equal((await run(['crl', '--out', 'list.pem'])).code, 0)
    t.match((await runTool('openssl', ['crl', '-in', 'l.pem', '-CAfile', 'ca.pem', '-noout', '-text'], { 'l.pem': read('list.pem'), 'ca.pem': sandgate.authorityPem })).output, new RegExp(`${renewed.toUpperCase()}[^]*verify OK`))
    t.match((await run(['crl'], { SANDGATE_KEY: '' })).out, /^-----BEGIN X509 CRL-----/)
  })
})
