import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { createClientCertificateVerifier, createRootCertificate, openAuthority, type CertificateVerdict } from '../../certs/index.ts'
import { codeOf, createTestAuthority, DAY_MS, derOf, START_MS } from '../support/certs-authority.ts'
import { CLIENT_AUTH, createForeignCertificate, Extension, KeyUsageFlags, SERVER_AUTH, type ForeignCertificate, type ForeignOptions } from '../support/certs-foreign.ts'

const SECOND_MS = 1000
const detailOf = (verdict: CertificateVerdict): string => verdict.kind === 'refused' ? verdict.detail : ''

async function createForeignWorld (options: { root?: Partial<Parameters<typeof createForeignCertificate>[0]> } = {}): Promise<{ root: ForeignCertificate, verify: (der: Buffer, intermediates?: readonly Buffer[]) => CertificateVerdict, setMs: (ms: number) => void }> {
  const root = await createForeignCertificate({ name: 'CN=Foreign root', isAuthority: true, fromMs: START_MS - 10 * DAY_MS, untilMs: START_MS + 10 * DAY_MS, ...options.root })
  const { verify, clock } = await createTestAuthority({ extraAnchorsPem: [root.pem] })
  return { root, verify, setMs: clock.setMs }
}

t.test('bytes that are not exactly one certificate are refused', async (t) => {
  const { authority, verify } = await createTestAuthority()
  const { certificatePem } = await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: DAY_MS })
  const der = derOf(certificatePem)
  for (const [why, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from('certificate')],
    ['PEM', Buffer.from(certificatePem)],
    ['a byte too few', der.subarray(0, -1)],
    ['a byte too many, which would change the thumbprint of the same certificate', Buffer.concat([der, Buffer.alloc(1)])],
    ['another encoding of its length, which would change the thumbprint too', Buffer.concat([Buffer.from([0x30, 0x83, 0x00]), der.subarray(2)])],
    ['two certificates', Buffer.concat([der, der])],
    ['too much', Buffer.alloc(100_000, 0x30)],
    ['deep nesting', Buffer.alloc(60_000, Buffer.from('3080', 'hex'))],
  ] as const) t.equal(codeOf(verify(bytes)), 'certificate_untrusted', why)
})

t.test('no single changed byte of a certificate leaves it trusted', async (t) => {
  const { authority, verify } = await createTestAuthority()
  const der = derOf((await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: DAY_MS })).certificatePem)
  const passed = []
  for (let at = 0; at < der.length; at++) {
    const changed = Buffer.from(der)
    changed[at] = (changed[at] ?? 0) ^ 0x01
    if (verify(changed).kind === 'trusted') passed.push(at)
  }
  t.strictSame(passed, [])
})

t.test('a self-signed certificate is refused and named as such', async (t) => {
  const { verify } = await createTestAuthority()
  const { der } = await createForeignCertificate({ name: 'CN=me', purposes: [CLIENT_AUTH] })
  const verdict = verify(der)
  t.equal(codeOf(verdict), 'certificate_untrusted')
  t.match(detailOf(verdict), /CN=me is self-signed/)
})

t.test('a certificate of another authority with our authority\'s very name is refused', async (t) => {
  const ours = await createTestAuthority({ commonName: 'Same name' })
  const theirs = await createTestAuthority({ commonName: 'Same name' })
  const { certificatePem } = await theirs.authority.issueClientCertificate({ commonName: 'a', lifetimeMs: DAY_MS })
  t.equal(codeOf(theirs.verify(derOf(certificatePem))), 'trusted')
  const verdict = ours.verify(derOf(certificatePem))
  t.equal(codeOf(verdict), 'certificate_untrusted')
  t.match(detailOf(verdict), /not signed by the key of the trusted authority of that name/)
})

t.test('a certificate of an unknown authority is refused, also when it brings its root along', async (t) => {
  const { verify } = await createTestAuthority()
  const root = await createForeignCertificate({ name: 'CN=Unknown', isAuthority: true })
  const leaf = await createForeignCertificate({ name: 'CN=a', issuer: root, purposes: [CLIENT_AUTH] })
  t.match(detailOf(verify(leaf.der)), /issued by CN=Unknown, which is no trusted authority/)
  t.match(detailOf(verify(leaf.der, [root.der])), /itself issued by CN=Unknown, which is no trusted authority/)
  t.equal(codeOf(verify(leaf.der, [root.der])), 'certificate_untrusted')
})

t.test('a certificate is valid from its first to its last second, and the code says on which side it failed', async (t) => {
  const { authority, verify, clock } = await createTestAuthority()
  const { certificatePem, notAfterMs } = await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: 60_000 })
  const verdict = verify(derOf(certificatePem))
  const notBeforeMs = verdict.kind === 'trusted' ? verdict.certificate.notBeforeMs : 0
  t.equal(notAfterMs, Math.floor((START_MS + 60_000) / SECOND_MS) * SECOND_MS)
  for (const [atMs, code] of [
    [notBeforeMs - 1, 'certificate_not_yet_valid'], [notBeforeMs, 'trusted'],
    [notAfterMs, 'trusted'], [notAfterMs + 999, 'trusted'], [notAfterMs + 1000, 'certificate_expired'],
  ] as const) {
    clock.setMs(atMs)
    t.equal(codeOf(verify(derOf(certificatePem))), code, new Date(atMs).toISOString())
  }
})

