import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Authority } from '../../certs/index.ts'
import type { Config } from '../../config/index.ts'
import type { Clock } from '../../kernel/index.ts'

/** The certificate and key of both doors, in PEM. */
export interface ServerCertificate { readonly certificatePem: string, readonly keyPem: string, readonly notAfterMs: number }

const LIFETIME_MS = 397 * 86_400_000
const RENEW_BEFORE_MS = 30 * 86_400_000

/** Reads the configured server certificate, or has the authority issue one and keeps it until it is due for renewal. */
export async function openServerCertificate ({ tls, listen, varDirectory }: Pick<Config, 'tls' | 'listen' | 'varDirectory'>, authority: Pick<Authority, 'issueServerCertificate' | 'certificatePem'>, clock: Clock): Promise<ServerCertificate> {
  if (tls.certificateFile !== '') {
    return withExpiry({ certificatePem: readFileSync(tls.certificateFile, 'utf8'), keyPem: readFileSync(tls.keyFile, 'utf8') })
  }
  const hosts = [...new Set([listen.publicHost, 'localhost', '127.0.0.1', '::1'])]
  const file = join(varDirectory, 'keys', 'server.json')
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as ServerCertificate & { readonly hosts: readonly string[] } : undefined
  if (kept !== undefined && isUsable(kept, hosts, authority.certificatePem, clock)) return kept
  const { certificatePem, keyPem, notAfterMs } = await authority.issueServerCertificate({ hosts, lifetimeMs: LIFETIME_MS })
  writeFileSync(file, JSON.stringify({ certificatePem, keyPem, notAfterMs, hosts }), { mode: 0o600 })
  return { certificatePem, keyPem, notAfterMs }
}

function isUsable (kept: ServerCertificate & { readonly hosts: readonly string[] }, hosts: readonly string[], authorityPem: string, clock: Clock): boolean {
  const isOurs = new X509Certificate(kept.certificatePem).checkIssued(new X509Certificate(authorityPem))
  return isOurs && kept.notAfterMs - clock.nowMs() > RENEW_BEFORE_MS && kept.hosts.join() === hosts.join()
}

function withExpiry (pair: { readonly certificatePem: string, readonly keyPem: string }): ServerCertificate {
  return { ...pair, notAfterMs: new X509Certificate(pair.certificatePem).validToDate.getTime() }
}
