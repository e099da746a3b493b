import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import t from 'tap'
import { toPkcs12 } from '../../certs/index.ts'
import { createTestAuthority, DAY_MS } from '../support/certs-authority.ts'
import { createForeignCertificate } from '../support/certs-foreign.ts'
import { isMissing, runTool } from '../support/certs-openssl.ts'

const password = 'correct horse'

async function createContents (): Promise<{ certificatePem: string, keyPem: string, caPem: string, password: string }> {
  const { authority, root } = await createTestAuthority()
  const { certificatePem, keyPem } = await authority.issueClientCertificate({ commonName: 'Björn\'s app', lifetimeMs: DAY_MS })
  return { certificatePem, keyPem, caPem: root.certificatePem, password }
}

t.test('a key of another certificate, no certificate and no password are refused', async (t) => {
  const contents = await createContents()
  const other = await createContents()
  t.throws(() => toPkcs12({ ...contents, keyPem: other.keyPem }), { message: /key does not belong/ })
  t.throws(() => toPkcs12({ ...contents, certificatePem: '', caPem: '' }), { message: /no PEM certificate/ })
  t.throws(() => toPkcs12({ ...contents, password: '' }), RangeError)
})

t.test('a file opens with its password and with no other', async (t) => {
  const contents = await createContents()
  for (const secret of [password, 'pässwörd', '\u{1f511}']) {
    const pfx = toPkcs12({ ...contents, password: secret })
    t.doesNotThrow(() => createSecureContext({ pfx, passphrase: secret }), secret)
    t.throws(() => createSecureContext({ pfx, passphrase: `${secret} ` }), { message: /mac verify failure/ })
  }
})

t.test('a changed byte in the certificates is noticed', async (t) => {
  const contents = await createContents()
  const pfx = toPkcs12(contents)
  const at = pfx.indexOf(new X509Certificate(contents.certificatePem).raw) + 100
  pfx[at] = (pfx[at] ?? 0) ^ 1
  t.throws(() => createSecureContext({ pfx, passphrase: password }), { message: /mac verify failure/ })
})

t.test('the private key is nowhere in the file unencrypted', async (t) => {
  const contents = await createContents()
  const { d } = createPrivateKey(contents.keyPem).export({ format: 'jwk' })
  t.equal(toPkcs12(contents).includes(Buffer.from(d ?? '', 'base64url')), false)
})

t.test('OpenSSL takes key, certificate, authority and alias out again, of EC and RSA', { skip: await isMissing('openssl', 'version') }, async (t) => {
  const contents = await createContents()
  const rsa = await createForeignCertificate({ name: 'CN=rsa', keyPair: generateKeyPairSync('rsa', { modulusLength: 2048 }) })
  for (const one of [contents, { ...contents, certificatePem: rsa.pem, keyPem: rsa.keyPem }]) {
    for (const encryption of ['aes256', '3des'] as const) {
      const { output } = await runTool('openssl', ['pkcs12', '-in', 'a.p12', '-passin', `pass:${password}`, '-nodes', ...(encryption === '3des' ? ['-legacy'] : [])], { 'a.p12': toPkcs12({ ...one, friendlyName: 'my client', encryption }) })
      t.match(output, /friendlyName: my client/)
      const certificates = output.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
      t.strictSame(certificates.map((pem) => new X509Certificate(pem).fingerprint256), [one.certificatePem, one.caPem].map((pem) => new X509Certificate(pem).fingerprint256))
      const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(output)?.[0] ?? ''
      t.equal(createPrivateKey(key).equals(createPrivateKey(one.keyPem)), true)
    }
  }
})

t.test('Java lists the entry with its chain', { skip: await isMissing('keytool', '-help') }, async (t) => {
  const contents = await createContents()
  for (const encryption of ['aes256', '3des'] as const) {
    const { output } = await runTool('keytool', ['-J-Duser.language=en', '-list', '-v', '-keystore', 'a.p12', '-storetype', 'PKCS12', '-storepass', password], { 'a.p12': toPkcs12({ ...contents, encryption }) })
    t.match(output, /Entry type: PrivateKeyEntry/)
    t.match(output, /Certificate chain length: 2/)
  }
})
