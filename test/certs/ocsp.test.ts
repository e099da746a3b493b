import { createHash, X509Certificate } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import { id_pkix_ocsp_nonce as NONCE, OCSPRequest, TBSRequest } from '@peculiar/asn1-ocsp'
import { Extension } from '@peculiar/asn1-x509'
import t from 'tap'
import { openAuthority } from '../../certs/index.ts'
import { createTestAuthority, DAY_MS } from '../support/certs-authority.ts'
import { isMissing, runTool } from '../support/certs-openssl.ts'

const MALFORMED = '30030a0101'

/** An authority that knows which serial numbers it gave out, and what is asked of it by OpenSSL's own requests. */
async function createResponder () {
  const test = await createTestAuthority({ startMs: Date.now() })
  const issued = new Set<string>()
  const state = { isStoreLost: false }
  const authority = await openAuthority({
    ...test.root,
    clock: test.clock,
    keyValue: test.store.keyValue,
    notices: test.store.notices,
    isIssued: async (serial) => {
      if (state.isStoreLost) throw new Error('lost')
      return await Promise.resolve(issued.has(serial))
    },
  })
  const issue = async () => {
    const certificate = await authority.issueClientCertificate({ commonName: 'holder', lifetimeMs: DAY_MS })
    issued.add(certificate.serial)
    return certificate
  }
  const requestFor = async (certificatePem: string, options: readonly string[] = [], after = ''): Promise<Buffer> => {
    const { output } = await runTool('sh', ['-c', `openssl ocsp ${options.join(' ')} -issuer ca.pem -cert c.pem ${after} -reqout r.der && openssl base64 -A -in r.der`], { 'ca.pem': test.root.certificatePem, 'c.pem': certificatePem })
    return Buffer.from(output.trim().split('\n').at(-1) ?? '', 'base64')
  }
  /** What OpenSSL makes of our answer to its request. */
  const readByOpenssl = async (request: Buffer, certificatePem: string, answer: Buffer, hash = '-sha1'): Promise<string> =>
    (await runTool('openssl', ['ocsp', '-no_nonce', hash, '-issuer', 'ca.pem', '-CAfile', 'ca.pem', '-cert', 'c.pem', '-respin', 'a.der'], { 'ca.pem': test.root.certificatePem, 'c.pem': certificatePem, 'r.der': request, 'a.der': answer })).output
  return { ...test, authority, issue, requestFor, readByOpenssl, state }
}

const skip = await isMissing('openssl', 'version')

t.test('what is no OCSP request is answered as malformed, and nothing is thrown', { skip }, async (t) => {
  const { authority, issue, requestFor } = await createResponder()
  const { certificatePem } = await issue()
  const good = await requestFor(certificatePem, ['-no_nonce'])
  const nested = Buffer.concat([...Array.from({ length: 2000 }, () => Buffer.from([0x30, 0x80])), Buffer.from([0, 0])])
  const cases: Array<readonly [why: string, request: Buffer]> = [
    ['nothing', Buffer.alloc(0)],
    ['noise', createHash('sha512').update('noise').digest()],
    ['a certificate', new X509Certificate(certificatePem).raw],
    ['a request that is cut short', good.subarray(0, -5)],
    ['more than 8 KiB', Buffer.concat([good, Buffer.alloc(8192)])],
    ['two thousand nested sequences', nested],
    ['a sequence that claims four gigabytes', Buffer.from('3084ffffffff', 'hex')],
    ['no certificate to ask about', Buffer.from('300430023000', 'hex')],
    ['another version', Buffer.from('30093007a003020101300030', 'hex')],
  ]
  for (const [why, request] of cases) t.match(await authority.answerOcsp(request), { status: 'malformedRequest', der: Buffer.from(MALFORMED, 'hex') }, why)
})

t.test('any octet of a request may be wrong: there is always an answer', { skip }, async (t) => {
  const { authority, issue, requestFor } = await createResponder()
  const { certificatePem } = await issue()
  const good = await requestFor(certificatePem)
  const statuses = new Set<string>()
  for (let at = 0; at < good.length; at++) {
    const broken = Buffer.from(good)
    broken[at] = (broken[at] ?? 0) ^ 0xff
    statuses.add((await authority.answerOcsp(broken)).status)
  }
  t.strictSame([...statuses].sort(), ['malformedRequest', 'successful'])
})

t.test('more than sixteen certificates, and a nonce beyond 128 octets, are too much', { skip }, async (t) => {
  const { authority, issue, requestFor } = await createResponder()
  const { certificatePem } = await issue()
  const serials = (count: number): string => Array.from({ length: count }, (_, index) => `-serial ${index + 1}`).join(' ')
  t.equal((await authority.answerOcsp(await requestFor(certificatePem, [], serials(15)))).status, 'successful')
  t.equal((await authority.answerOcsp(await requestFor(certificatePem, [], serials(16)))).status, 'malformedRequest')
  const nonced = await requestFor(certificatePem)
  t.equal((await authority.answerOcsp(withNonce(nonced, 128))).status, 'successful')
  t.equal((await authority.answerOcsp(withNonce(nonced, 129))).status, 'malformedRequest')
  t.equal((await authority.answerOcsp(withNonce(nonced, 0))).status, 'malformedRequest')
})

