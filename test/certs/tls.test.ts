import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type ConnectionOptions } from 'node:tls'
import t from 'tap'
import { createClientCertificateVerifier, toPkcs12, type Authority, type CertificateVerdict } from '../../certs/index.ts'
import { systemClock } from '../../kernel/index.ts'
import { createTestAuthority, DAY_MS, type TestAuthority } from '../support/certs-authority.ts'
import { CLIENT_AUTH, createForeignCertificate } from '../support/certs-foreign.ts'

interface Door { readonly port: number, readonly verdict: Promise<CertificateVerdict | 'none'>, readonly close: () => void }

/** node's TLS checks certificates by the machine's clock, so the authority of these tests lives by it. */
async function createLivingAuthority (extraAnchorsPem: string[] = []): Promise<TestAuthority> {
  return await createTestAuthority({ startMs: systemClock.nowMs(), extraAnchorsPem })
}

/** A door that asks for a client certificate and has our verifier judge what arrives. */
async function openDoor (authority: Authority, extraAnchorsPem: string[] = []): Promise<Door> {
  const verify = createClientCertificateVerifier({ authority, extraAnchorsPem, clock: systemClock })
  const { certificatePem, keyPem } = await authority.issueServerCertificate({ hosts: ['localhost', '127.0.0.1'], lifetimeMs: DAY_MS })
  const server = createServer({ cert: certificatePem, key: keyPem, requestCert: true, rejectUnauthorized: false })
  const verdict = new Promise<CertificateVerdict | 'none'>((resolve) => server.on('secureConnection', (socket) => {
    const certificate = socket.getPeerX509Certificate()
    const issuer = certificate?.issuerCertificate
    resolve(certificate === undefined ? 'none' : verify(certificate.raw, issuer === undefined ? [] : [issuer.raw]))
    socket.on('error', () => {})
    socket.end()
  }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, verdict, close: () => server.close() }
}

/** Connects as a client does that trusts one authority, and waits until the door has judged. */
async function knock (door: Door, options: ConnectionOptions): Promise<CertificateVerdict | 'none'> {
  const socket = connect({ port: door.port, host: '127.0.0.1', ...options })
  try {
    await once(socket, 'secureConnect')
    return await door.verdict
  } finally {
    socket.destroy()
    door.close()
  }
}

t.test('a client that does not trust our authority does not connect', async (t) => {
  const ours = await createLivingAuthority()
  const other = await createLivingAuthority()
  await t.rejects(knock(await openDoor(ours.authority), { ca: other.root.certificatePem }), { code: /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE/ })
})

t.test('a client that wants another host does not connect', async (t) => {
  const { authority, root } = await createLivingAuthority()
  await t.rejects(knock(await openDoor(authority), { ca: root.certificatePem, servername: 'other.example' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

t.test('a client without a certificate, and one with its own, are told apart', async (t) => {
  const { authority, root } = await createLivingAuthority()
  t.equal(await knock(await openDoor(authority), { ca: root.certificatePem }), 'none')
  const nowMs = systemClock.nowMs()
  const selfSigned = await createForeignCertificate({ name: 'CN=me', fromMs: nowMs - DAY_MS, untilMs: nowMs + DAY_MS })
  t.match(await knock(await openDoor(authority), { ca: root.certificatePem, cert: selfSigned.pem, key: selfSigned.keyPem }), { kind: 'refused', code: 'certificate_untrusted' })
})

t.test('a server certificate of ours is accepted by name and by address, and our client certificate arrives and is trusted', async (t) => {
  const { authority, root } = await createLivingAuthority()
  const issued = await authority.issueClientCertificate({ commonName: 'app', lifetimeMs: DAY_MS })
  for (const servername of ['localhost', '']) {
    const verdict = await knock(await openDoor(authority), { ca: root.certificatePem, cert: issued.certificatePem, key: issued.keyPem, servername })
    t.match(verdict, { kind: 'trusted', certificate: { thumbprint: issued.thumbprint, subjectDn: 'CN=app', serial: issued.serial } })
  }
})

t.test('a client that uses the PKCS #12 file is the same client', async (t) => {
  const { authority, root } = await createLivingAuthority()
  const issued = await authority.issueClientCertificate({ commonName: 'app', lifetimeMs: DAY_MS })
  const pfx = toPkcs12({ ...issued, caPem: root.certificatePem, password: 'secret' })
  const verdict = await knock(await openDoor(authority), { ca: root.certificatePem, pfx, passphrase: 'secret' })
  t.match(verdict, { kind: 'trusted', certificate: { thumbprint: issued.thumbprint } })
})

t.test('an intermediate that the client sends along leads to its anchor', async (t) => {
  const nowMs = systemClock.nowMs()
  const period = { fromMs: nowMs - DAY_MS, untilMs: nowMs + DAY_MS }
  const anchor = await createForeignCertificate({ name: 'CN=Anchor', isAuthority: true, ...period })
  const middle = await createForeignCertificate({ name: 'CN=Middle', isAuthority: true, issuer: anchor, ...period })
  const leaf = await createForeignCertificate({ name: 'CN=app', issuer: middle, purposes: [CLIENT_AUTH], ...period })
  const { authority, root } = await createLivingAuthority()
  const verdict = await knock(await openDoor(authority, [anchor.pem]), { ca: root.certificatePem, cert: `${leaf.pem}\n${middle.pem}`, key: leaf.keyPem })
  t.match(verdict, { kind: 'trusted', certificate: { issuerDn: 'CN=Middle' } })
})
