import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { BlockList, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Presented } from '../stages/verify-client-certificate.ts'

/** Where certificates may come from. */
export interface PresentedCertificateDeps {
  readonly isMtls: (socket: Socket) => boolean
  /** Lower-case name of the header of RFC 9440. */
  readonly headerName: string
  readonly trustedProxies: BlockList
}

const INTERMEDIATES_MAX = 4

/**
 * Finds the client certificate of a request: from the TLS handshake of the mutual-TLS door, or from a header that a
 * trusted proxy set (RFC 9440 §2.1). The same header from anybody else is an attack or a mistake, never ignored.
 */
export function createPresentedCertificate ({ isMtls, headerName, trustedProxies }: PresentedCertificateDeps): (request: IncomingMessage, peer: string) => Presented {
  // Node.js hands over the intermediates of a connection once; after a revocation they are judged again.
  const shown = new WeakMap<Socket, Presented>()
  const chainFor = createChainMemory()
  return (request, peer) => {
    const header = request.headers[headerName]
    if (header !== undefined) {
      if (!isTrustedPeer(peer, trustedProxies)) return { kind: 'header-untrusted', header: headerName }
      const der = decodeHeader(header)
      return der === undefined ? { kind: 'missing' } : { kind: 'certificate', der, intermediates: [] }
    }
    if (!isMtls(request.socket)) return { kind: 'not-asked' }
    const known = shown.get(request.socket)
    if (known !== undefined) return known
    const certificate = (request.socket as TLSSocket).getPeerX509Certificate()
    if (certificate === undefined) return { kind: 'missing' }
    const presented: Presented = { kind: 'certificate', der: certificate.raw, intermediates: chainFor(certificate, request.socket as TLSSocket), holder: request.socket }
    shown.set(request.socket, presented)
    return presented
  }
}

const REMEMBERED_MAX = 1000

/**
 * The intermediates that came with a certificate. A session that is resumed holds the certificate alone (RFC 8446 §2.2
 * sends none again), so they are remembered from the handshake that began it, for the last thousand certificates with any.
 */
function createChainMemory (): (leaf: X509Certificate, socket: TLSSocket) => readonly Buffer[] {
  const remembered = new Map<string, readonly Buffer[]>()
  return (leaf, socket) => {
    const known = remembered.get(leaf.fingerprint256)
    remembered.delete(leaf.fingerprint256)
    const chain = socket.isSessionReused() ? known ?? [] : chainOf(leaf)
    if (chain.length > 0) remembered.set(leaf.fingerprint256, chain)
    const [oldest] = remembered.size > REMEMBERED_MAX ? remembered.keys() : []
    if (oldest !== undefined) remembered.delete(oldest)
    return chain
  }
}

function isTrustedPeer (peer: string, trustedProxies: BlockList): boolean {
  const address = peer.startsWith('::ffff:') ? peer.slice(7) : peer
  return address !== '' && trustedProxies.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}

function decodeHeader (header: string | string[]): Buffer | undefined {
  const encoded = typeof header === 'string' ? /^:([A-Za-z0-9+/=]{1,12000}):$/.exec(header.trim())?.[1] : undefined
  if (encoded === undefined) return undefined
  const der = Buffer.from(encoded, 'base64')
  try {
    return new X509Certificate(der).raw
  } catch {
    return undefined
  }
}

function chainOf (leaf: X509Certificate): Buffer[] {
  const chain: Buffer[] = []
  let issuer = leaf.issuerCertificate
  while (issuer !== undefined && chain.length < INTERMEDIATES_MAX && issuer.fingerprint256 !== leaf.fingerprint256) {
    chain.push(issuer.raw)
    if (issuer.issuerCertificate?.fingerprint256 === issuer.fingerprint256) break
    issuer = issuer.issuerCertificate
  }
  return chain
}
