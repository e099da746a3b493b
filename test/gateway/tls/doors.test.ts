import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { openDoors, type Door } from '../../../gateway/tls/doors.ts'
import { createTestAuthority, DAY_MS } from '../../support/certs-authority.ts'

async function openTestDoors (t: Test) {
  const { authority } = await createTestAuthority({ startMs: Date.now() })
  const server = await authority.issueServerCertificate({ hosts: ['localhost'], lifetimeMs: DAY_MS })
  const client = await authority.issueClientCertificate({ commonName: 'client', lifetimeMs: DAY_MS })
  const told: string[] = []
  const doors = openDoors((request, response) => response.end(JSON.stringify({ isMtls: doors.isMtls(request.socket) })), {
    certificatePem: server.certificatePem,
    keyPem: server.keyPem,
    clientAuthoritiesPem: [authority.certificatePem],
    minimumVersion: 'TLSv1.2',
    headerBytesMax: 2048,
    onHandshakeError: ({ door, code }) => told.push(`${door} handshake ${code}`),
    onMalformedRequest: (door: Door, code) => told.push(`${door} ${code}`),
  })
  const ports = new Map<Door, number>()
  for (const [door, listener] of [['public', doors.publicServer], ['mtls', doors.mtlsServer]] as const) {
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    ports.set(door, (listener.address() as AddressInfo).port)
    t.teardown(() => listener.close())
    t.teardown(() => listener.closeAllConnections())
  }
  const open = async (door: Door, options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port: ports.get(door) ?? 0, servername: 'localhost', ca: authority.certificatePem, ...options })
    t.teardown(() => socket.destroy())
    await once(socket, 'secureConnect')
    return socket
  }
  const ask = async (socket: TLSSocket, text = 'GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'): Promise<string> => {
    socket.write(text)
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    return answer
  }
  return { doors, authority, server, client, told, open, ask }
}

t.test('each door knows its connections, and only one asks for a certificate', async (t) => {
  const { open, ask, client } = await openTestDoors(t)
  t.match(await ask(await open('public', { cert: client.certificatePem, key: client.keyPem })), '{"isMtls":false}')
  t.match(await ask(await open('mtls', { cert: client.certificatePem, key: client.keyPem })), '{"isMtls":true}')
  t.match(await ask(await open('mtls')), '{"isMtls":true}', 'and one without a certificate is let in, to be told in HTTP what is wrong')
})

t.test('a session of one door resumes on itself and never on the other', async (t) => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { open, ask, client } = await openTestDoors(t)
    const pair = { cert: client.certificatePem, key: client.keyPem, minVersion: version, maxVersion: version }
    for (const [door, other] of [['public', 'mtls'], ['mtls', 'public']] as const) {
      const first = await open(door, pair)
      let session: Buffer | undefined = version === 'TLSv1.2' ? first.getSession() : undefined
      first.on('session', (ticket: Buffer) => { session = ticket })
      await ask(first)
      t.ok((await open(door, { ...pair, session })).isSessionReused(), `${version}: on the ${door} door itself it does`)
      const isReused = await open(other, { ...pair, session }).then((socket) => socket.isSessionReused(), () => false)
      t.notOk(isReused, `${version}: on the ${other} door it does not`)
    }
  }
})

t.test('TLS below the minimum is refused and counted', async (t) => {
  const { open, told } = await openTestDoors(t)
  await t.rejects(open('public', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }))
  t.match(told, [/^public handshake /])
})

t.test('what is no HTTP and headers that are too large get a problem document', async (t) => {
  const { open, ask, told } = await openTestDoors(t)
  t.match(await ask(await open('public'), 'garbage\r\n\r\n'), /^HTTP\/1\.1 400 .*application\/problem\+json.*"code":"request_malformed"/s)
  t.match(await ask(await open('mtls'), `GET / HTTP/1.1\r\nx: ${'y'.repeat(4000)}\r\n\r\n`), /^HTTP\/1\.1 431 .*"code":"headers_too_large"/s)
  t.same(told, ['public request_malformed', 'mtls headers_too_large'])
})

t.test('smuggling: two lengths, or a length and chunks, are refused', async (t) => {
  const { open, ask } = await openTestDoors(t)
  for (const headers of ['content-length: 1\r\ncontent-length: 2', 'content-length: 1\r\ntransfer-encoding: chunked', 'transfer-encoding: chunked, identity', 'content-length: +1', 'content-length : 1', ' folded: x']) {
    t.match(await ask(await open('public'), `POST / HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n\r\nx`), /^HTTP\/1\.1 400 /, headers)
  }
})

t.test('a replaced certificate is shown to new connections of both doors', async (t) => {
  const { doors, authority, server, open } = await openTestDoors(t)
  const next = await authority.issueServerCertificate({ hosts: ['localhost'], lifetimeMs: DAY_MS })
  t.equal((await open('public')).getPeerCertificate().serialNumber.toLowerCase().replace(/^0+/, ''), server.serial.replace(/^0+/, ''))
  doors.replaceCertificate(next.certificatePem, next.keyPem)
  for (const door of ['public', 'mtls'] as const) t.equal((await open(door)).getPeerCertificate().serialNumber.toLowerCase().replace(/^0+/, ''), next.serial.replace(/^0+/, ''), door)
})

t.test('a session from before the certificate was replaced resumes no more; one from after does, on its own door alone', async (t) => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { doors, authority, open, ask, client } = await openTestDoors(t)
    const pair = { cert: client.certificatePem, key: client.keyPem, minVersion: version, maxVersion: version }
    const sessionOf = async (door: Door): Promise<Buffer> => {
      const socket = await open(door, pair)
      let session: Buffer | undefined = version === 'TLSv1.2' ? socket.getSession() : undefined
      socket.on('session', (ticket: Buffer) => { session = ticket })
      await ask(socket)
      if (session === undefined) throw new Error('no session was given')
      return session
    }
    const isReused = async (door: Door, session: Buffer): Promise<boolean> => (await open(door, { ...pair, session })).isSessionReused()
    const before = await sessionOf('mtls')
    t.equal(await isReused('mtls', before), true)
    const next = await authority.issueServerCertificate({ hosts: ['localhost'], lifetimeMs: 2 * DAY_MS })
    doors.replaceCertificate(next.certificatePem, next.keyPem)
    t.equal(await isReused('mtls', before), false, `${version}, from before`)
    const after = await sessionOf('mtls')
    t.equal(await isReused('mtls', after), true, `${version}, from after`)
    t.equal(await isReused('public', after), false, `${version}, on the other door`)
  }
})
