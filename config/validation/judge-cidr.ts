import { BlockList, isIP, isIPv4 } from 'node:net'

/** Checks a CIDR: an address, a prefix length, and no bits set beyond it. Returns a hint for what is wrong. */
export function judgeCidr (value: string): string | undefined {
  const [address = '', prefix, ...rest] = value.split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%')) return value.includes('*') ? 'Write wildcards as a prefix length: 10.* is 10.0.0.0/8.' : ''
  const bits = family === 4 ? 32 : 128
  if (prefix === undefined) return `For one address write ${address}/${bits}.`
  if (rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits) return `The prefix length goes from 0 to ${bits}.`
  const network = networkOf(address, Number(prefix))
  return isSameAddress(address, network) ? undefined : `${address} has bits set beyond /${prefix}: write ${network}/${prefix}, or ${address}/${bits} for the one address.`
}

/** True when two networks share an address. */
export function isOverlapping (a: string, b: string): boolean {
  const [addressA = '', prefixA = ''] = a.split('/')
  const [addressB = '', prefixB = ''] = b.split('/')
  if (isIPv4(addressA) !== isIPv4(addressB)) return false
  const prefix = Math.min(Number(prefixA), Number(prefixB))
  return isSameAddress(networkOf(addressA, prefix), networkOf(addressB, prefix))
}

function isSameAddress (a: string, b: string): boolean {
  const family = isIPv4(a) ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addAddress(a, family)
  return list.check(b, family)
}

function networkOf (address: string, prefix: number): string {
  return isIPv4(address) ? networkOf4(address, prefix) : networkOf6(address, prefix)
}

function networkOf4 (address: string, prefix: number): string {
  return address.split('.').map((octet, index) => Number(octet) & maskOf(8, prefix - index * 8)).join('.')
}

function networkOf6 (address: string, prefix: number): string {
  const host = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = host.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  const masked = groups.map((group, index) => (Number.parseInt(group, 16) & maskOf(16, prefix - index * 16)).toString(16)).join(':')
  return new URL(`http://[${masked}]/`).hostname.slice(1, -1)
}

/** The upper `count` bits of a number of `width` bits. */
function maskOf (width: number, count: number): number {
  const kept = Math.max(0, Math.min(width, count))
  return (2 ** width - 1) - (2 ** (width - kept) - 1)
}
