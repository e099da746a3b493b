import { execFile } from 'node:child_process'
import { connect as connectTcp } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startTestGateway } from '../support/gateway.ts'

/** A handshake fails before HTTP: nobody can be answered, and no client is named. What failed is told all the same. */
t.test('why did the handshake fail?', async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const owner = await sandgate.newSandbox()
  const port = Number(new URL(sandgate.mtlsUrl).port)
  const attempt = async (options: ConnectionOptions): Promise<void> => await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ...options }, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
  const list = async (path: string, token: string): Promise<ReadonlyArray<{ address: string, door: string, count: number, explanation: Record<string, string> }>> => (await sandgate.call('GET', path, { token })).json.data
  const told = async (code: string): Promise<Record<string, string> | undefined> => {
    for (let tries = 0; tries < 50; tries++) {
      const found = (await list('/sandbox/handshakes', owner.key.reveal())).find((entry) => entry.explanation['code'] === code)
      if (found !== undefined) return found.explanation
      await sleep(20)
    }
    return undefined
  }
  const trusting = { ca: sandgate.authorityPem }

  t.test('the client is too old', async (t) => {
    await attempt({ ...trusting, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
    t.match(await told('handshake_version_too_old'), { seen: /TLSv1\.1/, expected: /TLSv1\.\d or newer/, clause_url: /rfc8996/ })
  })

  t.test('no cipher suite in common, no application protocol in common', async (t) => {
    await attempt({ ...trusting, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA256' })
    t.match(await told('handshake_no_shared_cipher'), { fix: /ECDHE/ })
    await attempt({ ...trusting, ALPNProtocols: ['h2'] })
    t.match(await told('handshake_no_application_protocol'), { expected: 'http/1.1' })
  })

  t.test('the client does not trust the server\'s authority, and says so', async (t) => {
    await new Promise<void>((resolve) => { execFile('curl', ['--silent', '--max-time', '5', `https://localhost:${port}/`], () => resolve()) })
    t.match(await told('handshake_authority_unknown'), { cause: /unknown_ca/, seen: 'server name localhost', expected: /localhost/, fix: /--cacert/ })
  })

  t.test('the client goes away without a word: its address is known all the same', async (t) => {
    await attempt({ ...trusting, servername: 'elsewhere.example', minVersion: 'TLSv1.3' })
    t.match(await told('handshake_abandoned'), { seen: 'server name elsewhere.example', expected: /localhost/ })
  })

  t.test('plain HTTP, and what is no TLS at all', async (t) => {
    for (const text of ['GET / HTTP/1.1\r\nhost: localhost\r\n\r\n', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n']) {
      await new Promise<void>((resolve) => {
        const socket = connectTcp(port, '127.0.0.1', () => socket.write(text))
        socket.on('error', () => {})
        socket.on('close', () => resolve())
        socket.resume()
      })
    }
    t.match(await told('handshake_plain_http'), { fix: /https/ })
    t.match(await told('handshake_not_tls'), { fix: /PROXY/ })
  })

  t.test('the operator reads all, a developer those of the own address, nobody else any', async (t) => {
    const all = await list('/control/handshakes', sandgate.operatorToken)
    t.ok(all.length >= 6)
    t.ok(all.every(({ address, door }) => address === '127.0.0.1' && door === 'mtls'))
    t.same(await list('/control/handshakes?address=192.0.2.7', sandgate.operatorToken), [])
    t.equal((await sandgate.call('GET', '/control/handshakes', { token: owner.key.reveal() })).status, 403)
    t.equal((await sandgate.call('GET', '/sandbox/handshakes')).status, 401)
  })

  t.test('they are counted', async (t) => {
    const metrics = await (await fetch(`${sandgate.opsUrl}/metrics`)).text()
    t.match(metrics, 'sandgate_tls_handshake_errors_total{door="mtls",code="ERR_SSL_NO_SHARED_CIPHER"} 1')
  })
})
