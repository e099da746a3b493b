import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** What is known of a TLS handshake that failed: before HTTP there are no headers, and no client is named. */
export interface FailedHandshake {
  readonly door: 'public' | 'mtls'
  /** Node's or OpenSSL's code, `ERR_SSL_NO_SHARED_CIPHER`. */
  readonly code: string
  /** Empty when the connection was gone before it could be asked. */
  readonly address: string
  /** The name that the client asked for (RFC 6066 §3), if it came that far. */
  readonly serverName?: string
  /** The version that was being negotiated, as OpenSSL names it. */
  readonly version?: string
}

const NAME_MAX = 255

/** Reads a failed handshake. A connection that is gone has no address any more, so `addressOf` knows it from its beginning. */
export function readFailedHandshake (door: FailedHandshake['door'], error: NodeJS.ErrnoException, socket: TLSSocket, addressOf: WeakMap<object, string>): FailedHandshake {
  const { servername, _parent: underneath } = socket as TLSSocket & { readonly servername?: string | false | null, readonly _parent?: Socket }
  const version = socket.getProtocol()
  return {
    door,
    code: error.code ?? 'unknown',
    address: socket.remoteAddress ?? (underneath === undefined ? undefined : addressOf.get(underneath)) ?? '',
    ...(typeof servername === 'string' && servername !== '' ? { serverName: servername.slice(0, NAME_MAX) } : {}),
    ...(version === null ? {} : { version }),
  }
}
