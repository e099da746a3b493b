import t from 'tap'
import { missingTools, openCertificateFlow } from '../support/certificate-flow.ts'
import { runTool } from '../support/certs-openssl.ts'

const skip = await missingTools()

/** A developer tries mutual TLS by hand: curl, with a key that OpenSSL made. */
t.test('curl with certificates', { skip }, async (t) => {
  const { sandgate, key, made } = await openCertificateFlow(t)
  const { output } = await runTool('sh', ['-c', 'openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -subj /CN=mine -out r.pem 2>/dev/null && cat k.pem r.pem'], {})
  const [privateKey = '', csr = ''] = output.split(/(?<=-----END PRIVATE KEY-----\n)/)
  const { status, json: client, text } = await sandgate.call('POST', '/sandbox/clients', { token: key, body: { name: 'Curl', token_endpoint_auth_method: 'tls_client_auth', csr, scope: 'payments:read' } })
  if (status !== 201) throw new Error(text)
  const id = String(client.client_id)
  const other = await made({})
  const expired = await made({ kind: 'expired' })
  const untrusted = await made({ kind: 'untrusted_issuer' })
  const files = {
    'ca.pem': sandgate.authorityPem,
    'own.pem': String(client.certificate),
    'own.key': privateKey,
    'other.pem': other.certificate,
    'other.key': other.private_key,
    'expired.pem': expired.certificate,
    'expired.key': expired.private_key,
    'untrusted.pem': untrusted.certificate,
    'untrusted.key': untrusted.private_key,
  }
  const curl = async (...parameters: string[]): Promise<{ code: number, status: number, headers: string, body: string, json: Record<string, unknown> }> => {
    const { code, output } = await runTool('curl', ['-sS', '-i', '--http1.1', '--cacert', 'ca.pem', ...parameters], files)
    const [headers = '', body = ''] = output.split(/\r\n\r\n/)
    return { code, status: Number(/^HTTP\/1\.1 (\d+)/.exec(headers)?.[1]), headers, body, json: body.startsWith('{') ? JSON.parse(body) as Record<string, unknown> : {} }
  }
  const pair = (name: string): string[] => ['--cert', `${name}.pem`, '--key', `${name}.key`]
  const tokenEndpoint = [`${sandgate.mtlsUrl}/oauth/token`, '-d', 'grant_type=client_credentials', '-d', `client_id=${id}`]
  const api = `${sandgate.mtlsUrl}/v1/customers`
  const bearer = async (): Promise<string[]> => ['-H', `Authorization: Bearer ${String((await curl(...pair('own'), ...tokenEndpoint)).json['access_token'])}`]

  t.test('no token with a wrong certificate: each answer says what is wrong with it, and no more', async (t) => {
    const askWith = async (...certificate: string[]) => await curl(...certificate, ...tokenEndpoint)
    for (const [why, certificate, description] of [
      ['another client\'s', pair('other'), 'client authentication failed'],
      ['none', [], 'A client certificate is required'],
      ['expired', pair('expired'), 'The client certificate has expired'],
      ['of another authority', pair('untrusted'), 'The client certificate is not trusted'],
    ] as const) t.match(await askWith(...certificate), { code: 0, status: 401, headers: /cache-control: no-store/, json: { error: 'invalid_client', error_description: description } }, why)
    t.match(await askWith('--cert', 'own.pem', '--key', 'other.key'), { code: 58, headers: /key does not match/ }, 'curl itself refuses a pair that is none')
    t.match(await curl(...pair('own'), `${sandgate.publicUrl}/oauth/token`, '-d', 'grant_type=client_credentials', '-d', `client_id=${id}`), { status: 401, json: { error: 'invalid_client' } }, 'the public door asks for none and sees none')
  })

  t.test('a token bound to the certificate opens the API with it, over TLS 1.2 and 1.3, and nothing without it', async (t) => {
    const token = await bearer()
    for (const [why, parameters, code] of [
      ['without a certificate', [api], 'certificate_missing'],
      ['with another one', [...pair('other'), api], 'token_binding_mismatch'],
      ['at the public door', [`${sandgate.publicUrl}/v1/customers`], 'token_binding_mismatch'],
    ] as const) t.match(await curl(...token, ...parameters), { status: 401, headers: /www-authenticate: Bearer .*error="invalid_token"/, json: { code } }, why)
    for (const version of ['--tls-max 1.2', '--tlsv1.3']) t.match(await curl(...pair('own'), ...version.split(' '), ...token, api), { status: 200, json: { object: 'list' } }, version)
    t.match(await curl(...pair('own'), '--tlsv1.1', '--tls-max', '1.1', '--ciphers', 'ALL:@SECLEVEL=0', ...token, api), { code: 35, headers: /protocol version/ }, 'TLS 1.1 is over')
  })

  t.test('the pair as a PKCS #12 file of OpenSSL\'s does the same, with its password', async (t) => {
    const [, header = ''] = await bearer()
    const withFile = async (password: string) => await runTool('sh', ['-c', `openssl pkcs12 -export -inkey own.key -in own.pem -passout pass:changeit -out own.p12 && curl -sS -w '%{http_code}' -o /dev/null --cacert ca.pem --cert-type P12 --cert own.p12:${password} -H '${header}' ${api}`], files)
    t.match(await withFile('wrong'), { code: 58, output: /could not parse PKCS12/ })
    t.match(await withFile('changeit'), { code: 0, output: '200' })
  })

  t.test('who does not trust our authority is not connected', async (t) => {
    t.match(await runTool('curl', ['-sS', api], files), { code: 60, output: /local issuer certificate/ })
  })
})
