import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Config } from '../../../config/index.ts'
import { openServerCertificate } from '../../../gateway/tls/server-certificate.ts'
import { watchServerCertificate } from '../../../gateway/tls/watch-server-certificate.ts'
import { createTestAuthority, DAY_MS } from '../../support/certs-authority.ts'

/** A watch whose looks are made by the test, on a pair of files or on the authority's own certificate. */
async function startWatch (t: Test, kind: 'files' | 'own') {
  const { authority, clock } = await createTestAuthority({ startMs: Date.now() })
  const directory = t.testdir({ keys: {} })
  const [certificateFile, keyFile] = [join(directory, 'server.pem'), join(directory, 'server.key')]
  const issue = async (lifetimeMs = 90 * DAY_MS) => await authority.issueServerCertificate({ hosts: ['localhost'], lifetimeMs })
  const write = (pair: { readonly certificatePem: string, readonly keyPem: string }): void => {
    writeFileSync(certificateFile, pair.certificatePem)
    writeFileSync(keyFile, pair.keyPem)
  }
  const first = await issue()
  write(first)
  const config = { tls: { certificateFile: kind === 'files' ? certificateFile : '', keyFile: kind === 'files' ? keyFile : '' }, listen: { publicHost: 'localhost' }, varDirectory: directory } as unknown as Pick<Config, 'tls' | 'listen' | 'varDirectory'>
  const current = await openServerCertificate(config, authority, clock)
  const replaced: string[] = []
  const problems: string[] = []
  let look = (): void => {}
  const watch = watchServerCertificate({
    config,
    authority,
    clock,
    current,
    onReplaced: ({ certificatePem }) => { replaced.push(certificatePem) },
    onProblem: (problem) => { problems.push(problem) },
    schedule: (task) => {
      look = task
      return () => { look = () => {} }
    },
  })
  t.teardown(watch.close)
  /** What the schedule does, and the end of what it began. */
  const lookNow = async (): Promise<void> => {
    look()
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { watch, lookNow, replaced, problems, issue, write, certificateFile, keyFile, clock, first, current }
}

t.test('a broken pair is told once and refused, and replaced when it is whole', async (t) => {
  const { lookNow, watch, replaced, problems, issue, write, certificateFile, keyFile } = await startWatch(t, 'files')
  const next = await issue()
  writeFileSync(certificateFile, next.certificatePem)
  await lookNow()
  await lookNow()
  t.strictSame(replaced, [])
  t.equal(problems.length, 1, 'half written')
  t.match(problems[0], /is not the key of the first certificate/)
  for (const [why, certificate, key] of [['no certificate', 'nothing', next.keyPem], ['no key', next.certificatePem, 'nothing']] as const) {
    const before = problems.length
    writeFileSync(certificateFile, certificate)
    writeFileSync(keyFile, key)
    await watch.reload()
    t.strictSame(replaced, [], why)
    t.equal(problems.length, before + 1, why)
  }
  write(next)
  await lookNow()
  t.strictSame(replaced, [next.certificatePem])
})

t.test('a pair that is over is refused though it fits', async (t) => {
  const { watch, replaced, problems, issue, write, clock } = await startWatch(t, 'files')
  const brief = await issue(1000)
  write(brief)
  clock.setMs(clock.nowMs() + 5000)
  await watch.reload()
  t.strictSame(replaced, [])
  t.match(problems, [/ended at/])
})

t.test('files that vanish leave what the doors have', async (t) => {
  const { lookNow, replaced, problems, certificateFile, issue, write } = await startWatch(t, 'files')
  rmSync(certificateFile)
  await lookNow()
  t.strictSame(replaced, [])
  t.match(problems, [/ENOENT/])
  const next = await issue()
  write(next)
  await lookNow()
  t.strictSame(replaced, [next.certificatePem])
})

t.test('a new pair is taken when a file changes, and nothing is when none does', async (t) => {
  const { lookNow, watch, replaced, problems, issue, write } = await startWatch(t, 'files')
  await lookNow()
  await watch.reload()
  t.strictSame(replaced, [])
  const next = await issue()
  write(next)
  await lookNow()
  await lookNow()
  t.strictSame(replaced, [next.certificatePem])
  t.strictSame(problems, [])
})

t.test('the authority\'s own certificate is renewed 30 days before its end, and not before', async (t) => {
  const { lookNow, watch, replaced, clock, current } = await startWatch(t, 'own')
  clock.setMs(current.notAfterMs - 31 * DAY_MS)
  await lookNow()
  t.strictSame(replaced, [])
  clock.setMs(current.notAfterMs - 30 * DAY_MS)
  await lookNow()
  await watch.reload()
  t.equal(replaced.length, 1)
  t.not(replaced[0], current.certificatePem)
  await lookNow()
  t.equal(replaced.length, 1, 'once')
})

t.test('a closed watch looks no more', async (t) => {
  const { lookNow, watch, replaced, issue, write } = await startWatch(t, 'files')
  watch.close()
  write(await issue())
  await lookNow()
  t.strictSame(replaced, [])
})
