import { isIPv6, type LookupFunction } from 'node:net'
import type { SecureContext } from 'node:tls'
import { buildConnector } from 'undici'
import type { DestinationGuard } from './guard-destination.ts'

export interface PinnedDestination {
  readonly guard: Pick<DestinationGuard, 'isAllowedAddress'>
  readonly timeoutMs: number
  /** Resolved and checked. */
  readonly addresses: readonly string[]
  readonly secureContext?: SecureContext
}

/**
 * Connects to the checked addresses only, whatever the name resolves to by now, so that a second answer cannot
 * rebind it; and looks at the peer's address once more before a byte is sent.
 */
export function connectPinned ({ guard, timeoutMs, addresses, secureContext }: PinnedDestination): buildConnector.connector {
  const pinned = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  const lookup: LookupFunction = (_hostname, options, callback) => {
    const first = pinned[0]
    if (options.all === true || first === undefined) callback(null, pinned)
    else callback(null, first.address, first.family)
  }
  const connect = buildConnector({ lookup, timeout: timeoutMs, allowH2: false, ...(secureContext === undefined ? {} : { secureContext }) })
  return (options, callback) => {
    connect(options, (fault, socket) => {
      if (fault !== null) return callback(fault, null)
      if (guard.isAllowedAddress(socket.remoteAddress ?? '')) return callback(null, socket)
      socket.destroy()
      callback(new Error('the peer is not the address that was checked'), null)
    })
  }
}
