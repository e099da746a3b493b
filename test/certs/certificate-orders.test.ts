import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import t from 'tap'
import { createNameClaims, keyTypes, readAlternativeNames, readQualifiedStatement, toJwk, toPkcs12, type AlternativeName, type CertificateOrder } from '../../certs/index.ts'
import { codeOf, createTestAuthority, DAY_MS, derOf } from '../support/certs-authority.ts'
import { isMissing, runTool } from '../support/certs-openssl.ts'
import { createSharedStore } from '../support/certs-stores.ts'

const ORDER: CertificateOrder = { key: { kind: 'made', type: 'ec-p256' }, subject: { commonName: 'c', organization: 'o' }, lifetimeMs: DAY_MS, purpose: 'client' }
const PSD2 = { roles: ['PSP_AI', 'PSP_AS', 'PSP_PI', 'PSP_IC'], ncaName: 'Financial Conduct Authority', ncaId: 'GB-FCA' } as const
const skip = await isMissing('openssl', 'version')

t.test('names that no certificate should carry are refused', async (t) => {
  const bad: Array<[AlternativeName['kind'], string]> = [
    ['dns', ''], ['dns', '*.example'], ['dns', 'a b'], ['dns', '192.0.2.1'], ['dns', `${'a'.repeat(64)}.test`], ['dns', 'a..test'],
    ['uri', 'no-scheme'], ['uri', 'urn:a b'], ['uri', 'https://é.test/'], ['uri', `https://a.test/${'a'.repeat(1100)}`], ['uri', 'urn:a\nb'],
    ['ip', '1.2.3'], ['ip', 'fe80::1%eth0'], ['ip', 'a.test'], ['email', 'a'], ['email', 'a@'], ['email', '@b.test'], ['email', 'a b@c.test'], ['email', 'a@b@c d'],
  ]
  for (const [kind, value] of bad) t.throws(() => readAlternativeNames([{ kind, value }]), { name: 'AlternativeNameRefused' }, `${kind}:${JSON.stringify(value)}`)
})

t.test('names are in the form that the verifier shows them in, each once', async (t) => {
  const { authority, verify } = await createTestAuthority()
  const names: AlternativeName[] = [
    { kind: 'dns', value: 'Client.Example' }, { kind: 'dns', value: 'client.example' }, { kind: 'dns', value: 'bücher.example' }, { kind: 'uri', value: 'urn:Client:1' },
    { kind: 'ip', value: '192.0.2.7' }, { kind: 'ip', value: '2001:DB8:0:0::1' }, { kind: 'email', value: 'Ops@Client.Example' },
  ]
  const { certificatePem } = await authority.issue({ ...ORDER, names })
  t.match(verify(derOf(certificatePem)), { kind: 'trusted', certificate: { dnsNames: ['client.example', 'xn--bcher-kva.example'], uris: ['urn:Client:1'], ips: ['192.0.2.7', '2001:db8::1'], emails: ['Ops@client.example'] } })
})

t.test('a name belongs to the sandbox that asked first, whatever the case of its letters', async (t) => {
  const claims = createNameClaims(createSharedStore())
  const name = (value: string): AlternativeName => ({ kind: 'dns', value })
  t.strictSame(await claims.claim('a', [name('x.test')]), [])
  t.strictSame(await claims.claim('b', [name('y.test'), name('X.TEST')]), [name('X.TEST')])
  t.strictSame(await claims.claim('c', [name('y.test')]), [], 'nothing is taken with what cannot be had')
  t.strictSame(await claims.claim('a', [name('x.test')]), [], 'its owner has it still')
  t.strictSame(await claims.claim('b', [{ kind: 'uri', value: 'x.test' }]), [], 'another kind is another name')
  const winners = await Promise.all(['d', 'e', 'f'].map(async (sandbox) => await claims.claim(sandbox, [name('race.test')])))
  t.equal(winners.filter((taken) => taken.length === 0).length, 1)
})

for (const type of keyTypes) {
  t.test(`${type}: the verifier trusts the certificate, and OpenSSL reads it and every form of its key`, { skip }, async (t) => {
    const { authority, verify, root } = await createTestAuthority()
    const { certificatePem, keyPem = '' } = await authority.issue({ ...ORDER, key: { kind: 'made', type } })
    t.equal(codeOf(verify(derOf(certificatePem))), 'trusted')
    const publicKey = new X509Certificate(certificatePem).publicKey
    t.equal(createPublicKey(createPrivateKey(keyPem)).equals(publicKey), true)
    const jwk = toJwk({ certificatePem, caPem: root.certificatePem, keyPem })
    t.equal(createPublicKey(createPrivateKey({ key: jwk, format: 'jwk' })).equals(publicKey), true)
    t.strictSame(jwk.x5c, [certificatePem, root.certificatePem].map((pem) => derOf(pem).toString('base64')))
    t.notOk('d' in toJwk({ certificatePem, caPem: root.certificatePem }))
    const p12 = toPkcs12({ certificatePem, keyPem, caPem: root.certificatePem, password: 'correct horse' })
    const { code, output } = await runTool('openssl', ['pkcs12', '-in', 'c.p12', '-nodes', '-passin', 'pass:correct horse'], { 'c.p12': p12 })
    t.equal(code, 0)
    t.equal(createPublicKey(createPrivateKey(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(output)?.[0] ?? '')).equals(publicKey), true)
    t.not((await runTool('openssl', ['pkcs12', '-in', 'c.p12', '-nodes', '-passin', 'pass:wrong'], { 'c.p12': p12 })).code, 0)
  })
}

