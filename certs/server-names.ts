import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'

/** A GeneralName of a server, as @peculiar/x509 takes it. */
export interface ServerName { readonly type: 'dns' | 'ip', readonly value: string }

/**
 * The subject alternative names of a server (RFC 5280 §4.2.1.6): addresses as iPAddress, everything else as dNSName with
 * internationalised labels in their ASCII form (RFC 5890). A wildcard may be the whole first label (RFC 6125 §6.4.3).
 *
 * @throws RangeError for no host, or one that is neither a name nor an address
 */
export function readServerNames (hosts: readonly string[]): ServerName[] {
  if (hosts.length === 0) throw new RangeError('A server certificate needs at least one host')
  return [...new Set(hosts)].map(readServerName)
}

function readServerName (host: string): ServerName {
  if (isIP(host) !== 0 && !host.includes('%')) return { type: 'ip', value: host }
  const wildcard = host.startsWith('*.') ? '*.' : ''
  const ascii = readDnsName(host.slice(wildcard.length))
  if (ascii === undefined) throw new RangeError(`${JSON.stringify(host)} is neither a DNS name nor an IP address`)
  return { type: 'dns', value: wildcard + ascii }
}

/** A DNS name in lower-case ASCII (RFC 5890), or undefined when the text is none. */
export function readDnsName (text: string): string | undefined {
  const ascii = domainToASCII(text)
  const isName = ascii.length <= 253 && /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(ascii)
  return isName && isIP(ascii) === 0 ? ascii : undefined
}
