import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { missingTools, openCertificateFlow } from '../support/certificate-flow.ts'
import { startTestGateway, type Answer } from '../support/gateway.ts'

const skip = await missingTools()

/** Whose a certificate is, what comes after it, and what the operator sees. */
t.test('certificates and their sandbox', { skip }, async (t) => {
  const { sandgate, key, create, made, curl, atDoor } = await openCertificateFlow(t)

  t.test('a certificate of another sandbox is not there, and binds no client', async (t) => {
    const stranger = await sandgate.newSandbox()
    const mine = await made({})
    const call = async (method: string, path: string, body?: object): Promise<number> => (await sandgate.call(method, path, { token: stranger.key.reveal(), ...(body === undefined ? {} : { body }) })).status
    t.equal(await call('GET', `/sandbox/certificates/${mine.serial}`), 404)
    t.equal(await call('POST', `/sandbox/certificates/${mine.serial}/renew`, {}), 404)
    t.equal(await call('POST', `/sandbox/certificates/${mine.serial}/revoke`, {}), 404)
    t.equal(await call('POST', '/sandbox/clients', { name: 'x', token_endpoint_auth_method: 'tls_client_auth', certificate: mine.serial }), 422)
    t.equal(await atDoor(mine), 200, 'and works still')
    const { json } = await sandgate.call('GET', '/sandbox/certificates', { token: stranger.key.reveal() })
    t.equal((json.data as object[]).length, 1, 'a new sandbox has the one of its first client')
  })

  t.test('a name of each kind is carried; one of another sandbox is refused', async (t) => {
    const sans = [{ type: 'dns', value: 'client.tpp.example' }, { type: 'uri', value: 'urn:tpp:1' }, { type: 'ip', value: '192.0.2.9' }, { type: 'email', value: 'tls@tpp.example' }]
    const first = await made({ sans })
    t.equal(new X509Certificate(first.certificate).subjectAltName, 'DNS:client.tpp.example, URI:urn:tpp:1, IP Address:192.0.2.9, email:tls@tpp.example')
    const stranger = await sandgate.newSandbox()
    for (const san of sans) {
      const { status, json } = await sandgate.call('POST', '/sandbox/certificates', { token: stranger.key.reveal(), body: { sans: [{ ...san, value: san.value.toUpperCase().replace('URN:', 'urn:') }] } })
      t.equal(status, 409, san.type)
      t.equal(json.code, 'certificate_name_taken')
    }
    t.equal((await create({ sans })).status, 201, 'its own sandbox has it again')
  })

  t.test('renewing keeps the subject, so the client stays the same; the old one can go at once', async (t) => {
    const { json: client } = await sandgate.call('POST', '/sandbox/clients', { token: key, body: { name: 'r', token_endpoint_auth_method: 'tls_client_auth' } })
    const { status, json: next } = await sandgate.call('POST', `/sandbox/certificates/${String(client.serial)}/renew`, { token: key, body: { revoke_previous: true, key_type: 'ec-p384' } })
    t.equal(status, 201)
    t.equal(next.subject_dn, client.tls_client_auth_subject_dn)
    t.equal(await atDoor({ certificate: client.certificate as string, private_key: client.private_key as string }), '401 certificate_revoked')
    const token = await curl({ 'c.pem': next.certificate as string, 'c.key': next.private_key as string }, ['--cert', 'c.pem', '--key', 'c.key', '-d', `grant_type=client_credentials&client_id=${String(client.client_id)}`, `${sandgate.mtlsUrl}/oauth/token`])
    t.equal(token.status, 200)
    t.match((await sandgate.call('GET', `/sandbox/certificates/${String(client.serial)}`, { token: key })).json, { status: 'revoked', revocation_reason: 'superseded' })
    const expired = await made({ kind: 'expired' })
    t.match(await sandgate.call('POST', `/sandbox/certificates/${expired.serial}/renew`, { token: key, body: {} }), { status: 409, json: { code: 'certificate_not_renewable' } })
  })

  t.test('what the operator revokes stays revoked, and is in the operator\'s list', async (t) => {
    const doomed = await made({})
    t.equal((await sandgate.call('POST', `/control/certificates/${doomed.serial}/revoke`, { token: sandgate.operatorToken })).status, 200)
    t.equal(await atDoor(doomed), '401 certificate_revoked')
    t.match(await sandgate.call('POST', `/sandbox/certificates/${doomed.serial}/renew`, { token: key, body: {} }), { status: 409, json: { code: 'certificate_not_renewable' } })
    const serials: string[] = []
    for (let before: string | null = ''; before !== null;) {
      const { json } = await sandgate.call('GET', `/control/certificates?limit=5${before === '' ? '' : `&before=${before}`}`, { token: sandgate.operatorToken })
      serials.push(...(json.data as Array<{ serial: string }>).map(({ serial }) => serial))
      before = json.next as string | null
    }
    t.ok(serials.includes(doomed.serial))
    t.equal(new Set(serials).size, serials.length)
    t.equal((await sandgate.call('GET', '/control/certificates', { token: key })).status, 403)
  })

  t.test('a private key is in no log line and not in the store', async (t) => {
    const { private_key: privateKey } = await made({})
    const line = privateKey.split('\n')[1] ?? ''
    t.notOk(sandgate.logLines.some((one) => one.includes(line)))
    t.notOk(JSON.stringify(await sandgate.gateway.composition.stores.keyValue.list('certificate', { limit: 1000 })).includes(line))
  })
})

t.test('a sandbox has so many certificates and no more', async (t) => {
  const sandgate = await startTestGateway({ 'sandboxes.certificates_maximum': 3 })
  t.teardown(sandgate.stop)
  const token = (await sandgate.newSandbox()).key.reveal()
  const create = async (): Promise<Answer> => await sandgate.call('POST', '/sandbox/certificates', { token, body: {} })
  t.equal((await create()).status, 201)
  t.equal((await create()).status, 201)
  t.match(await create(), { status: 409, json: { code: 'quota_exceeded' } })
})
