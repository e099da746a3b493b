import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { createRootCertificate } from '../../certs/index.ts'
import { loadAccepted, loadText, writeTemporary } from '../support/config-files.ts'

const clock = { nowMs: () => Date.UTC(2031, 0, 1) }
const one = await createRootCertificate({ commonName: 'One', lifetimeMs: 86_400_000, clock })
const other = await createRootCertificate({ commonName: 'Other', lifetimeMs: 86_400_000, clock })
const certificate = writeTemporary('one.pem', one.certificatePem)
const key = writeTemporary('one.key', one.keyPem)
const otherKey = writeTemporary('other.key', other.keyPem)

t.test('a certificate with the key of another one is refused', async (t) => {
  t.match(loadText(`tls: { certificate_file: "${certificate}", key_file: "${otherKey}" }`), { kind: 'refused', problems: [{ path: 'tls.key_file', found: 'the key of another certificate' }] })
  t.match(loadText(`keys: { ca_certificate_file: "${certificate}", ca_key_file: "${otherKey}" }`), { kind: 'refused', problems: [{ path: 'keys.ca_key_file', found: 'the key of another certificate' }] })
})

t.test('an encrypted key is refused, because nobody is there to type its password', async (t) => {
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } }).privateKey
  const encrypted = writeTemporary('encrypted.key', pem)
  t.match(loadText(`tls: { certificate_file: "${certificate}", key_file: "${encrypted}" }`), { kind: 'refused', problems: [{ path: 'tls.key_file', found: 'a file without a readable private key' }] })
})

t.test('a key set of public keys is refused for signing', async (t) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const file = writeTemporary('public.json', JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }))
  t.match(loadText(`keys: { signing_keys_file: "${file}" }`), { kind: 'refused', problems: [{ path: 'keys.signing_keys_file' }] })
})

t.test('a certificate with its key, and a key set of private keys, are accepted and no longer announced', async (t) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const file = writeTemporary('private.json', JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] }))
  const text = `tls: { certificate_file: "${certificate}", key_file: "${key}" }\nkeys: { ca_certificate_file: "${certificate}", ca_key_file: "${key}", signing_keys_file: "${file}" }`
  t.equal(loadAccepted(text).keys.signingKeysFile, file)
  const outcome = loadText(text)
  const announced = outcome.kind === 'loaded' ? outcome.warnings.map(({ path }) => path) : []
  for (const path of ['tls.certificate_file', 'keys.ca_certificate_file', 'keys.signing_keys_file']) t.notOk(announced.includes(path), path)
})

t.test('a complete production configuration is accepted without a warning', async (t) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const file = writeTemporary('private.json', JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] }))
  const secret = 'correct-horse-battery-staple-0123456789'
  const outcome = loadText([
    'production: true',
    'listen: { public_host: sandbox.example }',
    `tls: { certificate_file: "${certificate}", key_file: "${key}" }`,
    `keys: { ca_certificate_file: "${certificate}", ca_key_file: "${key}", signing_keys_file: "${file}", cookie_secrets: ["${secret}"], scrub_secret: "${secret}", operator_token: "${secret}" }`,
    'webhooks: { allow_http: false, allowed_networks: [] }'
  ].join('\n'))
  t.match(outcome, { kind: 'loaded', warnings: [] })
  t.equal(outcome.kind === 'loaded' ? outcome.warnings.length : -1, 0)
})
