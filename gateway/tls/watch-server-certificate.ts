import { X509Certificate } from 'node:crypto'
import type { Authority } from '../../certs/index.ts'
import type { Clock } from '../../kernel/index.ts'
import { isRenewalDue, openServerCertificate, type ServerCertificate, type ServerCertificateSource } from './server-certificate.ts'
import { fingerprintOf, pollEveryTwoSeconds, type Schedule } from './watch-files.ts'

export interface WatchServerCertificateDeps {
  readonly config: ServerCertificateSource
  readonly authority: Pick<Authority, 'issueServerCertificate' | 'certificatePem'>
  readonly clock: Clock
  /** What the doors have now. */
  readonly current: ServerCertificate
  /** Puts another certificate into the doors. */
  readonly onReplaced: (certificate: ServerCertificate) => void
  /** Told once for each cause. */
  readonly onProblem: (message: string) => void
  readonly schedule?: Schedule
}

export interface ServerCertificateWatch {
  /** Looks now, whether a file has changed or not. Never rejects. */
  readonly reload: () => Promise<void>
  readonly close: () => void
}

/**
 * Keeps the doors' certificate fresh while they are open: a configured pair is read again when one of its files changes, and
 * the authority's own is renewed 30 days before its end. A pair that cannot be used (half written, of another key, over) is
 * told and tried again; the doors keep what they have.
 */
export function watchServerCertificate ({ config, authority, clock, current, onReplaced, onProblem, schedule = pollEveryTwoSeconds }: WatchServerCertificateDeps): ServerCertificateWatch {
  const files = config.tls.certificateFile === '' ? [] : [config.tls.certificateFile, config.tls.keyFile]
  let inUse = current
  let seen = fingerprintOf(files)
  let problem = ''
  let running: Promise<void> | undefined
  const load = async (): Promise<void> => {
    const found = fingerprintOf(files)
    try {
      const next = await openServerCertificate(config, authority, clock)
      requireInForce(next, clock)
      seen = found
      problem = ''
      if (next.certificatePem === inUse.certificatePem && next.keyPem === inUse.keyPem) return
      onReplaced(next)
      inUse = next
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (message !== problem) onProblem(message)
      problem = message
    }
  }
  const reload = async (): Promise<void> => {
    running ??= load().finally(() => { running = undefined })
    await running
  }
  const close = schedule(() => {
    if (files.length === 0 ? isRenewalDue(inUse, clock) : problem !== '' || fingerprintOf(files) !== seen) void reload()
  })
  return { reload, close }
}

function requireInForce ({ certificatePem }: ServerCertificate, clock: Clock): void {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem)
  const nowMs = clock.nowMs()
  if (nowMs > validToDate.getTime()) throw new Error(`the server certificate ended at ${validToDate.toISOString()}`)
  if (nowMs < validFromDate.getTime()) throw new Error(`the server certificate begins at ${validFromDate.toISOString()}`)
}
