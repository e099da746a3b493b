import t from 'tap'
import { missingTools, openCertificateFlow, type Made } from '../support/certificate-flow.ts'
import { runTool } from '../support/certs-openssl.ts'

const skip = await missingTools()

/** PSD2 certificates, at the door and at the token endpoint. */
t.test('qualified test certificates', { skip }, async (t) => {
  const { sandgate, key, create, curl, atDoor, verifyByOpenssl } = await openCertificateFlow(t)

  t.test('a QWAC opens the door, authenticates a client and says what PSD2 wants; OpenSSL reads it', async (t) => {
    const { json } = await create({ kind: 'qwac', psd2: { organization: 'Acme Pay', organization_identifier: 'PSDGB-FCA-123456', roles: ['PSP_PI', 'PSP_AI'] } })
    t.match(json.qualified, { types: ['web'], roles: ['PSP_PI', 'PSP_AI'], nca_id: 'GB-FCA', nca_name: 'Financial Conduct Authority' })
    t.match(json.subject_dn, /^CN=TEST Acme Pay,OU=Sandgate TEST of sbx_\w+,organizationIdentifier=PSDGB-FCA-123456,O=TEST Acme Pay,C=GB$/)
    t.equal(await atDoor(json as Made), 200)
    const { output } = await runTool('openssl', ['x509', '-in', 'c.pem', '-noout', '-text'], { 'c.pem': json.certificate as string })
    for (const expected of [/organizationIdentifier = PSDGB-FCA-123456/, /Policy: 0\.4\.0\.19495\.3\.1/, /TLS Web Server Authentication, TLS Web Client Authentication/, /qcStatements/, /CRL Distribution Points:[^]*\/sandbox\/pki\/crl\n/, /OCSP - URI:https:.*\/sandbox\/pki\/ocsp\n/]) t.match(output, expected)
    t.match(await verifyByOpenssl(json.certificate as string), /OK/)
    const client = await sandgate.call('POST', '/sandbox/clients', { token: key, body: { name: 'TPP', token_endpoint_auth_method: 'tls_client_auth', certificate: json.serial as string } })
    t.equal(client.status, 201)
    const token = await curl({ 'c.pem': json.certificate as string, 'c.key': json.private_key as string }, ['--cert', 'c.pem', '--key', 'c.key', '-d', `grant_type=client_credentials&client_id=${String(client.json.client_id)}&scope=payments:read`, `${sandgate.mtlsUrl}/oauth/token`])
    t.equal(token.status, 200)
    t.match(token.json, { access_token: String })
  })
})
