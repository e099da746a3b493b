import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openServerCertificate } from '../../../gateway/tls/server-certificate.ts'
import type { Config } from '../../../config/index.ts'
import { createTestAuthority, DAY_MS } from '../../support/certs-authority.ts'

function configOf (directory: string, changes: { publicHost?: string, certificateFile?: string, keyFile?: string } = {}) {
  mkdirSync(join(directory, 'keys'), { recursive: true })
  return { tls: { certificateFile: changes.certificateFile ?? '', keyFile: changes.keyFile ?? '' }, listen: { publicHost: changes.publicHost ?? 'sandbox.example' }, varDirectory: directory } as unknown as Pick<Config, 'tls' | 'listen' | 'varDirectory'>
}

t.test('a kept certificate is not used when it is due, for other hosts, or of another authority', async (t) => {
  const { authority, clock } = await createTestAuthority()
  const directory = t.testdir()
  const first = await openServerCertificate(configOf(directory), authority, clock)
  t.not((await openServerCertificate(configOf(directory, { publicHost: 'other.example' }), authority, clock)).certificatePem, first.certificatePem, 'other hosts')
  const mine = await openServerCertificate(configOf(directory), authority, clock)
  clock.setMs(mine.notAfterMs - 29 * DAY_MS)
  const renewed = await openServerCertificate(configOf(directory), authority, clock)
  t.not(renewed.certificatePem, mine.certificatePem, '29 days before its end')
  t.ok(renewed.notAfterMs > mine.notAfterMs)
  const elsewhere = await createTestAuthority({ startMs: clock.nowMs() })
  t.not((await openServerCertificate(configOf(directory), elsewhere.authority, clock)).certificatePem, renewed.certificatePem, 'another authority')
})

t.test('it is made once and kept, readable by its owner alone', async (t) => {
  const { authority, clock } = await createTestAuthority()
  const directory = t.testdir()
  const first = await openServerCertificate(configOf(directory), authority, clock)
  t.equal((await openServerCertificate(configOf(directory), authority, clock)).certificatePem, first.certificatePem)
  t.equal(statSync(join(directory, 'keys', 'server.json')).mode & 0o777, 0o600)
  const certificate = new X509Certificate(first.certificatePem)
  for (const host of ['sandbox.example', 'localhost']) t.ok(certificate.checkHost(host), host)
  for (const ip of ['127.0.0.1', '::1']) t.ok(certificate.checkIP(ip), ip)
})

t.test('a configured certificate is taken as it is, with its end', async (t) => {
  const { authority, clock } = await createTestAuthority()
  const directory = t.testdir()
  const issued = await authority.issueServerCertificate({ hosts: ['x.example'], lifetimeMs: DAY_MS })
  const [certificateFile, keyFile] = [join(directory, 'c.pem'), join(directory, 'k.pem')]
  writeFileSync(certificateFile, issued.certificatePem)
  writeFileSync(keyFile, issued.keyPem)
  const opened = await openServerCertificate(configOf(directory, { certificateFile, keyFile }), authority, clock)
  t.match(opened, { certificatePem: readFileSync(certificateFile, 'utf8'), keyPem: issued.keyPem })
  t.equal(opened.notAfterMs, issued.notAfterMs)
})