t.test('good, revoked with time and reason, and unknown, as OpenSSL reads them', { skip }, async (t) => {
  const { authority, issue, requestFor, readByOpenssl } = await createResponder()
  const kept = await issue()
  const request = await requestFor(kept.certificatePem, ['-no_nonce'])
  const ask = async (): Promise<string> => await readByOpenssl(request, kept.certificatePem, (await authority.answerOcsp(request)).der)
  t.match(await ask(), /: good\n.*Response verify OK/s)
  await authority.revoke(kept.serial, { reason: 'keyCompromise' })
  t.match(await ask(), /: revoked\n.*Reason: keyCompromise\n.*Revocation Time: .*Response verify OK/s)
  const stranger = await authority.issueClientCertificate({ commonName: 'not remembered', lifetimeMs: DAY_MS })
  const unknown = await requestFor(stranger.certificatePem, ['-no_nonce'])
  t.match(await readByOpenssl(unknown, stranger.certificatePem, (await authority.answerOcsp(unknown)).der), /: unknown\n.*Response verify OK/s)
})

t.test('each hash that names an issuer is known, and another authority\'s certificate is unknown', { skip }, async (t) => {
  const { authority, issue, requestFor, readByOpenssl } = await createResponder()
  const { certificatePem } = await issue()
  for (const hash of ['sha1', 'sha256', 'sha384', 'sha512']) {
    const request = await requestFor(certificatePem, ['-no_nonce', `-${hash}`])
    t.match(await readByOpenssl(request, certificatePem, (await authority.answerOcsp(request)).der, `-${hash}`), /: good\n/, hash)
  }
  const other = await createResponder()
  const theirs = await other.issue()
  const request = await other.requestFor(theirs.certificatePem, ['-no_nonce'])
  const { der } = await authority.answerOcsp(request)
  t.match((await runTool('openssl', ['ocsp', '-respin', 'a.der', '-noverify', '-resp_text'], { 'a.der': der })).output, /Cert Status: unknown/)
})

t.test('the nonce comes back, and the answer is signed by a delegate of the authority', { skip }, async (t) => {
  const { authority, issue, requestFor } = await createResponder()
  const { certificatePem } = await issue()
  const request = await requestFor(certificatePem)
  const nonce = /OCSP Nonce:\s+([0-9A-F]+)/.exec((await runTool('openssl', ['ocsp', '-reqin', 'r.der', '-req_text'], { 'r.der': request })).output)?.[1]
  const { output } = await runTool('openssl', ['ocsp', '-respin', 'a.der', '-noverify', '-resp_text'], { 'a.der': (await authority.answerOcsp(request)).der })
  t.ok(nonce)
  t.ok(output.includes(nonce ?? 'none'))
  t.match(output, /OCSP Signing/)
  t.match(output, /OCSP No Check/)
  t.notMatch(output, /Next Update/, 'newer information is always to be had')
})

t.test('a lost store is told as try later, and a revocation is told all the same', { skip }, async (t) => {
  const { authority, issue, requestFor, state } = await createResponder()
  const [kept, revoked] = [await issue(), await issue()]
  await authority.revoke(revoked.serial)
  state.isStoreLost = true
  t.match(await authority.answerOcsp(await requestFor(kept.certificatePem)), { status: 'tryLater', der: Buffer.from('30030a0103', 'hex') })
  t.equal((await authority.answerOcsp(await requestFor(revoked.certificatePem))).status, 'successful')
})

t.test('the delegate is renewed before its certificate ends', { skip }, async (t) => {
  const { authority, issue, requestFor, clock } = await createResponder()
  const { certificatePem } = await issue()
  const request = await requestFor(certificatePem)
  const responderOf = async (): Promise<string> => /Responder Id: ([0-9A-F]+)/.exec((await runTool('openssl', ['ocsp', '-respin', 'a.der', '-noverify', '-resp_text'], { 'a.der': (await authority.answerOcsp(request)).der })).output)?.[1] ?? ''
  const first = await responderOf()
  clock.setMs(clock.nowMs() + 5 * DAY_MS)
  t.equal(await responderOf(), first)
  clock.setMs(clock.nowMs() + 2 * DAY_MS)
  t.not(await responderOf(), first)
})

/** The same request with a nonce of so many octets. */
function withNonce (request: Buffer, octets: number): Buffer {
  const { requestList } = AsnConvert.parse(request, OCSPRequest).tbsRequest
  const nonce = new Extension({ extnID: NONCE, extnValue: new OctetString(AsnConvert.serialize(new OctetString(new Uint8Array(octets)))) })
  return Buffer.from(AsnConvert.serialize(new OCSPRequest({ tbsRequest: new TBSRequest({ requestList, requestExtensions: [nonce] }) })))
}
