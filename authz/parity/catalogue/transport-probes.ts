import type { Json } from '../../../kernel/index.ts'
import { tryHandshake, type HandshakeOptions } from '../probe/handshake.ts'
import type { Facts, Probe } from '../probe/probe.ts'
import { withPrefix } from './request-probe.ts'

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

/** Families of cipher suites, by what they would tell of a server; each is offered alone. */
const SUITES: ReadonlyArray<readonly [family: string, version: 'TLSv1.2' | 'TLSv1.3', ciphers: string]> = [
  ['TLS 1.3 AES-128-GCM', 'TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
  ['TLS 1.3 AES-256-GCM', 'TLSv1.3', 'TLS_AES_256_GCM_SHA384'],
  ['TLS 1.3 ChaCha20', 'TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['ECDHE AES-128-GCM', 'TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256'],
  ['ECDHE AES-256-GCM', 'TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384'],
  ['ECDHE ChaCha20', 'TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305'],
  ['ECDHE AES-CBC', 'TLSv1.2', 'ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA'],
  ['DHE AES-GCM', 'TLSv1.2', 'DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384'],
  ['RSA key exchange', 'TLSv1.2', 'AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA'],
]

/** How connections are made: on the issuer's host, and on the one that asks for certificates. */
export const transportProbes: readonly Probe[] = [
  { id: 'tls_issuer', area: 'tls', title: 'TLS at the issuer', needs: ['tls'], observe: async (session) => await shapeTransport('issuer', session.side.issuer) },
  { id: 'tls_mtls', area: 'tls', title: 'TLS at the mutual-TLS endpoints', needs: ['tls', 'alias:token'], observe: async (session) => await shapeTransport('mtls', session.alias('token')) },
]

async function shapeTransport (name: string, address: string): Promise<Facts> {
  const { hostname, port } = new URL(address)
  const at: HandshakeOptions = { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) }
  const usual = await tryHandshake({ ...at, alpn: ['h2', 'http/1.1'] })
  const versions: string[] = []
  for (const version of VERSIONS) if (await tryHandshake({ ...at, version }) !== undefined) versions.push(version)
  const ciphers: string[] = []
  for (const [family, version, suites] of SUITES) {
    if (versions.includes(version) && await tryHandshake({ ...at, version, ciphers: version === 'TLSv1.3' ? suites : `${suites}:@SECLEVEL=0` }) !== undefined) ciphers.push(family)
  }
  const facts: Record<string, Json> = { versions, ciphers, alpn: usual?.alpn ?? null, asks_for_certificate: usual?.asksForCertificate ?? null, key: usual?.key ?? null }
  return withPrefix(`tls.${name}.`, facts)
}
