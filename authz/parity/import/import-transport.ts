import { cannot, stated, type Finding } from './finding.ts'
import type { ImportSource, SeenTransport } from './source.ts'

/** What connections to production showed of TLS. Without them nothing is said. */
export function importTransport ({ transport }: ImportSource): Finding[] {
  const seen = transport.filter(({ versions }) => versions.length > 0)
  const [first] = seen
  if (first === undefined) return transport.map(({ member, host }) => cannot('tls', host, `no TLS handshake came about at ${member}`))
  return [...importVersion(first), ...seen.flatMap(compareCertificateRequest)]
}

function importVersion ({ versions, host }: SeenTransport): Finding[] {
  const old = versions.filter((version) => !['TLSv1.2', 'TLSv1.3'].includes(version))
  return [
    stated('tls.minimum_version', versions.includes('TLSv1.2') || old.length > 0 ? 'TLSv1.2' : 'TLSv1.3', 'tls', `seen at ${host}`),
    ...(old.length === 0 ? [] : [cannot('tls', old, 'a sandbox speaks TLS 1.2 and 1.3 only (RFC 8996)')]),
    ...(versions.includes('TLSv1.3') ? [] : [cannot('tls', versions, 'production does not speak TLS 1.3; a sandbox always does')]),
  ]
}

function compareCertificateRequest ({ member, host, asksForCertificate }: SeenTransport): Finding[] {
  const isAlias = member.startsWith('mtls_endpoint_aliases')
  if (isAlias === asksForCertificate) return []
  return [cannot('tls', host, isAlias ? `${member} does not ask for a certificate in the handshake; a sandbox's mutual-TLS door does` : `${member} asks for a certificate in the handshake; a sandbox asks on its mutual-TLS door only, which it advertises in mtls_endpoint_aliases`)]
}
