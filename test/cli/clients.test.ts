import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import t from 'tap'
import { startTestGateway } from '../support/gateway.ts'
import { runCli } from '../support/gateway-cli.ts'

// Each command is a process of its own.
t.setTimeout(180_000)
const sandgate = await startTestGateway()
t.teardown(sandgate.stop)
const sandbox = await sandgate.newSandbox()
const cwd = t.testdir()
writeFileSync(join(cwd, 'ca.pem'), sandgate.authorityPem)
writeFileSync(join(cwd, 'jwks.json'), JSON.stringify({ keys: [await exportJWK((await generateKeyPair('ES256')).publicKey)] }))
writeFileSync(join(cwd, 'more.json'), '{"default_max_age":60}')
const environment = { SANDGATE_URL: sandgate.publicUrl, SANDGATE_CA: join(cwd, 'ca.pem'), SANDGATE_KEY: sandbox.key.reveal() }
const run = async (...args: string[]) => await runCli(args, { cwd, environment })
const jsonOf = (result: { readonly out: string }) => JSON.parse(result.out) as Record<string, string>

await t.test('a command line that is not right is 2 and says what it should be', async (t) => {
  t.match(await run('clients', 'create', 'x'), { code: 2, out: '', err: /--method/ })
  t.match(await run('clients', 'create', 'x', '--method', 'none', '--metadata', '[]'), { code: 2, err: /must be a JSON object/ })
  t.match(await run('clients', 'create', 'x', '--method', 'none', '--metadata', '@missing.json'), { code: 2, err: /missing\.json cannot be read/ })
  t.match(await run('clients', 'create', 'x', '--method', 'none', '--lifetime', '5m'), { code: 2, err: /access_token=5m/ })
  t.match(await run('registration-token', '--uses', 'many'), { code: 2, err: /whole number/ })
})

await t.test('what the installation refuses is 1 or 5, with its reason', async (t) => {
  t.match(await run('clients', 'create', 'x', '--method', 'client_secret_basic', '--metadata', '{"colour":"red"}'), { code: 1, out: '', err: /colour is not known here/ })
  for (const args of [['show'], ['update'], ['delete'], ['rotate-secret']]) t.match(await run('clients', ...args, 'cli_nobody'), { code: 5, out: '' }, args.join())
})

await t.test('clients are made, shown, changed, given a new secret and removed', async (t) => {
  const made = await run('clients', 'create', 'From the terminal', '--method', 'client_secret_basic', '--grant', 'client_credentials', '--grant', 'authorization_code', '--redirect-uri', 'https://a.example/cb', '--redirect-uri', 'https://b.example/cb', '--cors-origin', 'https://app.example', '--scope', 'openid payments:read', '--lifetime', 'access_token=5m', '--lifetime', 'id_token=1m', '--headless-login', '--metadata', '@more.json')
  t.equal(made.code, 0, made.err)
  const { client_id: id = '', client_secret: secret } = jsonOf(made)
  t.match(jsonOf(made), { name: 'From the terminal', grant_types: ['client_credentials', 'authorization_code'], redirect_uris: ['https://a.example/cb', 'https://b.example/cb'], allowed_cors_origins: ['https://app.example'], scope: 'openid payments:read', lifetimes: { access_token: '300s', id_token: '60s' }, headless_login: true, default_max_age: 60 })
  t.match(await run('clients', 'list'), { code: 0, out: new RegExp(id) })
  t.notMatch((await run('clients', 'show', id)).out, secret)
  const changed = await run('clients', 'update', id, '--name', 'Changed', '--no-headless-login', '--metadata', '{"default_max_age":null}')
  t.match(jsonOf(changed), { name: 'Changed', redirect_uris: ['https://a.example/cb', 'https://b.example/cb'] })
  for (const member of ['default_max_age', 'headless_login']) t.notOk(Object.hasOwn(jsonOf(changed), member), member)
  t.match(jsonOf(await run('clients', 'rotate-secret', id, '--overlap', '1h')), { client_secret: String, former_client_secret_expires_at: String })
  t.match(await run('clients', 'delete', id), { code: 0, out: '' })
  t.match(await run('clients', 'show', id), { code: 5 })
})

await t.test('keys and certificate requests are read from files', async (t) => {
  t.match(jsonOf(await run('clients', 'create', 'Signer', '--method', 'private_key_jwt', '--jwks', 'jwks.json')), { jwks: { keys: [{ kty: 'EC' }] } })
  t.match(await run('clients', 'create', 'Certified', '--method', 'tls_client_auth', '--csr', 'jwks.json'), { code: 1, err: /./ })
  t.match(jsonOf(await run('clients', 'create', 'Certified', '--method', 'tls_client_auth')), { certificate: /BEGIN CERTIFICATE/, private_key: /BEGIN/ })
})

await t.test('a registration token is made when nothing else is said, listed without itself, and revoked', async (t) => {
  const made = await run('registration-token', '--uses', '1', '--expires-in', '1h')
  t.match(jsonOf(made), { uses: 1, initial_access_token: /^sgrt_/, registration_endpoint: `${sandgate.publicUrl}/oauth/register` })
  const { id = '', initial_access_token: token } = jsonOf(made)
  const list = await run('registration-token', 'list')
  t.match(list.out, id)
  t.notMatch(list.out, token)
  t.equal((await run('registration-token', 'revoke', id)).code, 0)
  t.equal((await run('registration-token', 'revoke', id)).code, 5)
})
