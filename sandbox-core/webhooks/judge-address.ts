import ipaddr from 'ipaddr.js'

/** Networks that are refused by default but allowed by the operator, parsed once. */
export type Networks = ReadonlyArray<readonly [ipaddr.IPv4 | ipaddr.IPv6, number]>

/**
 * Judges one IP address in any textual form.
 *
 * @returns undefined when webhooks may be sent there, else the kind of network that forbids it: `loopback`, `private`,
 *   `linkLocal`, `carrierGradeNat`, `metadata`, `reserved`, `6to4`, `teredo` … or `unparsable`
 */
export function judgeAddress (text: string, allowed: Networks): string | undefined {
  if (!ipaddr.isValid(text)) return 'unparsable'
  const address = ipaddr.process(text)
  if (allowed.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))) return undefined
  const range = rangeOf(address)
  return range === 'public' ? undefined : range
}

/** Reads CIDRs. A malformed one throws: the configuration is checked before. */
export function parseNetworks (cidrs: readonly string[]): Networks {
  return cidrs.map((cidr) => ipaddr.parseCIDR(cidr))
}

/**
 * Only what IANA lists as global unicast counts as public. For IPv6 that is 2000::/3 without its special blocks; the
 * well-known NAT64 prefix (RFC 6052 §2.1) is as public as the IPv4 address in it, since IPv6-only hosts reach the whole IPv4
 * internet through it; every other way of carrying an IPv4 address in an IPv6 one is refused.
 */
function rangeOf (address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (address instanceof ipaddr.IPv4) return rangeOfIpv4(address)
  const range = address.range()
  if (range === 'rfc6052' && address.match(NAT64, 96)) return rangeOfIpv4(new ipaddr.IPv4(address.toByteArray().slice(12)))
  if (range !== 'unicast') return range
  return address.match(GLOBAL_UNICAST, 3) ? 'public' : 'reserved'
}

function rangeOfIpv4 (address: ipaddr.IPv4): string {
  if (address.toString() === AZURE_METADATA) return 'metadata'
  const range = address.range()
  return range === 'unicast' ? 'public' : range
}

const GLOBAL_UNICAST = ipaddr.IPv6.parse('2000::')
const NAT64 = ipaddr.IPv6.parse('64:ff9b::')
/** The one metadata service on a public address. */
const AZURE_METADATA = '168.63.129.16'
