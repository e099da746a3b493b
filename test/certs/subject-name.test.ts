import t from 'tap'
import { createClientCertificateVerifier, isSameDistinguishedName } from '../../certs/index.ts'
import { createTestAuthority, derOf, START_MS } from '../support/certs-authority.ts'
import { CLIENT_AUTH, createForeignCertificate } from '../support/certs-foreign.ts'
import { isMissing, runTool } from '../support/certs-openssl.ts'

const values = ['app', ' lead', 'trail ', ' ', '#hash', 'a#b', 'a,b+c"d\\e<f>g;h=i', '田中 千代', 'Bj\u00f6rn \u00de\u00f3rsson', '\u{1f511}', 'back\\', 'back\\ ', '  ', 'x'.repeat(64)]

t.test('a subject that does not fit is refused', async (t) => {
  const { authority } = await createTestAuthority()
  for (const commonName of ['', 'x'.repeat(65), 'a\nb', 'a\0', '\x7f', '\ud800']) {
    await t.rejects(authority.issueClientCertificate({ commonName, lifetimeMs: 60_000 }), RangeError, JSON.stringify(commonName))
    await t.rejects(authority.issueClientCertificate({ commonName: 'a', organization: commonName, lifetimeMs: 60_000 }), RangeError, `organization ${JSON.stringify(commonName)}`)
  }
})

t.test('a subject is written in the order of RFC 4514, so that the common name comes first', async (t) => {
  const { authority } = await createTestAuthority()
  const issued = await authority.issueClientCertificate({ commonName: 'app', organization: 'Acme, Inc.', lifetimeMs: 60_000 })
  t.equal(issued.subjectDn, 'CN=app,O=Acme\\, Inc.')
})

t.test('whatever value a subject has, its written form is that value again when parsed', async (t) => {
  const { authority, verify } = await createTestAuthority()
  for (const commonName of values) {
    const issued = await authority.issueClientCertificate({ commonName, lifetimeMs: 60_000 })
    const verdict = verify(derOf(issued.certificatePem))
    t.equal(verdict.kind === 'trusted' && verdict.certificate.subjectDn, issued.subjectDn)
    t.equal(isSameDistinguishedName(issued.subjectDn, `CN=${escapeEveryByte(commonName)}`), true, issued.subjectDn)
  }
})

t.test('OpenSSL writes the same name', { skip: await isMissing('openssl', 'version') }, async (t) => {
  const { authority } = await createTestAuthority()
  for (const commonName of values) {
    const issued = await authority.issueClientCertificate({ commonName, organization: 'O', lifetimeMs: 60_000 })
    const { output } = await runTool('openssl', ['x509', '-in', 'c.pem', '-noout', '-subject', '-nameopt', 'RFC2253,-esc_msb,utf8'], { 'c.pem': issued.certificatePem })
    t.equal(output.replace(/^subject=/, '').replace(/\n$/, ''), issued.subjectDn)
  }
})

t.test('a name with several values in one RDN, unknown types and other string types is written exactly', async (t) => {
  const anchor = await createForeignCertificate({ name: 'CN=Foreign', isAuthority: true })
  const { authority } = await createTestAuthority()
  const verify = createClientCertificateVerifier({ authority, extraAnchorsPem: [anchor.pem], clock: { nowMs: () => START_MS } })
  const leaf = await createForeignCertificate({
    name: [{ C: ['DE'] }, { OU: [{ bmpString: 'Vertrieb Süd' }], CN: [{ printableString: 'J. Smith' }] }, { '1.2.3.4': [{ utf8String: 'é' }] }, { E: [{ ia5String: 'a@b.example' }] }],
    issuer: anchor,
    purposes: [CLIENT_AUTH],
  })
  const verdict = verify(leaf.der)
  t.equal(verdict.kind === 'trusted' && verdict.certificate.subjectDn, 'emailAddress=a@b.example,1.2.3.4=#0c02c3a9,OU=Vertrieb Süd+CN=J. Smith,C=DE')
})

t.test('a control character in a foreign name is escaped, so that it breaks no line of a log', async (t) => {
  const anchor = await createForeignCertificate({ name: 'CN=Foreign', isAuthority: true })
  const { authority } = await createTestAuthority()
  const verify = createClientCertificateVerifier({ authority, extraAnchorsPem: [anchor.pem], clock: { nowMs: () => START_MS } })
  const leaf = await createForeignCertificate({ name: [{ CN: [{ utf8String: 'a\nb\0' }] }], issuer: anchor })
  const verdict = verify(leaf.der)
  t.equal(verdict.kind === 'trusted' && verdict.certificate.subjectDn, 'CN=a\\0ab\\00')
})

function escapeEveryByte (text: string): string {
  return Buffer.from(text).toString('hex').replace(/../g, '\\$&')
}
