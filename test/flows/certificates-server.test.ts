import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import t from 'tap'
import { createTestAuthority, DAY_MS } from '../support/certs-authority.ts'
import { startCli } from '../support/gateway-cli.ts'
import { freePorts, startTestGateway } from '../support/gateway.ts'

/** The serial number that a door shows to a new connection. */
async function serialAt (port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber.toLowerCase()
}

/** A pair of files, and pairs to put there. */
async function openPair (t: { testdir: () => string }) {
  const { authority } = await createTestAuthority({ startMs: Date.now() })
  const directory = t.testdir()
  const [certificateFile, keyFile] = [join(directory, 'server.pem'), join(directory, 'server.key')]
  const issue = async (days: number) => await authority.issueServerCertificate({ hosts: ['localhost', '127.0.0.1'], lifetimeMs: days * DAY_MS })
  const write = (pair: { readonly certificatePem: string, readonly keyPem: string }): void => {
    writeFileSync(certificateFile, pair.certificatePem)
    writeFileSync(keyFile, pair.keyPem)
  }
  const first = await issue(30)
  write(first)
  return { directory, certificateFile, keyFile, issue, write, first }
}

t.test('the doors take a new certificate without a restart, refuse a broken one, and the metric follows', async (t) => {
  const { certificateFile, keyFile, issue, write, first } = await openPair(t)
  const sandgate = await startTestGateway({ 'tls.certificate_file': certificateFile, 'tls.key_file': keyFile })
  t.teardown(sandgate.stop)
  const ports = [sandgate.publicUrl, sandgate.mtlsUrl].map((url) => Number(new URL(url).port))
  const expiry = async (): Promise<number> => Number(/^sandgate_tls_certificate_not_after_timestamp_seconds\S* (\S+)$/m.exec(await (await fetch(`${sandgate.opsUrl}/metrics`)).text())?.[1] ?? NaN)
  for (const port of ports) t.equal(await serialAt(port), first.serial)
  const before = await expiry()
  t.equal(before, first.notAfterMs / 1000)
  const next = await issue(60)
  writeFileSync(certificateFile, next.certificatePem)
  await sandgate.gateway.reload()
  for (const port of ports) t.equal(await serialAt(port), first.serial, 'half of a pair is not taken')
  t.ok(sandgate.logLines.some((line) => line.includes('the server certificate cannot be used')))
  t.equal(await expiry(), before)
  write(next)
  await sandgate.gateway.reload()
  for (const port of ports) t.equal(await serialAt(port), next.serial)
  t.equal(await expiry(), next.notAfterMs / 1000)
  t.notOk(sandgate.logLines.some((line) => line.includes('PRIVATE KEY')))
})

t.test('SIGHUP makes a running process read the pair again, and ends nothing', async (t) => {
  const { directory, certificateFile, keyFile, issue, write, first } = await openPair(t)
  const [publicPort = 0, mtlsPort = 0, opsPort = 0] = await freePorts(3)
  const running = startCli(['start'], {
    cwd: directory,
    environment: {
      SANDGATE__VAR_DIRECTORY: join(directory, 'var'),
      SANDGATE__TLS__CERTIFICATE_FILE: certificateFile,
      SANDGATE__TLS__KEY_FILE: keyFile,
      SANDGATE__LISTEN__PUBLIC__PORT: String(publicPort),
      SANDGATE__LISTEN__MTLS__PORT: String(mtlsPort),
      SANDGATE__LISTEN__OPS__PORT: String(opsPort),
    },
  })
  t.teardown(async () => {
    running.child.kill('SIGTERM')
    await running.ended
  })
  await running.said('Sandgate is running')
  t.equal(await serialAt(publicPort), first.serial)
  const next = await issue(60)
  write(next)
  running.child.kill('SIGHUP')
  await running.said('the server certificate was replaced')
  t.equal(await serialAt(publicPort), next.serial)
  t.equal(running.child.exitCode, null)
})

t.test('the quickstart\'s certificate is renewed at a start within a day of its end, with the same subject', async (t) => {
  const directory = t.testdir()
  const file = join(directory, 'quickstart', 'client.pem')
  const startAt = async (offsetMs: number) => await startTestGateway({ 'sandboxes.certificate_lifetime': '7d' }, { directory, clock: { nowMs: () => Date.now() + offsetMs } })
  const read = (): X509Certificate => new X509Certificate(readFileSync(file))
  await (await startAt(0)).stop()
  const first = read()
  await (await startAt(5 * DAY_MS)).stop()
  t.equal(read().serialNumber, first.serialNumber, 'two days before it is kept')
  await (await startAt(6.5 * DAY_MS)).stop()
  t.not(read().serialNumber, first.serialNumber)
  t.equal(read().subject, first.subject)
})
