import { isIP } from 'node:net'
import { judgeAddress, parseNetworks } from './judge-address.ts'
import { resolveHost, type ResolveHost } from './resolve-host.ts'

/** Why a destination is refused. `detail` is for the endpoint's owner: it never tells what a name resolved to. */
export interface DestinationRefused { readonly kind: 'refused', readonly reason: string, readonly detail: string }

/** A URL that may be used, if its host resolves to addresses that may. */
export type JudgedUrl = { readonly kind: 'allowed', readonly url: URL } | DestinationRefused

/** The addresses of a host, every one of them checked. */
export type ResolvedDestination = { readonly kind: 'resolved', readonly addresses: readonly string[] } | DestinationRefused

/** Keeps webhooks from being sent into networks that the sandbox's developers have no business in. */
export interface DestinationGuard {
  /** Everything that the URL alone tells: scheme, userinfo, port, length, and the address when the host is one. */
  readonly judgeUrl: (text: string) => JudgedUrl
  /** Resolves the host once and checks every address; one that is refused refuses all. Rejects when the name does not resolve. */
  readonly resolve: (url: URL) => Promise<ResolvedDestination>
  /** True when webhooks may be sent to the address. */
  readonly isAllowedAddress: (address: string) => boolean
}

export interface GuardOptions {
  /** CIDRs that are allowed although they are not public. */
  readonly allowedNetworks: readonly string[]
  readonly allowHttp: boolean
  readonly lookup?: ResolveHost
}

/**
 * The guard against server-side request forgery (OWASP API7:2023). The WHATWG parser normalises the spelling (decimal,
 * octal, hexadecimal, full-width, shortened), and only its result is judged and later connected to, so that
 * no second parser can disagree.
 */
export function createDestinationGuard (options: GuardOptions): DestinationGuard {
  const networks = parseNetworks(options.allowedNetworks)
  const lookup = options.lookup ?? resolveHost
  return {
    judgeUrl: (text) => {
      const url = text.length <= URL_LENGTH_MAX ? URL.parse(text) : null
      if (url === null) return refuse('url', `The URL is not a valid absolute URL of at most ${URL_LENGTH_MAX} characters.`)
      const fault = findFault(url, options.allowHttp)
      if (fault !== undefined) return fault
      const literal = literalOf(url)
      const range = literal === undefined ? undefined : judgeAddress(literal, networks)
      return range === undefined ? { kind: 'allowed', url } : refuseAddress(range)
    },
    resolve: async (url) => {
      const literal = literalOf(url)
      const addresses = literal === undefined ? await lookup(url.hostname) : [literal]
      if (addresses.length === 0) return refuse('address', 'The host has no address.')
      const ranges = addresses.map((address) => judgeAddress(address, networks))
      const range = ranges.find((found) => found !== undefined)
      return range === undefined ? { kind: 'resolved', addresses } : refuseAddress(range)
    },
    isAllowedAddress: (address) => judgeAddress(address, networks) === undefined
  }
}

const URL_LENGTH_MAX = 2048

function findFault (url: URL, allowHttp: boolean): DestinationRefused | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refuse('scheme', 'Only https URLs are accepted.')
  if (url.protocol === 'http:' && !allowHttp) return refuse('scheme', 'Only https URLs are accepted; http needs webhooks.allow_http in the configuration.')
  if (url.username !== '' || url.password !== '') return refuse('userinfo', 'The URL must not hold a user name or password.')
  if (url.port === '0') return refuse('port', 'The port must be between 1 and 65535.')
  if (url.hash !== '') return refuse('fragment', 'The URL must not have a fragment: it would never be sent.')
  return undefined
}

function literalOf (url: URL): string | undefined {
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  return isIP(host) === 0 ? undefined : host
}

function refuseAddress (range: string): DestinationRefused {
  return refuse('address', `The host is in a network that webhooks may not be sent to (${range}).`)
}

function refuse (reason: string, detail: string): DestinationRefused {
  return { kind: 'refused', reason, detail }
}
