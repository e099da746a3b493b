import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import t from 'tap'
import { createRootCertificate, openAuthority } from '../../certs/index.ts'
import { codeOf, createTestAuthority, createTestClock, DAY_MS, derOf, START_MS } from '../support/certs-authority.ts'
import { createForeignCertificate, KeyUsageFlags, SubjectKeyIdentifierExtension } from '../support/certs-foreign.ts'
import { isMissing, runTool } from '../support/certs-openssl.ts'
import { createSharedStore } from '../support/certs-stores.ts'

t.test('certificate and key that make no authority are refused with the reason', async (t) => {
  const { keyValue, notices } = createSharedStore()
  const clock = createTestClock(START_MS)
  const root = await createRootCertificate({ commonName: 'a', lifetimeMs: DAY_MS, clock })
  const other = await createRootCertificate({ commonName: 'a', lifetimeMs: DAY_MS, clock })
  const notAuthority = await createForeignCertificate({ name: 'CN=a' })
  const cannotRevoke = await createForeignCertificate({ name: 'CN=a', isAuthority: true, keyUsages: KeyUsageFlags.keyCertSign })
  const withoutIdentifier = await createForeignCertificate({ name: 'CN=a', isAuthority: true })
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  for (const [certificatePem, keyPem, why] of [
    ['', root.keyPem, /not a readable PEM/],
    [root.certificatePem, other.keyPem, /key does not belong/],
    [root.certificatePem, ed25519, /must be RSA, or EC/],
    [notAuthority.pem, notAuthority.keyPem, /lack CA/],
    [cannotRevoke.pem, cannotRevoke.keyPem, /cRLSign/],
    [withoutIdentifier.pem, withoutIdentifier.keyPem, /subject key identifier/],
  ] as const) await t.rejects(openAuthority({ certificatePem, keyPem, clock, keyValue, notices }), { message: why })
})

t.test('an authority that has expired is not opened', async (t) => {
  const { keyValue, notices } = createSharedStore()
  const clock = createTestClock(START_MS)
  const root = await createRootCertificate({ commonName: 'a', lifetimeMs: DAY_MS, clock })
  clock.setMs(START_MS + 2 * DAY_MS)
  await t.rejects(openAuthority({ ...root, clock, keyValue, notices }), { message: /valid from .* to .*; make or configure another/ })
})

t.test('an authority is not opened without its revocations', async (t) => {
  const { root, store, clock } = await createTestAuthority()
  store.lose()
  await t.rejects(openAuthority({ ...root, clock, keyValue: store.keyValue, notices: store.notices }), { name: 'StoreUnavailable' })
})

t.test('a lifetime or host that makes no sense is refused', async (t) => {
  const { authority, clock } = await createTestAuthority()
  for (const lifetimeMs of [0, -1, 999, 1.5, NaN, Infinity]) {
    await t.rejects(authority.issueClientCertificate({ commonName: 'a', lifetimeMs }), RangeError, `${lifetimeMs} ms`)
    await t.rejects(createRootCertificate({ commonName: 'a', lifetimeMs, clock }), RangeError, `a root of ${lifetimeMs} ms`)
  }
  for (const hosts of [[], [''], ['a b'], ['a..b'], ['-a.example'], ['*'], ['a.*.example'], ['*.127.0.0.1'], ['fe80::1%eth0'], ['https://a.example'], ['x'.repeat(64)]]) {
    await t.rejects(authority.issueServerCertificate({ hosts, lifetimeMs: DAY_MS }), RangeError, JSON.stringify(hosts))
  }
})

t.test('no certificate outlives its authority, and none is issued when that has ended', async (t) => {
  const { authority, root, clock } = await createTestAuthority()
  const endMs = new X509Certificate(root.certificatePem).validToDate.getTime()
  clock.setMs(endMs - DAY_MS)
  t.equal((await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: 90 * DAY_MS })).notAfterMs, endMs)
  clock.setMs(endMs)
  await t.rejects(authority.issueClientCertificate({ commonName: 'a', lifetimeMs: DAY_MS }), RangeError)
})

t.test('serial numbers are positive, at most 20 octets, and differ in 16 octets of chance', async (t) => {
  const { authority } = await createTestAuthority()
  const serials = await Promise.all(Array.from({ length: 50 }, async () => (await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: DAY_MS })).serial))
  t.equal(new Set(serials).size, 50)
  for (const serial of serials) t.match(serial, /^[4-7][0-9a-f]{33}$/)
})

