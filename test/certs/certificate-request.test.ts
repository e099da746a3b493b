import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import t from 'tap'
import { codeOf, createTestAuthority, DAY_MS, derOf } from '../support/certs-authority.ts'
import { BasicConstraintsExtension, createRequest, SubjectAlternativeNameExtension } from '../support/certs-foreign.ts'
import { isMissing, runTool } from '../support/certs-openssl.ts'

const ec = (namedCurve: string): ReturnType<typeof generateKeyPairSync> => generateKeyPairSync('ec', { namedCurve })
const rsa = (modulusLength: number): ReturnType<typeof generateKeyPairSync> => generateKeyPairSync('rsa', { modulusLength })

/** The request with one bit of its last byte, within the signature, turned. */
function tamper (pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
}

t.test('what is no certificate request is refused as malformed', async (t) => {
  const { authority, root } = await createTestAuthority()
  const good = await createRequest({ name: 'CN=a', keyPair: ec('P-256') })
  for (const [why, csr] of [
    ['nothing', ''],
    ['a certificate', root.certificatePem],
    ['two requests', good + good],
    ['noise in a request\'s wrapping', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'],
    ['a truncated request', good.replace(/\n[^\n]+\n-----END/, '\n-----END')],
    ['a request of 40 KB', `${' '.repeat(40_000)}${good}`],
  ] as const) await t.rejects(authority.issueFromRequest(csr, { lifetimeMs: DAY_MS }), { name: 'CertificateRequestRefused', reason: 'malformed' }, why)
})

t.test('a request whose signature is not by its own key is refused', async (t) => {
  const { authority } = await createTestAuthority()
  for (const keyPair of [ec('P-256'), rsa(2048)]) {
    const csr = tamper(await createRequest({ name: 'CN=a', keyPair }))
    await t.rejects(authority.issueFromRequest(csr, { lifetimeMs: DAY_MS }), { name: 'CertificateRequestRefused', reason: 'signature_invalid' })
  }
  const stolenKey = await createRequest({ name: 'CN=a', keyPair: { publicKey: ec('P-256').publicKey, privateKey: ec('P-256').privateKey } })
  await t.rejects(authority.issueFromRequest(stolenKey, { lifetimeMs: DAY_MS }), { name: 'CertificateRequestRefused', reason: 'signature_invalid' }, 'somebody else\'s public key')
})

t.test('a weak RSA key is refused', async (t) => {
  const { authority } = await createTestAuthority()
  const csr = await createRequest({ name: 'CN=a', keyPair: rsa(1024) })
  await t.rejects(authority.issueFromRequest(csr, { lifetimeMs: DAY_MS }), { name: 'CertificateRequestRefused', reason: 'key_weak', message: /1024 bits/ })
})

t.test('an unknown curve, explicit curve parameters and an unknown kind of key are refused', { skip: await isMissing('openssl', 'version') }, async (t) => {
  const { authority } = await createTestAuthority()
  const explicit = await runTool('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-param_enc', 'explicit'], {})
  for (const [why, keyPem, message] of [
    ['secp256k1', ec('secp256k1').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /secp256k1/],
    ['explicit parameters', explicit.output, /explicit parameters/],
    ['Ed448', generateKeyPairSync('ed448').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /ed448/],
    ['P-521', ec('P-521').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /P-521/],
    ['RSA of 1024 bits', rsa(1024).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /1024 bits/],
    ['RSA of 4224 bits', generateKeyPairSync('rsa', { modulusLength: 4224 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /4224 bits/],
    ['RSA with the exponent 3', generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /exponent 3/],
  ] as const) {
    const { code, output } = await runTool('openssl', ['req', '-new', '-key', 'k.pem', '-subj', '/CN=a'], { 'k.pem': keyPem })
    t.equal(code, 0, `OpenSSL makes a request with ${why}`)
    await t.rejects(authority.issueFromRequest(output, { lifetimeMs: DAY_MS }), { name: 'CertificateRequestRefused', reason: 'key_weak', message }, why)
  }
})

t.test('a request without a subject is refused', async (t) => {
  const { authority } = await createTestAuthority()
  const csr = await createRequest({ name: [], keyPair: ec('P-256') })
  await t.rejects(authority.issueFromRequest(csr, { lifetimeMs: DAY_MS }), { name: 'CertificateRequestRefused', reason: 'subject_empty' })
})

t.test('the extensions that a request asks for are not granted', async (t) => {
  const { authority, verify } = await createTestAuthority()
  const csr = await createRequest({ name: 'CN=a', keyPair: ec('P-256'), extensions: [new BasicConstraintsExtension(true, 5, true), new SubjectAlternativeNameExtension([{ type: 'dns', value: 'other.example' }])] })
  const { certificatePem } = await authority.issueFromRequest(csr, { lifetimeMs: DAY_MS })
  const x509 = new X509Certificate(certificatePem)
  t.equal(x509.ca, false)
  t.equal(x509.subjectAltName, undefined)
  t.strictSame(x509.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  t.equal(codeOf(verify(derOf(certificatePem))), 'trusted')
})

t.test('a subject given by the caller replaces the requested one, so that nobody takes another client\'s name', async (t) => {
  const { authority } = await createTestAuthority()
  const csr = await createRequest({ name: 'CN=victim', keyPair: ec('P-256') })
  const issued = await authority.issueFromRequest(csr, { lifetimeMs: DAY_MS, subject: { commonName: 'requester', organization: 'o' } })
  t.equal(issued.subjectDn, 'CN=requester,O=o')
})

t.test('a request with a good key gives a trusted certificate of its subject and key', async (t) => {
  const { authority, verify } = await createTestAuthority()
  for (const keyPair of [ec('P-256'), ec('P-384'), rsa(2048), rsa(3072)]) {
    const csr = await createRequest({ name: [{ O: [{ utf8String: 'Acme, Inc.' }] }, { OU: ['x'], CN: ['a'] }], keyPair })
    const issued = await authority.issueFromRequest(csr, { lifetimeMs: DAY_MS })
    t.equal(issued.subjectDn, 'OU=x+CN=a,O=Acme\\, Inc.')
    t.notOk('keyPem' in issued)
    t.equal(new X509Certificate(issued.certificatePem).publicKey.equals(createPublicKey(createPrivateKey(keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()))), true)
    t.match(verify(derOf(issued.certificatePem)), { kind: 'trusted', certificate: { subjectDn: issued.subjectDn, thumbprint: issued.thumbprint, serial: issued.serial } })
  }
})

t.test('a request made by OpenSSL is taken', { skip: await isMissing('openssl', 'version') }, async (t) => {
  const { authority, verify } = await createTestAuthority()
  for (const kind of [['-newkey', 'rsa:2048'], ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], ['-newkey', 'ed25519']]) {
    const { output } = await runTool('openssl', ['req', '-new', ...kind, '-nodes', '-keyout', 'k.pem', '-subj', '/C=DE/O=Acme/CN=a b'], {})
    const csr = output.slice(output.indexOf('-----BEGIN CERTIFICATE REQUEST'))
    const issued = await authority.issueFromRequest(csr, { lifetimeMs: DAY_MS })
    t.equal(issued.subjectDn, 'CN=a b,O=Acme,C=DE')
    t.equal(codeOf(verify(derOf(issued.certificatePem))), 'trusted')
  }
})

t.test('an Ed25519 request that another key signed is refused', { skip: await isMissing('openssl', 'version') }, async (t) => {
  const { authority } = await createTestAuthority()
  const { output } = await runTool('openssl', ['req', '-new', '-newkey', 'ed25519', '-nodes', '-keyout', 'k.pem', '-subj', '/CN=a'], {})
  const csr = tamper(output.slice(output.indexOf('-----BEGIN CERTIFICATE REQUEST')))
  await t.rejects(authority.issueFromRequest(csr, { lifetimeMs: DAY_MS }), { name: 'CertificateRequestRefused', reason: 'signature_invalid' })
})