t.test('a revoked certificate is refused; another of the same client is not', async (t) => {
  const { authority, verify } = await createTestAuthority()
  const [first, second] = [await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: DAY_MS }), await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: DAY_MS })]
  await authority.revoke(first.serial)
  t.equal(codeOf(verify(derOf(first.certificatePem))), 'certificate_revoked')
  t.equal(codeOf(verify(derOf(second.certificatePem))), 'trusted')
})

t.test('our revocation of a serial number does not touch another authority\'s certificate of that number', async (t) => {
  const { root } = await createForeignWorld()
  const { authority, verify } = await createTestAuthority({ extraAnchorsPem: [root.pem] })
  const leaf = await createForeignCertificate({ name: 'CN=a', issuer: root })
  await authority.revoke(leaf.certificate.serialNumber)
  t.equal(codeOf(verify(leaf.der)), 'trusted')
})

t.test('a revoked certificate stays refused when a second certificate of our authority\'s key is trusted too', async (t) => {
  const { authority, root, clock } = await createTestAuthority()
  const key = createPrivateKey(root.keyPem)
  const second = await createForeignCertificate({ name: 'CN=Test authority', isAuthority: true, keyPair: { privateKey: key, publicKey: createPublicKey(key) } })
  const verify = createClientCertificateVerifier({ authority, extraAnchorsPem: [second.pem], clock })
  const issued = await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: DAY_MS })
  t.equal(codeOf(verify(derOf(issued.certificatePem))), 'trusted')
  await authority.revoke(issued.serial)
  t.equal(codeOf(verify(derOf(issued.certificatePem))), 'certificate_revoked')
})

t.test('a certificate for another purpose is refused', async (t) => {
  const { authority, root, verify } = await createTestAuthority()
  const server = await authority.issueServerCertificate({ hosts: ['localhost'], lifetimeMs: DAY_MS })
  t.equal(codeOf(verify(derOf(server.certificatePem))), 'certificate_purpose_invalid', 'a server certificate of ours')
  t.equal(codeOf(verify(derOf(root.certificatePem))), 'certificate_purpose_invalid', 'our authority\'s own certificate')
  const foreign = await createForeignWorld()
  const unfit: Array<readonly [why: string, options: Partial<ForeignOptions>]> = [
    ['serverAuth', { purposes: [SERVER_AUTH] }],
    ['anyExtendedKeyUsage alone', { purposes: ['2.5.29.37.0'] }],
    ['a key that may only agree on keys', { purposes: [CLIENT_AUTH], keyUsages: KeyUsageFlags.keyAgreement }],
    ['an authority', { purposes: [CLIENT_AUTH], isAuthority: true }],
  ]
  for (const [why, options] of unfit) {
    const leaf = await createForeignCertificate({ name: 'CN=a', issuer: foreign.root, ...options })
    t.equal(codeOf(foreign.verify(leaf.der)), 'certificate_purpose_invalid', why)
  }
})

t.test('a certificate that states no purpose is restricted to none, and trusted (RFC 5280 §4.2.1.12)', async (t) => {
  const { root, verify } = await createForeignWorld()
  for (const purposes of [undefined, [SERVER_AUTH, CLIENT_AUTH]]) {
    const leaf = await createForeignCertificate({ name: 'CN=a', issuer: root, ...(purposes && { purposes }) })
    t.equal(codeOf(verify(leaf.der)), 'trusted')
  }
})

t.test('of several causes trust is told before validity, validity before revocation, revocation before purpose', async (t) => {
  const { authority, verify, clock } = await createTestAuthority()
  const server = await authority.issueServerCertificate({ hosts: ['localhost'], lifetimeMs: 60_000 })
  await authority.revoke(server.serial)
  t.equal(codeOf(verify(derOf(server.certificatePem))), 'certificate_revoked')
  clock.setMs(START_MS + DAY_MS)
  t.equal(codeOf(verify(derOf(server.certificatePem))), 'certificate_expired')
  const selfSigned = await createForeignCertificate({ name: 'CN=a', untilMs: START_MS - 1, purposes: [SERVER_AUTH] })
  t.equal(codeOf(verify(selfSigned.der)), 'certificate_untrusted')
})

t.test('a certificate with weak cryptography is refused although its chain holds', async (t) => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { root, verify } = await createForeignWorld({ root: { keyPair: rsa } })
  const strong = await createForeignCertificate({ name: 'CN=a', issuer: root })
  t.equal(codeOf(verify(strong.der)), 'trusted')
  const sha1 = await createForeignCertificate({ name: 'CN=a', issuer: root, hash: 'SHA-1' })
  t.match(detailOf(verify(sha1.der)), /signed with sha1WithRSAEncryption/)
  for (const [keyPair, why] of [
    [generateKeyPairSync('rsa', { modulusLength: 1024 }), /RSA key of 1024 bits/],
    [generateKeyPairSync('ec', { namedCurve: 'secp256k1' }), /curve secp256k1/],
  ] as const) {
    const weak = await createForeignCertificate({ name: 'CN=a', issuer: root, keyPair })
    t.match(detailOf(verify(weak.der)), why)
    t.equal(codeOf(verify(weak.der)), 'certificate_untrusted')
  }
})