t.test('more RSA keys at once than a process can make are refused, and the waiting ones are made', async (t) => {
  const { authority } = await createTestAuthority()
  const asked = await Promise.allSettled(Array.from({ length: 20 }, async () => await authority.issue({ ...ORDER, key: { kind: 'made', type: 'rsa-2048' } })))
  const refusals = asked.filter((one) => one.status === 'rejected')
  t.equal(refusals.length, 4)
  t.match(refusals[0]?.reason, { name: 'KeysBusy' })
  t.match(await authority.issue(ORDER), { serial: /^[0-9a-f]+$/ }, 'EC keys do not wait')
})

t.test('certificates to be refused are refused for their one fault', async (t) => {
  const { authority, verify } = await createTestAuthority()
  const codeFor = async (order: Partial<CertificateOrder>): Promise<string> => codeOf(verify(derOf((await authority.issue({ ...ORDER, ...order })).certificatePem)))
  t.equal(await codeFor({ when: 'past' }), 'certificate_expired')
  t.equal(await codeFor({ when: 'future' }), 'certificate_not_yet_valid')
  t.equal(await codeFor({ purpose: 'server' }), 'certificate_purpose_invalid')
  t.equal(codeOf(verify(derOf((await authority.issueUntrusted(ORDER)).certificatePem))), 'certificate_untrusted')
})

t.test('a qualified seal certificate is refused at the door though it names no purpose; a website\'s is trusted', async (t) => {
  const { authority, verify } = await createTestAuthority()
  const seal = await authority.issue({ ...ORDER, purpose: 'seal', qualified: { types: ['eseal'], psd2: PSD2 } })
  t.equal(new X509Certificate(seal.certificatePem).keyUsage, undefined)
  t.match(verify(derOf(seal.certificatePem)), { kind: 'refused', code: 'certificate_purpose_invalid', detail: /qualified for eseal/ })
  t.equal(codeOf(verify(derOf((await authority.issue({ ...ORDER, purpose: 'website', qualified: { types: ['web'], psd2: PSD2 } })).certificatePem))), 'trusted')
})

t.test('PSD2 statements read back, and OpenSSL finds each where the standards put it', { skip }, async (t) => {
  const { authority } = await createTestAuthority()
  const { certificatePem, subjectDn } = await authority.issue({
    ...ORDER,
    purpose: 'seal',
    subject: { commonName: 'TEST P', organizationalUnit: 'u', organizationIdentifier: 'PSDGB-FCA-123456', organization: 'TEST P', country: 'GB' },
    qualified: { types: ['eseal'], disclosureUrl: 'https://pki.example/disclosure', psd2: PSD2 },
  })
  t.equal(subjectDn, 'CN=TEST P,OU=u,organizationIdentifier=PSDGB-FCA-123456,O=TEST P,C=GB')
  t.strictSame(readQualifiedStatement(derOf(certificatePem)), { types: ['eseal'], disclosureUrl: 'https://pki.example/disclosure', psd2: { ...PSD2, roles: ['PSP_AS', 'PSP_PI', 'PSP_AI', 'PSP_IC'] } })
  const outer = await runTool('openssl', ['asn1parse', '-in', 'c.pem'], { 'c.pem': certificatePem })
  const offset = /^\s*(\d+):.*OBJECT\s+:qcStatements\n\s*(\d+):.*OCTET STRING/m.exec(outer.output)?.[2] ?? ''
  const { output } = await runTool('openssl', ['asn1parse', '-in', 'c.pem', '-strparse', offset], { 'c.pem': certificatePem })
  const leaves = [...output.matchAll(/prim:\s*(OBJECT|UTF8STRING|IA5STRING|PRINTABLESTRING)\s*:(.*)$/gm)].map(([, type, value]) => `${type ?? ''} ${value ?? ''}`)
  t.strictSame(leaves, [
    'OBJECT 0.4.0.1862.1.1', 'OBJECT 0.4.0.1862.1.4', 'OBJECT 0.4.0.1862.1.6', 'OBJECT 0.4.0.1862.1.6.2',
    'OBJECT 0.4.0.1862.1.5', 'IA5STRING https://pki.example/disclosure', 'PRINTABLESTRING en',
    'OBJECT 0.4.0.19495.2',
    'OBJECT 0.4.0.19495.1.1', 'UTF8STRING PSP_AS', 'OBJECT 0.4.0.19495.1.2', 'UTF8STRING PSP_PI', 'OBJECT 0.4.0.19495.1.3', 'UTF8STRING PSP_AI', 'OBJECT 0.4.0.19495.1.4', 'UTF8STRING PSP_IC',
    'UTF8STRING Financial Conduct Authority', 'UTF8STRING GB-FCA',
  ])
  t.match(outer.output, /organizationIdentifier\n.*UTF8STRING\s+:PSDGB-FCA-123456/)
})

t.test('a certificate without statements has none, and broken ones are none', async (t) => {
  const { authority } = await createTestAuthority()
  t.equal(readQualifiedStatement(derOf((await authority.issue(ORDER)).certificatePem)), undefined)
  t.equal(readQualifiedStatement(Buffer.from('3000', 'hex')), undefined)
})
