import type { Logger } from 'pino'
import type { Authority } from '../../certs/index.ts'
import type { Clock } from '../../kernel/index.ts'
import type { ClientRevocationLists } from './client-revocation-lists.ts'
import type { Doors } from './doors.ts'
import type { ServerCertificate, ServerCertificateSource } from './server-certificate.ts'
import { watchServerCertificate } from './watch-server-certificate.ts'

/** What is read again while the doors are open. */
export interface FreshTls {
  /** Reads the server certificate and the revocation lists now. Never rejects. */
  readonly reload: () => Promise<void>
  readonly close: () => void
}

/** Keeps the doors' certificate, its metric and the clients' revocation lists as they are on disk. */
export function keepTlsFresh (deps: {
  readonly config: ServerCertificateSource
  readonly authority: Pick<Authority, 'issueServerCertificate' | 'certificatePem'>
  readonly clock: Clock
  readonly server: ServerCertificate
  readonly doors: Pick<Doors, 'replaceCertificate'>
  readonly lists: ClientRevocationLists
  readonly setExpiry: (notAfterMs: number) => void
  readonly logger: Pick<Logger, 'info' | 'error'>
}): FreshTls {
  const watch = watchServerCertificate({
    ...deps,
    current: deps.server,
    onReplaced: ({ certificatePem, keyPem, notAfterMs }) => {
      deps.doors.replaceCertificate(certificatePem, keyPem)
      deps.setExpiry(notAfterMs)
      deps.logger.info({ notAfter: new Date(notAfterMs).toISOString() }, 'the server certificate was replaced')
    },
    onProblem: (problem) => deps.logger.error({ problem }, 'the server certificate cannot be used and the one before stays'),
  })
  return {
    reload: async () => {
      deps.lists.reload()
      await watch.reload()
    },
    close: () => {
      watch.close()
      deps.lists.close()
    },
  }
}
