import t from 'tap'
import { createRootCertificate, openAuthority } from '../../certs/index.ts'
import { systemClock } from '../../kernel/index.ts'
import { openEmbeddedStores } from '../../stores/index.ts'
import { startTestGateway } from '../support/gateway.ts'
import { createForeignCertificate } from '../support/certs-foreign.ts'

const DAY_MS = 86_400_000

/** Only a certificate of ours, in force and meant for clients, opens the mutual-TLS door. */
t.test('client certificates at the mutual-TLS door', async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const { authority } = sandgate.gateway.composition
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  const callWith = async (certificate?: { certificatePem: string, keyPem: string }) => await sandgate.call('GET', '/v1/customers', { door: 'mtls', token, ...(certificate === undefined ? {} : { certificate }) })

  /** Issued by our own key at another time. */
  const issuedAt = async (offsetMs: number, lifetimeMs: number) => {
    const stores = openEmbeddedStores({ directory: ':memory:', clock: systemClock, retention: { maxAgeMs: DAY_MS, maxPerStream: 10 } })
    t.teardown(async () => await stores.close())
    const then = await openAuthority({ ...sandgate.gateway.composition.material.authority, clock: { nowMs: () => Date.now() + offsetMs }, ...stores })
    return await then.issueClientCertificate({ commonName: 'time traveller', lifetimeMs })
  }
  const elsewhere = async () => {
    const stores = openEmbeddedStores({ directory: ':memory:', clock: systemClock, retention: { maxAgeMs: DAY_MS, maxPerStream: 10 } })
    t.teardown(async () => await stores.close())
    const root = await createRootCertificate({ commonName: 'Sandgate development CA', lifetimeMs: DAY_MS * 10, clock: systemClock })
    return await (await openAuthority({ ...root, clock: systemClock, ...stores })).issueClientCertificate({ commonName: 'stranger', lifetimeMs: DAY_MS })
  }

  t.test('refused', async (t) => {
    t.match(await callWith(), { status: 401, json: { code: 'certificate_missing' } }, 'none')
    t.match(await callWith(await elsewhere()), { status: 401, json: { code: 'certificate_untrusted' } }, 'of another CA with the same name')
    const selfSigned = await createForeignCertificate({ name: 'CN=self', fromMs: Date.now() - DAY_MS, untilMs: Date.now() + DAY_MS })
    t.match(await callWith({ certificatePem: selfSigned.pem, keyPem: selfSigned.keyPem }), { status: 401, json: { code: 'certificate_untrusted' } }, 'self-signed')
    t.match(await callWith(await issuedAt(3 * DAY_MS, DAY_MS)), { status: 401, json: { code: 'certificate_not_yet_valid' } }, 'not yet valid')
    t.match(await callWith(await authority.issueServerCertificate({ hosts: ['localhost'], lifetimeMs: DAY_MS })), { status: 401, json: { code: 'certificate_purpose_invalid' } }, 'a server\'s')
    const brief = await authority.issueClientCertificate({ commonName: 'brief', lifetimeMs: 1000 })
    await new Promise((resolve) => setTimeout(resolve, 2100))
    t.match(await callWith(brief), { status: 401, json: { code: 'certificate_expired' } }, 'expired')
  })

  t.test('a certificate that is revoked stops on an open connection, at once', async (t) => {
    const certificate = await authority.issueClientCertificate({ commonName: 'soon revoked', lifetimeMs: DAY_MS })
    t.equal((await callWith(certificate)).status, 200)
    await authority.revoke(certificate.serial)
    t.match(await callWith(certificate), { status: 401, json: { code: 'certificate_revoked' } })
  })

  t.test('the operator revokes by serial number', async (t) => {
    const doomed = await sandgate.newSandbox()
    const bound = await sandgate.tokenFor(doomed)
    t.equal((await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: doomed, token: bound })).status, 200)
    const answer = await sandgate.call('POST', `/control/certificates/${doomed.mtlsClient.serial}/revoke`, { token: sandgate.operatorToken })
    t.match(answer, { status: 200, json: { revoked: true } })
    t.equal((await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: doomed, token: bound })).json.code, 'certificate_revoked')
  })

  t.test('the public door asks for no certificate and takes none', async (t) => {
    t.equal((await sandgate.call('GET', '/v1/customers', { token })).status, 200)
  })
})