t.test('a server certificate names every host, an internationalised one in ASCII', async (t) => {
  const { authority } = await createTestAuthority()
  const { certificatePem, keyPem } = await authority.issueServerCertificate({ hosts: ['localhost', '127.0.0.1', '::1', 'B\u00fccher.example', '*.sandbox.example', 'localhost'], lifetimeMs: DAY_MS })
  const x509 = new X509Certificate(certificatePem)
  t.equal(x509.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:xn--bcher-kva.example, DNS:*.sandbox.example')
  t.strictSame(x509.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  t.equal(x509.ca, false)
  t.equal(x509.checkPrivateKey(createPrivateKey(keyPem)), true)
  t.equal(x509.checkHost('a.sandbox.example'), 'a.sandbox.example'.replace('a', '*'))
})

t.test('times of the year 2050 and later are written in the other form and read back', async (t) => {
  const startMs = Date.UTC(2049, 11, 31, 12)
  const { authority, verify } = await createTestAuthority({ startMs })
  const issued = await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: 2 * DAY_MS })
  t.equal(issued.notAfterMs, startMs + 2 * DAY_MS)
  t.equal(codeOf(verify(derOf(issued.certificatePem))), 'trusted')
})

t.test('an RSA authority, or one on another curve, signs with its own key and names it by its own identifier', async (t) => {
  for (const keyPair of [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('ec', { namedCurve: 'P-384' }), generateKeyPairSync('ec', { namedCurve: 'P-521' })]) {
    const root = await createForeignCertificate({
      name: [{ C: ['DE'] }, { O: [{ printableString: 'Acme, Inc.' }] }],
      isAuthority: true,
      keyPair,
      extensions: [new SubjectKeyIdentifierExtension('00ff'.repeat(5))],
    })
    const store = createSharedStore()
    const sec1OrPkcs1 = keyPair.privateKey.export({ type: keyPair.privateKey.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1', format: 'pem' } as never).toString()
    const clock = createTestClock(START_MS)
    const authority = await openAuthority({ certificatePem: root.pem, keyPem: sec1OrPkcs1, clock, keyValue: store.keyValue, notices: store.notices })
    const { certificatePem } = await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: 60_000 })
    const leaf = new X509Certificate(certificatePem)
    t.equal(leaf.checkIssued(new X509Certificate(root.pem)) && leaf.verify(keyPair.publicKey), true)
    t.equal(leaf.raw.includes(Buffer.from('00ff'.repeat(5), 'hex')), true, 'authority key identifier')
    t.match(await authority.revocationList(), /^-----BEGIN X509 CRL-----/)
  }
})

t.test('OpenSSL accepts the whole in its strict mode, each for its purpose only', { skip: await isMissing('openssl', 'version') }, async (t) => {
  const { authority, root } = await createTestAuthority()
  const client = await authority.issueClientCertificate({ commonName: 'a', organization: 'b', lifetimeMs: DAY_MS })
  const server = await authority.issueServerCertificate({ hosts: ['localhost', '::1'], lifetimeMs: DAY_MS })
  const nameless = await authority.issueServerCertificate({ hosts: [`${'a'.repeat(60)}.${'b'.repeat(60)}.example`], lifetimeMs: DAY_MS })
  const files = { 'ca.pem': root.certificatePem, 'client.pem': client.certificatePem, 'server.pem': server.certificatePem, 'nameless.pem': nameless.certificatePem }
  const verify = async (purpose: string, file: string): Promise<number> => (await runTool('openssl', ['verify', '-x509_strict', '-attime', String(Math.floor(START_MS / 1000)), '-purpose', purpose, '-CAfile', 'ca.pem', file], files)).code
  t.equal(await verify('sslclient', 'client.pem'), 0)
  t.equal(await verify('sslserver', 'server.pem'), 0)
  t.equal(await verify('sslserver', 'nameless.pem'), 0)
  t.not(await verify('sslserver', 'client.pem'), 0)
  t.not(await verify('sslclient', 'server.pem'), 0)
})

t.test('each certificate states what it is for, and that a root\'s paths end with its own certificates', { skip: await isMissing('openssl', 'version') }, async (t) => {
  const { authority, root } = await createTestAuthority()
  const client = await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: DAY_MS })
  const read = async (pem: string): Promise<string> => (await runTool('openssl', ['x509', '-in', 'c.pem', '-noout', '-ext', 'basicConstraints,keyUsage,extendedKeyUsage,subjectKeyIdentifier,authorityKeyIdentifier'], { 'c.pem': pem })).output.replace(/\s+/g, ' ')
  t.match(await read(root.certificatePem), /Basic Constraints: critical CA:TRUE, pathlen:0 X509v3 Key Usage: critical Certificate Sign, CRL Sign X509v3 Subject Key Identifier: [0-9A-F:]{59} $/)
  t.match(await read(client.certificatePem), /Basic Constraints: critical CA:FALSE X509v3 Key Usage: critical Digital Signature X509v3 Extended Key Usage: TLS Web Client Authentication X509v3 Subject Key Identifier: [0-9A-F:]{59} X509v3 Authority Key Identifier: [0-9A-F:]{59} $/)
})