t.test('a critical extension that is not applied, or any extension twice, is refused', async (t) => {
  const { root, verify } = await createForeignWorld()
  const unknown = new Extension('1.2.3.4.5', true, Uint8Array.from([5, 0]))
  const critical = await createForeignCertificate({ name: 'CN=a', issuer: root, extensions: [unknown] })
  t.match(detailOf(verify(critical.der)), /critical extensions that are not supported: 1\.2\.3\.4\.5/)
  const optional = await createForeignCertificate({ name: 'CN=a', issuer: root, extensions: [new Extension('1.2.3.4.5', false, Uint8Array.from([5, 0]))] })
  t.equal(codeOf(verify(optional.der)), 'trusted')
  const twice = await createForeignCertificate({ name: 'CN=a', issuer: root, extensions: [new Extension('1.2.3.4', false, Uint8Array.from([5, 0])), new Extension('1.2.3.4', false, Uint8Array.from([5, 0]))] })
  t.equal(codeOf(verify(twice.der)), 'certificate_untrusted')
})

t.test('an alternative name with a NUL or a space in it is refused', async (t) => {
  const { root, verify } = await createForeignWorld()
  for (const value of ['a.example\0.evil.example', 'a b', '']) {
    const leaf = await createForeignCertificate({ name: 'CN=a', issuer: root, alternativeNames: [{ type: 'dns', value }] })
    t.equal(codeOf(verify(leaf.der)), 'certificate_untrusted', JSON.stringify(value))
  }
})

t.test('every alternative name is told by its kind', async (t) => {
  const { root, verify } = await createForeignWorld()
  const leaf = await createForeignCertificate({
    name: 'CN=a',
    issuer: root,
    alternativeNames: [{ type: 'dns', value: 'a.example' }, { type: 'url', value: 'spiffe://a/b' }, { type: 'ip', value: '192.0.2.7' }, { type: 'ip', value: '2001:db8:0:0:0:0:0:1' }, { type: 'email', value: 'a@b.example' }, { type: 'dns', value: 'b.example' }],
  })
  const verdict = verify(leaf.der)
  t.match(verdict, {
    kind: 'trusted',
    certificate: {
      dnsNames: ['a.example', 'b.example'],
      uris: ['spiffe://a/b'],
      ips: ['192.0.2.7', '2001:db8::1'],
      emails: ['a@b.example'],
      subjectDn: 'CN=a',
      issuerDn: 'CN=Foreign root',
      thumbprint: createHash('sha256').update(leaf.der).digest('base64url'),
    },
  })
})

t.test('a refused certificate has its thumbprint told, so that its holder finds it', async (t) => {
  const { verify } = await createTestAuthority()
  const { der } = await createForeignCertificate({ name: 'CN=me' })
  t.match(verify(der), { kind: 'refused', thumbprint: createHash('sha256').update(der).digest('base64url') })
})

t.test('an anchor that is unreadable or no authority is refused at start', async (t) => {
  const { authority, clock } = await createTestAuthority()
  const notAuthority = await createForeignCertificate({ name: 'CN=me' })
  for (const [pem, why] of [['', /no readable PEM/], ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /malformed/], [notAuthority.pem, /CN=me.*lack CA/]] as const) {
    t.throws(() => createClientCertificateVerifier({ authority, extraAnchorsPem: [pem], clock }), { message: why })
  }
})

t.test('any certificate of a bundle of anchors is trusted', async (t) => {
  const roots = [await createForeignCertificate({ name: 'CN=One', isAuthority: true }), await createForeignCertificate({ name: 'CN=Two', isAuthority: true })]
  const { verify } = await createTestAuthority({ extraAnchorsPem: [`# ours\n${roots.map(({ pem }) => pem).join('\n')}\n`] })
  for (const root of roots) t.equal(codeOf(verify((await createForeignCertificate({ name: 'CN=a', issuer: root })).der)), 'trusted')
})

t.test('an authority of the same name that was renewed with another key is trusted beside the old one', async (t) => {
  const clock = { nowMs: () => START_MS }
  const old = await createRootCertificate({ commonName: 'Same', lifetimeMs: DAY_MS, clock })
  const ours = await createTestAuthority({ commonName: 'Same', extraAnchorsPem: [old.certificatePem] })
  const before = await openAuthority({ ...old, clock, keyValue: ours.store.keyValue, notices: ours.store.notices })
  for (const authority of [before, ours.authority]) {
    const { certificatePem } = await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: 60_000 })
    t.equal(codeOf(ours.verify(derOf(certificatePem))), 'trusted')
  }
})
