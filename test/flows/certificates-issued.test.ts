import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { missingTools, openCertificateFlow } from '../support/certificate-flow.ts'
import { runTool } from '../support/certs-openssl.ts'

const skip = await missingTools()

/** Every kind of certificate, made by the control API and shown at the door by curl. */
t.test('certificates that a sandbox makes', { skip }, async (t) => {
  const { sandgate, key, bearer, create, made, curl, atDoor } = await openCertificateFlow(t)

  t.test('a wrong wish is refused with what is wrong', async (t) => {
    const rsa1024 = (await runTool('openssl', ['req', '-new', '-newkey', 'rsa:1024', '-nodes', '-keyout', 'k', '-subj', '/CN=a'], {})).output.replace(/^[^-]*(?=-----BEGIN CERT)/s, '')
    const cases: Array<readonly [why: string, body: object, code: string, pointer: string]> = [
      ['an unknown kind', { kind: 'root' }, 'request_invalid', '/kind'],
      ['an unknown member', { subject: 'CN=victim' }, 'request_invalid', ''],
      ['an unknown key', { key_type: 'dsa' }, 'request_invalid', '/key_type'],
      ['no request', { csr: 'nothing' }, 'request_invalid', '/csr'],
      ['a weak key', { csr: rsa1024 }, 'request_invalid', '/csr'],
      ['a request and a key to be made', { csr: rsa1024, key_type: 'ec-p256' }, 'request_invalid', '/key_type'],
      ['a life that is too long', { lifetime: '91d' }, 'request_invalid', '/lifetime'],
      ['a life that is too short', { lifetime: '999ms' }, 'request_invalid', '/lifetime'],
      ['no life', { lifetime: 'long' }, 'request_invalid', '/lifetime'],
      ['a wildcard', { sans: [{ type: 'dns', value: '*.test' }] }, 'request_invalid', '/sans'],
      ['a container without a password', { format: 'pkcs12' }, 'request_invalid', '/password'],
      ['a password without a container', { password: 'long enough' }, 'request_invalid', '/password'],
      ['roles of a plain client', { psd2: { roles: ['PSP_AI'] } }, 'request_invalid', '/psd2'],
      ['an unknown role', { kind: 'qwac', psd2: { roles: ['PSP_XX'] } }, 'request_invalid', '/psd2/roles/0'],
      ['an identifier of another authority', { kind: 'qwac', psd2: { organization_identifier: 'PSDDE-BAFIN-1', nca_id: 'GB-FCA' } }, 'request_invalid', '/psd2/organization_identifier'],
      ['a website that may exist', { kind: 'qwac', sans: [{ type: 'dns', value: 'bank.com' }] }, 'request_invalid', '/sans'],
      ['this installation', { kind: 'qwac', sans: [{ type: 'dns', value: 'localhost' }] }, 'request_invalid', '/sans'],
      ['an address', { kind: 'qwac', sans: [{ type: 'ip', value: '127.0.0.1' }] }, 'request_invalid', '/sans'],
    ]
    for (const [why, body, code, pointer] of cases) {
      const { status, json } = await create(body)
      t.equal(status, 422, why)
      t.equal(json.code, code, why)
      if (pointer !== '') t.match(JSON.stringify(json), pointer, why)
    }
    t.equal((await sandgate.call('POST', '/sandbox/certificates', { token: bearer, body: {} })).status, 403, 'an access token makes none')
  })

  t.test('what is made to be refused is refused at the door, each with its own code', async (t) => {
    for (const [kind, refusal] of [
      ['expired', '401 certificate_expired'], ['not_yet_valid', '401 certificate_not_yet_valid'], ['revoked', '401 certificate_revoked'],
      ['wrong_eku', '401 certificate_purpose_invalid'], ['untrusted_issuer', '401 certificate_untrusted'], ['qseal', '401 certificate_purpose_invalid'],
    ] as const) t.equal(await atDoor(await made({ kind })), refusal, kind)
  })

  for (const keyType of ['ec-p256', 'ec-p384', 'ed25519', 'rsa-2048', 'rsa-4096']) {
    t.test(`${keyType}: curl is let in with the key that was made`, async (t) => {
      t.equal(await atDoor(await made({ key_type: keyType, lifetime: '1h' })), 200)
    })
  }

  t.test('a certificate on a request of OpenSSL\'s is let in, and nothing but the key is taken from the request', async (t) => {
    const { output } = await runTool('sh', ['-c', 'openssl req -new -newkey ed25519 -nodes -keyout k.pem -subj "/O=Somebody else/CN=admin" -addext "subjectAltName=DNS:victim.test" -out r.pem && cat k.pem r.pem'], {})
    const [privateKey = '', csr = ''] = output.split(/(?<=-----END PRIVATE KEY-----\n)/)
    const { json } = await create({ csr })
    t.notOk('private_key' in json)
    t.match(json.subject_dn, /^CN=cert_\w+,O=sbx_/)
    t.equal(new X509Certificate(json.certificate as string).subjectAltName, undefined)
    t.equal(await atDoor({ certificate: json.certificate as string, private_key: privateKey }), 200)
    const renewed = await sandgate.call('POST', `/sandbox/certificates/${String(json.serial)}/renew`, { token: key, body: {} })
    t.equal(renewed.status, 201, 'and renewed with the key of the request')
    t.equal(await atDoor({ certificate: renewed.json.certificate as string, private_key: privateKey }), 200)
  })

  t.test('PKCS #12 and JWK hold the key, and PEM nothing that was not asked for', async (t) => {
    for (const keyType of ['ec-p256', 'ed25519', 'rsa-2048']) {
      const { json } = await create({ key_type: keyType, format: 'pkcs12', password: 'correct horse' })
      t.notOk('private_key' in json)
      t.notOk('d' in json.jwk)
      const { status } = await curl({ 'c.p12': Buffer.from(json.pkcs12 as string, 'base64') }, ['--cert-type', 'P12', '--cert', 'c.p12:correct horse', '-H', `Authorization: Bearer ${bearer}`, `${sandgate.mtlsUrl}/v1/customers`])
      t.equal(status, 200, `${keyType}: curl is let in with the container`)
      const asJwk = await create({ key_type: keyType, format: 'jwk' })
      t.match(asJwk.json.jwk, { d: String, x5c: [String, String] })
      t.equal((await sandgate.call('GET', `/sandbox/certificates/${String(asJwk.json.serial)}`, { token: key })).json.jwk.d, undefined, 'it is shown once')
    }
  })
})
