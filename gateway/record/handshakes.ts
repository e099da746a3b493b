import type { Clock, Explanation } from '../../kernel/index.ts'
import type { FailedHandshake } from '../tls/failed-handshake.ts'
import { explainHandshake, type HandshakeExpectation } from './explain-handshake.ts'

/** Handshakes of one address at one door that failed for one reason. */
export interface HandshakeEntry {
  readonly address: string
  readonly door: FailedHandshake['door']
  /** Node's or OpenSSL's own code. */
  readonly code: string
  readonly firstMs: number
  readonly lastMs: number
  readonly count: number
  readonly explanation: Explanation
}

/** Failed handshakes of this process, by address: they happen before anybody has a name. */
export interface Handshakes {
  readonly add: (failed: FailedHandshake) => void
  /** Those of an address, or all; the latest first. */
  readonly list: (address?: string) => readonly HandshakeEntry[]
}

const ENTRIES_MAX = 500

/** Keeps the latest in memory, equal ones as one, so that a scan or a retrying client cannot fill it. */
export function createHandshakes ({ clock, doors }: { readonly clock: Clock, readonly doors: HandshakeExpectation }): Handshakes {
  const entries = new Map<string, HandshakeEntry>()
  return {
    add (failed) {
      const address = canonical(failed.address)
      const key = `${failed.door} ${failed.code} ${address}`
      const known = entries.get(key)
      const nowMs = clock.nowMs()
      entries.delete(key)
      const oldest = entries.keys().next().value
      if (entries.size >= ENTRIES_MAX && oldest !== undefined) entries.delete(oldest)
      entries.set(key, { address, door: failed.door, code: failed.code, firstMs: known?.firstMs ?? nowMs, lastMs: nowMs, count: (known?.count ?? 0) + 1, explanation: explainHandshake(failed, doors) })
    },
    list: (address) => [...entries.values()].filter((entry) => address === undefined || entry.address === canonical(address)).toReversed(),
  }
}

/** As the pipeline writes addresses: a mapped IPv4 address is that IPv4 address. */
function canonical (address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
}
