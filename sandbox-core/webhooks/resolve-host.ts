import { lookup, Resolver } from 'node:dns/promises'

/** Every address of a host name, A and AAAA. Rejects when there is none. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>

/**
 * Resolves by DNS queries of its own and not by getaddrinfo, which holds one of the process's few worker threads for
 * as long as a hostile name server pleases. Only a quick "no such name" is asked again of the system, for names that live
 * in its hosts file; `localhost` goes there at once (RFC 6761 §6.3).
 */
export const resolveHost: ResolveHost = async (hostname) => {
  if (isLocalName(hostname)) return await askSystem(hostname)
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const addresses = answers.flatMap((answer) => answer.status === 'fulfilled' ? answer.value : [])
  if (addresses.length > 0) return addresses
  const failure = answers.find((answer) => answer.status === 'rejected' && (answer.reason as NodeJS.ErrnoException).code === 'ETIMEOUT')
  if (failure?.status === 'rejected') throw failure.reason
  return await askSystem(hostname)
}

function isLocalName (hostname: string): boolean {
  const name = hostname.replace(/\.$/, '')
  return name === 'localhost' || name.endsWith('.localhost')
}

async function askSystem (hostname: string): Promise<readonly string[]> {
  const answers = await lookup(hostname, { all: true })
  return answers.map(({ address }) => address)
}
