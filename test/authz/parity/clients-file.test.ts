import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { ClientsSchema, resolveClients } from '../../../authz/parity/clients-file.ts'
import { createRootCertificate } from '../../../certs/index.ts'
import { readYaml } from '../../../config/index.ts'
import { systemClock } from '../../../kernel/index.ts'

const { certificatePem, keyPem } = await createRootCertificate({ commonName: 'client', lifetimeMs: 86_400_000, clock: systemClock })
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const files: Record<string, string> = { 'client.pem': certificatePem, 'client.key': keyPem, 'other.key': otherKey, 'nonsense.pem': 'nonsense' }
const resolve = (auth: Parameters<typeof resolveClients>[0]['production'] extends infer E | undefined ? E extends { auth: infer A } ? A : never : never, environment: Record<string, string> = {}) =>
  resolveClients({ production: { client_id: 'cli', auth } }, { environment, readText: (name) => files[name] })

t.test('what is wrong is told with its path, and without the secret', (t) => {
  const path = (auth: Parameters<typeof resolve>[0]) => resolve(auth).problems.map((problem) => problem.path.join('.'))
  t.same(path({ method: 'client_secret_basic' }), ['production.auth.secret'])
  // eslint-disable-next-line no-template-curly-in-string
  t.match(resolve({ method: 'client_secret_post', secret: '${PARITY_SECRET}' }).problems, [{ path: ['production', 'auth', 'secret'], message: /PARITY_SECRET/ }])
  // eslint-disable-next-line no-template-curly-in-string
  t.match(resolve({ method: 'client_secret_post', secret: '${__proto__}' }).problems, { length: 1 })
  t.same(path({ method: 'private_key_jwt' }), ['production.auth.key_file'])
  t.same(path({ method: 'private_key_jwt', key_file: 'missing.key' }), ['production.auth.key_file'])
  t.same(path({ method: 'private_key_jwt', key_file: 'client.pem' }), ['production.auth.key_file'])
  t.same(path({ method: 'tls_client_auth' }), ['production.auth.certificate_file'])
  t.same(path({ method: 'tls_client_auth', certificate_file: 'nonsense.pem', key_file: 'client.key' }), ['production.auth.certificate_file', 'production.auth.certificate_file'].slice(0, 1))
  t.same(path({ method: 'tls_client_auth', certificate_file: 'client.pem', key_file: 'other.key' }), ['production.auth.key_file'], 'a key of another certificate')
  t.end()
})

t.test('secrets come from the environment, keys and certificates from files, and none prints', (t) => {
  // eslint-disable-next-line no-template-curly-in-string
  const { clients, problems } = resolve({ method: 'client_secret_basic', secret: '${PARITY_SECRET}' }, { PARITY_SECRET: 'hunter2-hunter2' })
  t.same(problems, [])
  t.notMatch(JSON.stringify(clients), /hunter2/)
  const { auth } = clients.production ?? {}
  t.equal(auth !== undefined && 'secret' in auth && auth.secret.reveal(), 'hunter2-hunter2')
  t.match(resolve({ method: 'tls_client_auth', certificate_file: 'client.pem', key_file: 'client.key' }), { problems: [], clients: { production: { auth: { certificate: { certificatePem } } } } })
  t.match(resolve({ method: 'private_key_jwt', key_file: 'other.key', key_id: 'k' }), { problems: [], clients: { production: { auth: { kid: 'k' } } } })
  t.end()
})

t.test('an unknown key or method is refused, with its line', async (t) => {
  for (const text of ['production: { client_id: a, auth: { method: none }, secret: x }', 'production: { client_id: a, auth: { method: basic } }', 'staging: {}', 'production: { auth: { method: none } }']) {
    const directory = t.testdir({ 'clients.yaml': text })
    t.match(readYaml(`${directory}/clients.yaml`, ClientsSchema), { kind: 'refused', problems: [{ line: 1 }] }, text)
  }
})
