import type { BlockList } from 'node:net'
import ipaddr from 'ipaddr.js'
import { pass, refuse, type Verdict } from '../../kernel/index.ts'
import type { AddressFacts, Arrival } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/** What tells a trusted proxy from anybody else. */
export interface ResolveClientAddressDeps {
  readonly trustedProxies: BlockList
}

/**
 * Finds the address a request came from. `X-Forwarded-For` counts only from a trusted proxy and is read from right to left
 * until the first address that is none. IPv4 in IPv6 is unmapped first, then IPv6 is keyed by its /64, so that a client cannot
 * rotate within its subnet and all of IPv4 is not one key.
 *
 * @refuses client_address_invalid 400 when a trusted proxy sent a list that is no list of addresses
 */
export function resolveClientAddress ({ trustedProxies }: ResolveClientAddressDeps): Stage<Arrival, AddressFacts> {
  const isTrusted = (address: string): boolean => trustedProxies.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
  const factsOfPeer = new Map<string, Verdict<AddressFacts>>()
  return {
    name: 'resolve-client-address',
    phase: 'arrival',
    onFault: 'refuse',
    decide: ({ request }) => {
      const peer = request.socket.remoteAddress
      if (peer === undefined) return refuse({ code: 'client_address_invalid', internalDetail: 'the peer disconnected' })
      const known = factsOfPeer.get(peer)
      if (known !== undefined) return known
      const address = canonicalAddress(peer)
      if (address === undefined) return refuse({ code: 'client_address_invalid', internalDetail: 'the peer has no IP address' })
      if (isTrusted(address)) return throughProxies(address, request.headers['x-forwarded-for'], isTrusted)
      const verdict = pass(addressFacts(address))
      if (factsOfPeer.size >= 10_000) factsOfPeer.clear()
      factsOfPeer.set(peer, verdict)
      return verdict
    },
  }
}

function throughProxies (peer: string, header: string | string[] | undefined, isTrusted: (address: string) => boolean): Verdict<AddressFacts> {
  const hops = (Array.isArray(header) ? header.join(',') : header ?? '').split(',').map((hop) => hop.trim()).filter((hop) => hop !== '')
  let address = peer
  for (const hop of hops.reverse()) {
    const next = canonicalAddress(hop)
    if (next === undefined) {
      return refuse({ code: 'client_address_invalid', internalDetail: `the trusted proxy ${peer} sent an X-Forwarded-For member that is no address` })
    }
    address = next
    if (!isTrusted(next)) break
  }
  return pass(addressFacts(address))
}

function canonicalAddress (text: string): string | undefined {
  if (!ipaddr.isValid(text) || (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text))) return undefined
  return ipaddr.process(text).toString()
}

function addressFacts (address: string): AddressFacts {
  if (!address.includes(':')) return { address, addressKey: address }
  const { parts } = ipaddr.IPv6.parse(address)
  return { address, addressKey: `${parts.slice(0, 4).map((part) => part.toString(16)).join(':')}::/64` }
}
