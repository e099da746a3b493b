import { show } from './show.ts'

/** A redirect URI that is not registered, beside those that are. */
export interface UriComparison {
  readonly seen: string
  readonly expected: string
  /** What differs from the most similar registered one. */
  readonly difference: string
}

const REGISTERED_SHOWN_MAX = 10

/**
 * Says how a redirect URI differs from the registered ones, which are compared character by character (RFC 9700 §4.1.3,
 * RFC 3986 §6.2.1). Values in the query and credentials of the URI are withheld: a client may have put anything there.
 */
export function compareUris (seen: string, registered: readonly string[]): UriComparison {
  const expected = registered.length === 0 ? 'none is registered' : registered.slice(0, REGISTERED_SHOWN_MAX).join(' or ')
  const nearest = registered.map((uri) => ({ uri, score: scoreOf(seen, uri) })).sort((one, other) => other.score - one.score)[0]
  return { seen: withholdValues(seen), expected: show(expected, 1000), difference: nearest === undefined ? 'the client has no such URI registered' : differenceOf(seen, nearest.uri) }
}

/** The URI with credentials and query values left out. */
export function withholdValues (uri: string): string {
  const parsed = URL.parse(uri)
  if (parsed === null) return show(uri.replace(/([?&][^=&#]*=)[^&#]*/g, '$1…'))
  const bare = uri.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1…@')
  return show(bare.replace(/([?&][^=&#]*=)[^&#]*/g, '$1…'))
}

/** Parts in the order in which people get them wrong. */
function differenceOf (seen: string, registered: string): string {
  const [actual, wanted] = [URL.parse(seen), URL.parse(registered)]
  if (actual === null) return 'it is no absolute URI'
  if (wanted === null) return 'it differs'
  if (actual.protocol !== wanted.protocol) return `the scheme is ${show(actual.protocol.slice(0, -1))}, registered is ${wanted.protocol.slice(0, -1)}`
  if (actual.hostname !== wanted.hostname) return `the host is ${show(actual.hostname)}, registered is ${wanted.hostname}`
  if (actual.port !== wanted.port) return `the port is ${portOf(actual)}, registered is ${portOf(wanted)}`
  if (actual.pathname !== wanted.pathname) return pathDifference(actual.pathname, wanted.pathname)
  if (actual.search !== wanted.search) return `the query differs: its parameters are ${namesOf(actual)}, registered are ${namesOf(wanted)}`
  if (actual.hash !== wanted.hash) return 'it has a fragment'
  return 'it is written differently (case, encoding or a default port), and URIs are compared character by character'
}

function pathDifference (actual: string, wanted: string): string {
  if (`${actual}/` === wanted) return 'the trailing slash is missing'
  if (actual === `${wanted}/`) return 'it has a trailing slash that is not registered'
  if (actual.toLowerCase() === wanted.toLowerCase()) return `the path differs in case: ${show(actual)}, registered is ${wanted}`
  return `the path is ${show(actual)}, registered is ${wanted}`
}

function portOf ({ port, protocol }: URL): string {
  return port !== '' ? port : protocol === 'https:' ? '443 (by default)' : protocol === 'http:' ? '80 (by default)' : 'none'
}

function namesOf ({ searchParams }: URL): string {
  return show([...new Set(searchParams.keys())].join(', ') || 'none')
}

/** More equal parts, then a longer common beginning. */
function scoreOf (seen: string, registered: string): number {
  const [actual, wanted] = [URL.parse(seen), URL.parse(registered)]
  const parts = actual === null || wanted === null ? 0 : [actual.hostname === wanted.hostname, actual.pathname.toLowerCase() === wanted.pathname.toLowerCase(), actual.port === wanted.port, actual.protocol === wanted.protocol].filter(Boolean).length
  let common = 0
  while (common < 1000 && common < seen.length && seen[common] === registered[common]) common++
  return parts * 1000 + common
}
