import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import t from 'tap'
import { addParityImport } from '../../../../cli/commands/parity-import.ts'
import { createTerminal } from '../../../../cli/terminal.ts'
import { loadConfig } from '../../../../config/index.ts'
import { runCli } from '../../../support/gateway-cli.ts'
import { startTestGateway } from '../../../support/gateway.ts'
import { discoveryFile } from '../../../support/discovery-documents.ts'

const terminal = createTerminal(process)

t.test('every wrong turn ends with a sentence and the code for it', async (t) => {
  const directory = t.testdir({ 'page.html': '<html>', 'there.yaml': 'x', 'keys.txt': 'nothing' })
  const google = discoveryFile('google')
  const rows: ReadonlyArray<readonly [args: readonly string[], code: number, err: RegExp]> = [
    [['/nowhere/openid.json'], 5, /There is no file \/nowhere\/openid\.json\. An issuer begins with https:\/\/\./],
    [['ftp://auth.example.com'], 2, /is no issuer: it must be an https URL/],
    [['https://user:pass@auth.example.com'], 2, /is no issuer/],
    [['https://auth.example.com/?x=1'], 2, /must have no query/],
    [['http://auth.example.com'], 2, /http is for loopback only/],
    [['http://127.0.0.1:1'], 7, /cannot be imported: .*the connection is refused \(ECONNREFUSED\)/],
    [[join(directory, 'page.html')], 1, /cannot be imported: it is not JSON/],
    [[google, '--jwks', '/nowhere'], 2, /--jwks \/nowhere cannot be read/],
    [[google, '--jwks', join(directory, 'keys.txt')], 1, /--jwks holds no JSON Web Key Set/],
    [[google, '--ca', join(directory, 'keys.txt')], 2, /is no file of certificates in PEM/],
    [[google, '--out', join(directory, 'there.yaml')], 2, /is there already\. Choose another file, or give --force/],
    [[google, '--out', join(directory, 'no', 'where.yaml')], 1, /cannot be written: ENOENT/],
  ]
  for (const [args, code, err] of rows) t.match(await runHere(args), { code, err, out: '' }, args.at(-1) ?? '')
  t.match(await runCli(['parity', 'import']), { code: 2, err: /missing required argument/ })
  t.equal(readFileSync(join(directory, 'there.yaml'), 'utf8'), 'x', 'the file that was there is as it was')
})

t.test('the YAML goes to standard output and the report beside it, or the YAML to a file that config check takes', async (t) => {
  const directory = t.testdir()
  const file = join(directory, 'sandgate.yaml')
  const shown = await runHere([discoveryFile('keycloak')])
  t.match(shown, { code: 0, err: /28 keys imported, .*\n\nImported[^]*Not reproduced[^]*To fill in/ })
  writeFileSync(file, shown.out)
  t.equal(loadConfig({ file, environment: {} }).kind, 'loaded')
  const written = await runHere([discoveryFile('okta'), '--out', file, '--force'])
  t.match(written, { code: 0, out: /Not reproduced/, err: /Wrote .*config check/ })
  t.match(await runCli(['--config', file, 'config', 'check']), { code: 0, out: /The configuration is valid/ })
})

t.test('--json has everything in it', async (t) => {
  const { code, out } = await runHere([discoveryFile('yahoo'), '--jwks', discoveryFile('keys/yahoo'), '--json'])
  t.equal(code, 0)
  const report = JSON.parse(out)
  t.match(report, { issuer: 'https://api.login.yahoo.com', yaml: /signing_algorithm: RS256 {2}# jwks/, tls: [], notes: [] })
  t.match(report.settings[0], { path: /^profile\./, member: /./ })
  t.match(report.not_reproduced[0], { member: /./, why: /./ })
  t.match(report.to_fill_in[0], { path: /./, how: /./ })
})

t.test('a sandbox imported from another Sandgate says of itself what that one says', async (t) => {
  const production = await startTestGateway({
    'profile.paths.token': '/as/token.oauth2',
    'profile.paths.jwks': '/pf/JWKS',
    'profile.signing_algorithm': 'PS256',
    'profile.more_signing_algorithms': ['ES256'],
    'profile.rsa_key_bits': 3072,
    'profile.client_authentication_methods': ['client_secret_basic', 'private_key_jwt', 'tls_client_auth'],
    'profile.grants': ['client_credentials', 'authorization_code', 'refresh_token'],
    'profile.pushed_authorization_requests': 'required',
    'profile.request_objects': 'off',
    'profile.response_types': ['code', 'code id_token'],
    'profile.signed_responses': false,
    'profile.dpop': 'off',
    'profile.authorization_details_types': ['payment'],
    'profile.claims_parameter': false,
    'profile.subject_types': ['public'],
    'profile.encryption': false,
    'profile.introspection_jwt': false,
    'profile.registration': 'off',
    'profile.backchannel_logout': false,
    'tls.minimum_version': 'TLSv1.3',
  })
  t.teardown(production.stop)
  const directory = t.testdir({ 'ca.pem': production.authorityPem })
  const file = join(directory, 'sandgate.yaml')
  t.match(await runHere([production.publicUrl, '--tls', '--ca', join(directory, 'ca.pem'), '--out', file]), { code: 0 })
  t.match(readFileSync(file, 'utf8'), /minimum_version: TLSv1\.3[^]*rsa_key_bits: 3072|rsa_key_bits: 3072[^]*minimum_version: TLSv1\.3/)
  const sandbox = await startTestGateway({}, { file })
  t.teardown(sandbox.stop)
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
    const [theirs, ours] = [await production.call('GET', path), await sandbox.call('GET', path)]
    const anonymous = (text: string, { publicUrl, mtlsUrl }: typeof sandbox): unknown => sortLists(JSON.parse(text.replaceAll(publicUrl, 'https://door').replaceAll(mtlsUrl, 'https://mtls')))
    t.strictSame(anonymous(ours.text, sandbox), anonymous(theirs.text, production), path)
  }
})

/** Runs the command in this process. */
async function runHere (args: readonly string[]): Promise<{ readonly code: number, readonly out: string, readonly err: string }> {
  let [code, out, err] = [-1, '', '']
  const program = new Command()
  addParityImport(program, { ...terminal, out: (text) => { out += text }, err: (text) => { err += text }, exit: (given) => { code = given } })
  await program.parseAsync(['parity', 'import', ...args], { from: 'user' })
  return { code, out, err }
}

function sortLists (document: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).map(([name, value]) => [name, Array.isArray(value) ? [...value].sort() : value]))
}
