import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Authority } from '../../certs/index.ts'
import type { Config } from '../../config/index.ts'
import type { Clock } from '../../kernel/index.ts'

/** The certificate and key of both doors, in PEM. */
export interface ServerCertificate { readonly certificatePem: string, readonly keyPem: string, readonly notAfterMs: number }

export type ServerCertificateSource = Pick<Config, 'tls' | 'listen' | 'varDirectory'>

const LIFETIME_MS = 397 * 86_400_000
const RENEW_BEFORE_MS = 30 * 86_400_000

/**
 * Reads the configured server certificate, or has the authority issue one and keeps it until it is due for renewal.
 *
 * @throws Error that says what is wrong with the configured pair
 */
export async function openServerCertificate ({ tls, listen, varDirectory }: ServerCertificateSource, authority: Pick<Authority, 'issueServerCertificate' | 'certificatePem'>, clock: Clock): Promise<ServerCertificate> {
  if (tls.certificateFile !== '') return readPair(tls.certificateFile, tls.keyFile)
  const hosts = [...new Set([listen.publicHost, 'localhost', '127.0.0.1', '::1'])]
  const file = join(varDirectory, 'keys', 'server.json')
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as ServerCertificate & { readonly hosts: readonly string[] } : undefined
  if (kept !== undefined && isUsable(kept, hosts, authority.certificatePem, clock)) return kept
  const { certificatePem, keyPem, notAfterMs } = await authority.issueServerCertificate({ hosts, lifetimeMs: LIFETIME_MS })
  writeFileSync(file, JSON.stringify({ certificatePem, keyPem, notAfterMs, hosts }), { mode: 0o600 })
  return { certificatePem, keyPem, notAfterMs }
}

/** True when a certificate that the authority issued should be replaced. */
export function isRenewalDue ({ notAfterMs }: Pick<ServerCertificate, 'notAfterMs'>, clock: Clock): boolean {
  return notAfterMs - clock.nowMs() <= RENEW_BEFORE_MS
}

function isUsable (kept: ServerCertificate & { readonly hosts: readonly string[] }, hosts: readonly string[], authorityPem: string, clock: Clock): boolean {
  const isOurs = new X509Certificate(kept.certificatePem).checkIssued(new X509Certificate(authorityPem))
  return isOurs && !isRenewalDue(kept, clock) && kept.hosts.join() === hosts.join()
}

/** A pair that a handshake would fail with must not get as far as a door. */
function readPair (certificateFile: string, keyFile: string): ServerCertificate {
  const [certificatePem, keyPem] = [readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8')]
  const certificate = new X509Certificate(certificatePem)
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) throw new Error(`${keyFile} is not the key of the first certificate in ${certificateFile}`)
  createSecureContext({ cert: certificatePem, key: keyPem })
  return { certificatePem, keyPem, notAfterMs: certificate.validToDate.getTime() }
}
