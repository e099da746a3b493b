import { createServer } from 'node:https'
import net, { type AddressInfo } from 'node:net'
import t from 'tap'
import { tryHandshake } from '../../../authz/parity/probe/handshake.ts'
import { createRootCertificate, openAuthority } from '../../../certs/index.ts'
import { systemClock } from '../../../kernel/index.ts'
import { openEmbeddedStores } from '../../../stores/index.ts'

const root = await createRootCertificate({ commonName: 'Handshakes', lifetimeMs: 86_400_000, clock: systemClock })
const stores = openEmbeddedStores({ directory: ':memory:', clock: systemClock, retention: { maxAgeMs: 3_600_000, maxPerStream: 100 } })
t.teardown(async () => await stores.close())
const authority = await openAuthority({ ...root, clock: systemClock, keyValue: stores.keyValue, notices: stores.notices })
const { certificatePem, keyPem } = await authority.issueServerCertificate({ hosts: ['127.0.0.1'], lifetimeMs: 86_400_000 })

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const requestCert of [false, true]) {
    t.test(`${version}: it is seen that a certificate is ${requestCert ? '' : 'not '}asked for, whichever suite is agreed on`, async (t) => {
      const server = createServer({ cert: certificatePem, key: keyPem, requestCert, rejectUnauthorized: false, ca: [root.certificatePem] })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      t.teardown(() => server.close())
      const at = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, version }
      const suites = version === 'TLSv1.3' ? ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] : ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384']
      for (const ciphers of suites) t.match(await tryHandshake({ ...at, ciphers }), { version, asksForCertificate: requestCert, key: 'EC prime256v1' }, ciphers)
    })
  }
}

t.test('what the server does not agree to is no handshake', async (t) => {
  const server = createServer({ cert: certificatePem, key: keyPem, minVersion: 'TLSv1.3' })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const at = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2'] as const) t.equal(await tryHandshake({ ...at, version }), undefined, version)
  t.equal(await tryHandshake({ ...at, version: 'TLSv1.3', ciphers: 'NO-SUCH-SUITE' }), undefined, 'a suite that the runtime does not know')
})

t.test('a server that is silent, talks something else, or is not there costs a bounded time', async (t) => {
  const silent = net.createServer((socket) => { socket.on('error', () => {}) })
  const other = net.createServer((socket) => { socket.on('error', () => {}).end('220 smtp.example\r\n') })
  for (const server of [silent, other]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    t.equal(await tryHandshake({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, timeoutMs: 200 }), undefined)
  }
  t.equal(await tryHandshake({ host: '127.0.0.1', port: 1 }), undefined)
})
