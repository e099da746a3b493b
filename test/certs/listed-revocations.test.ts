import t from 'tap'
import { createClientCertificateVerifier, createListedRevocations, readRevocationLists, type CertificateVerdict } from '../../certs/index.ts'
import { codeOf, createTestAuthority, derOf } from '../support/certs-authority.ts'
import { createOpensslCa } from '../support/certs-openssl-ca.ts'
import { isMissing, runTool } from '../support/certs-openssl.ts'

const skip = await isMissing('openssl', 'version')

/** A verifier that trusts a customer's root beside ours, and what its lists say. */
async function createCustomer () {
  const ca = createOpensslCa()
  const { authority, clock } = await createTestAuthority({ startMs: Date.now() + 600_000 })
  const listed = createListedRevocations()
  const verify = createClientCertificateVerifier({ authority, extraAnchorsPem: [ca.certificateOf('root')], listed, clock })
  const judge = (pem: string): CertificateVerdict => verify(derOf(pem), [derOf(ca.certificateOf('intermediate'))])
  const take = (...lists: string[]): void => listed.replace(lists.flatMap((list) => readRevocationLists(Buffer.from(list))))
  return { ca, authority, listed, judge, take, clock }
}

t.test('what is no usable list is refused with its cause', { skip }, async (t) => {
  const { ca } = await createCustomer()
  t.teardown(ca.remove)
  const pem = ca.list('root')
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const cases: Array<readonly [why: string, bytes: Buffer, message: RegExp]> = [
    ['nothing', Buffer.alloc(0), /holds no certificate revocation list/],
    ['a certificate', Buffer.from(ca.certificateOf('root')), /holds no certificate revocation list/],
    ['a list that is cut short', der.subarray(0, -1), /malformed/],
    ['something after the list', Buffer.concat([der, Buffer.from([5, 0])]), /no CertificateList/],
    ['a certificate in DER', derOf(ca.certificateOf('root')), /malformed|no|critical|is/],
    ['a sequence of four gigabytes', Buffer.from('3084ffffffff', 'hex'), /malformed/],
  ]
  for (const [why, bytes, message] of cases) t.throws(() => readRevocationLists(bytes), { name: 'RevocationListRefused', message }, why)
  for (let at = 0; at < der.length; at++) {
    const broken = Buffer.from(der)
    broken[at] = (broken[at] ?? 0) ^ 0xff
    try {
      readRevocationLists(broken)
    } catch (error) {
      if ((error as Error).name !== 'RevocationListRefused') t.fail(`octet ${at}: ${String(error)}`)
    }
  }
})

t.test('a list that its authority did not sign revokes nothing', { skip }, async (t) => {
  const { ca, judge, take } = await createCustomer()
  const other = createOpensslCa()
  t.teardown(ca.remove)
  t.teardown(other.remove)
  const victim = ca.issue('root', 'victim')
  other.revoke('root', other.issue('root', 'theirs').file)
  // Both roots have one name, and number from 1000.
  take(other.list('root'))
  t.equal(codeOf(judge(victim.certificatePem)), 'trusted')
  ca.revoke('root', victim.file)
  const forged = Buffer.from(ca.list('root').replace(/-----[^-]+-----|\s/g, ''), 'base64')
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  take(`-----BEGIN X509 CRL-----\n${forged.toString('base64')}\n-----END X509 CRL-----\n`)
  t.equal(codeOf(judge(victim.certificatePem)), 'trusted')
})

t.test('what the customer\'s root or intermediate revokes is refused, and what they do not is trusted, as with OpenSSL', { skip }, async (t) => {
  const { ca, judge, take, listed } = await createCustomer()
  t.teardown(ca.remove)
  const [kept, revoked, direct] = [ca.issue('intermediate', 'kept'), ca.issue('intermediate', 'revoked'), ca.issue('root', 'direct')]
  const before = listed.generation()
  take(ca.list('root'), ca.list('intermediate'))
  t.not(listed.generation(), before)
  for (const one of [kept, revoked, direct]) t.equal(codeOf(judge(one.certificatePem)), 'trusted')
  ca.revoke('intermediate', revoked.file)
  ca.revoke('root', direct.file)
  const lists = [ca.list('root'), ca.list('intermediate')]
  take(...lists)
  t.equal(codeOf(judge(kept.certificatePem)), 'trusted')
  t.match(judge(revoked.certificatePem), { kind: 'refused', code: 'certificate_revoked', detail: /by the list of CN=Customer intermediate/ })
  t.match(judge(direct.certificatePem), { kind: 'refused', code: 'certificate_revoked', detail: /by the list of CN=Customer root/ })
  const files = { 'ca.pem': ca.certificateOf('root') + ca.certificateOf('intermediate') + lists.join(''), 'kept.pem': kept.certificatePem, 'revoked.pem': revoked.certificatePem }
  t.match((await runTool('openssl', ['verify', '-crl_check_all', '-CAfile', 'ca.pem', 'kept.pem'], files)).output, /OK/)
  t.match((await runTool('openssl', ['verify', '-crl_check_all', '-CAfile', 'ca.pem', 'revoked.pem'], files)).output, /certificate revoked/)
})

t.test('a revoked intermediate takes all that it issued with it', { skip }, async (t) => {
  const { ca, judge, take } = await createCustomer()
  t.teardown(ca.remove)
  const leaf = ca.issue('intermediate', 'leaf')
  t.equal(codeOf(judge(leaf.certificatePem)), 'trusted')
  ca.revoke('root', `${ca.directory}/intermediate.pem`)
  take(ca.list('root'))
  t.match(judge(leaf.certificatePem), { kind: 'refused', code: 'certificate_revoked', detail: /Customer intermediate/ })
})

t.test('another authority\'s list says nothing of our certificates, and ours nothing of theirs', { skip }, async (t) => {
  const { ca, judge, take, authority } = await createCustomer()
  t.teardown(ca.remove)
  const [ours, theirs] = [await authority.issueClientCertificate({ commonName: 'x', lifetimeMs: 86_400_000 }), ca.issue('root', 'theirs')]
  for (const serial of ['1001', '1002', '1003']) await authority.revoke(serial)
  take(ca.list('root'))
  t.equal(codeOf(judge(theirs.certificatePem)), 'trusted', 'its serial number is revoked here, under another issuer')
  t.equal(codeOf(judge(ours.certificatePem)), 'trusted')
})

t.test('a list beyond its next update still revokes', { skip }, async (t) => {
  const { ca, judge, take, clock } = await createCustomer()
  t.teardown(ca.remove)
  const leaf = ca.issue('root', 'leaf')
  ca.revoke('root', leaf.file)
  take(ca.list('root', 60))
  clock.setMs(clock.nowMs() + 3_600_000)
  t.equal(codeOf(judge(leaf.certificatePem)), 'certificate_revoked')
})

t.test('DER is read as PEM is, and several lists in one file too', { skip }, async (t) => {
  const { ca } = await createCustomer()
  t.teardown(ca.remove)
  const [first, second] = [ca.list('root'), ca.list('intermediate')]
  t.strictSame(readRevocationLists(Buffer.from(first + second)).map(({ issuerDn }) => issuerDn), ['CN=Customer root', 'CN=Customer intermediate'])
  const [list] = readRevocationLists(Buffer.from(first.replace(/-----[^-]+-----|\s/g, ''), 'base64'))
  t.match(list, { issuerDn: 'CN=Customer root' })
  t.ok((list?.nextUpdateMs ?? 0) > (list?.thisUpdateMs ?? Infinity))
})
