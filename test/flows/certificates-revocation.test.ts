import t from 'tap'
import { missingTools, openCertificateFlow } from '../support/certificate-flow.ts'
import { runTool } from '../support/certs-openssl.ts'
import { type Answer } from '../support/gateway.ts'

const skip = await missingTools()

/** Revocation at the door, in the list and in OCSP, as OpenSSL reads them. */
t.test('revocation of certificates', { skip }, async (t) => {
  const { sandgate, sandbox, key, bearer, made, verifyByOpenssl } = await openCertificateFlow(t)

  t.test('a revocation shows on an open connection, in the list and in OCSP, at once', async (t) => {
    const certificate = await made({})
    const pair = { certificatePem: certificate.certificate, keyPem: certificate.private_key }
    const call = async (): Promise<Answer> => await sandgate.call('GET', '/v1/customers', { door: 'mtls', token: bearer, certificate: pair })
    const ocsp = async (): Promise<string> => (await runTool('openssl', ['ocsp', '-issuer', 'ca.pem', '-CAfile', 'ca.pem', '-cert', 'c.pem', '-url', `${sandgate.publicUrl}/sandbox/pki/ocsp`], { 'ca.pem': sandgate.authorityPem, 'c.pem': certificate.certificate })).output
    t.equal((await call()).status, 200)
    t.match(await verifyByOpenssl(certificate.certificate), /OK/)
    t.match(await ocsp(), /c\.pem: good/)
    t.equal((await sandgate.call('POST', `/sandbox/certificates/${certificate.serial}/revoke`, { token: key, body: { reason: 'keyCompromise' } })).status, 200)
    t.match(await call(), { status: 401, json: { code: 'certificate_revoked' } })
    t.match(await verifyByOpenssl(certificate.certificate), /certificate revoked/)
    const told = await ocsp()
    t.match(told, /Response verify OK/)
    t.notMatch(told, /Nonce Verify error|no nonce in response/)
    t.match(told, /c\.pem: revoked\n.*keyCompromise/s)
    t.equal((await sandgate.call('POST', `/sandbox/certificates/${certificate.serial}/revoke`, { token: key, body: {} })).status, 200, 'twice is once')
  })

  t.test('OCSP by GET takes Base64 with its slashes raw, doubled or encoded, over both doors', async (t) => {
    const certificate = await made({})
    const files = { 'ca.pem': sandgate.authorityPem, 'c.pem': certificate.certificate }
    const requests: string[] = []
    for (let count = 0; count < 40 && !(requests.some((one) => one.includes('/')) && requests.some((one) => one.includes('+'))); count++) {
      requests.push((await runTool('sh', ['-c', 'openssl ocsp -issuer ca.pem -cert c.pem -reqout r.der && openssl base64 -A -in r.der'], files)).output.trim().split('\n').at(-1) ?? '')
    }
    for (const request of requests) {
      for (const path of [request, encodeURIComponent(request)]) {
        for (const door of ['public', 'mtls'] as const) {
          const answer = await sandgate.call('GET', `/sandbox/pki/ocsp/${path}`, { door, ...(door === 'mtls' ? { certificate: sandbox } : {}) })
          t.equal(answer.status, 200)
          t.equal(answer.headers['content-type'], 'application/ocsp-response')
          t.equal(answer.headers['cache-control'], 'no-store')
          t.ok(answer.text.length > 200, 'an answer that is signed')
        }
      }
    }
    t.equal((await sandgate.call('GET', '/sandbox/pki/ocsp/AAAA')).text.length, 5, 'what is no request is answered as malformed')
    t.equal((await sandgate.call('GET', '/sandbox/pki/ocsp/a%2f..%2f..%2fcontrol')).status, 400, 'and what is no Base64 is a path as any other')
    t.equal((await sandgate.call('POST', '/sandbox/pki/ocsp', { headers: { 'content-type': 'application/ocsp-request' }, body: Buffer.alloc(9000) })).status, 413)
    t.equal((await sandgate.call('POST', '/sandbox/pki/ocsp', { headers: { 'content-type': 'text/plain' }, body: 'x' })).text.length, 5)
  })

  t.test('the list, the authority and the disclosure are there for everybody, in the forms that they are looked for', async (t) => {
    for (const [path, type] of [['crl', 'application/pkix-crl'], ['crl.pem', 'application/x-pem-file'], ['ca', 'application/pkix-cert'], ['ca.pem', 'application/x-pem-file'], ['disclosure', 'text/plain; charset=utf-8']] as const) {
      t.match(await sandgate.call('GET', `/sandbox/pki/${path}`), { status: 200, headers: { 'content-type': type } })
      t.equal((await sandgate.call('GET', `/sandbox/pki/${path}`, { door: 'mtls', certificate: sandbox })).status, 200)
    }
    const { output } = await runTool('sh', ['-c', `curl -s --cacert ca.pem ${sandgate.publicUrl}/sandbox/pki/crl | openssl crl -inform DER -noout -CAfile ca.pem`], { 'ca.pem': sandgate.authorityPem })
    t.match(output, /verify OK/)
  })
})
