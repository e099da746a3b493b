import { isIP, SocketAddress } from 'node:net'
import { readDnsName } from './server-names.ts'

/** A subject alternative name that can authenticate a client (RFC 8705 §2.1.2). */
export interface AlternativeName {
  readonly kind: 'dns' | 'uri' | 'ip' | 'email'
  readonly value: string
}

/** A name that no certificate can carry. The message can be shown to who asked for it. */
export class AlternativeNameRefused extends RangeError {
  override readonly name = 'AlternativeNameRefused'
}

const READERS: Readonly<Record<AlternativeName['kind'], readonly [read: (value: string) => string | undefined, what: string]>> = {
  dns: [readDnsName, 'a DNS name without a wildcard'],
  uri: [readUri, 'an absolute URI in printable ASCII of at most 1024 characters'],
  ip: [readAddress, 'an IPv4 or IPv6 address without a zone'],
  email: [readEmail, 'an e-mail address in ASCII'],
}

/**
 * Brings names to the form that certificates carry and verified certificates show (RFC 5280 §4.2.1.6): DNS names in
 * lower-case ASCII, addresses in canonical form, each once.
 *
 * @throws AlternativeNameRefused
 */
export function readAlternativeNames (names: readonly AlternativeName[]): AlternativeName[] {
  const read = names.map(({ kind, value }) => {
    const [reader, what] = READERS[kind]
    const canonical = reader(value)
    if (canonical === undefined) throw new AlternativeNameRefused(`${JSON.stringify(value.slice(0, 80))} is not ${what}`)
    return { kind, value: canonical }
  })
  return read.filter((name, index) => read.findIndex((other) => other.kind === name.kind && other.value === name.value) === index)
}

function readUri (value: string): string | undefined {
  return /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(value) && value.length <= 1024 && URL.canParse(value) ? value : undefined
}

function readAddress (value: string): string | undefined {
  const family = isIP(value)
  if (family === 0 || value.includes('%')) return undefined
  return new SocketAddress({ address: value, family: family === 4 ? 'ipv4' : 'ipv6' }).address
}

function readEmail (value: string): string | undefined {
  const at = value.lastIndexOf('@')
  const [local, domain] = [value.slice(0, at), readDnsName(value.slice(at + 1))]
  return at > 0 && domain !== undefined && value.length <= 254 && /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/.test(local) ? `${local}@${domain}` : undefined
}
