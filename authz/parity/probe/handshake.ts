import net from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { PeerCertificate, SecureVersion } from 'node:tls'

/** How a TLS handshake is to be tried. */
export interface HandshakeOptions {
  readonly host: string
  readonly port: number
  readonly version?: SecureVersion
  /** OpenSSL's names; those of TLS 1.3 begin with `TLS_`. */
  readonly ciphers?: string
  readonly alpn?: readonly string[]
  readonly timeoutMs?: number
}

/** What was agreed on. Trust is not judged here: the handshake alone is looked at, and nothing is sent over it. */
export interface Handshake {
  readonly version: string
  readonly cipher: string
  readonly alpn: string | null
  /** RFC 8446 §4.3.2, RFC 5246 §7.4.4. */
  readonly asksForCertificate: boolean
  /** `EC prime256v1`, `RSA 2048`. */
  readonly key: string
}

const TIMEOUT_MS = 10_000
const HANDSHAKE_RECORD = 22
const APPLICATION_RECORD = 23
const CERTIFICATE_REQUEST = 13

/** Tries a handshake; undefined when the server does not agree to it, or does not answer. */
export async function tryHandshake (options: HandshakeOptions): Promise<Handshake | undefined> {
  return await new Promise((resolve) => {
    const socket = net.connect(options.port, options.host)
    const tap = createTap(socket)
    let secured: tls.TLSSocket | undefined
    const finish = (result: Handshake | undefined): void => {
      clearTimeout(timer)
      resolve(result)
      secured?.destroy()
      socket.destroy()
    }
    const timer = setTimeout(() => finish(undefined), options.timeoutMs ?? TIMEOUT_MS)
    socket.on('error', () => finish(undefined))
    socket.on('close', () => finish(undefined))
    try {
      secured = tls.connect({ socket: tap.stream, ...settingsOf(options) }, () => setImmediate(() => { if (secured !== undefined) finish(describe(secured, tap.seen)) }))
      secured.on('error', () => finish(undefined))
    } catch {
      // A version or cipher that this runtime cannot offer.
      finish(undefined)
    }
  })
}

function settingsOf ({ host, version, ciphers, alpn }: HandshakeOptions): tls.ConnectionOptions {
  return {
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    // The certificate is looked at by the requests; a handshake that is compared must not depend on trust.
    rejectUnauthorized: false,
    ...(version === undefined ? {} : { minVersion: version, maxVersion: version }),
    // Old versions need OpenSSL's lowest level of security to be offered at all.
    ciphers: ciphers ?? 'DEFAULT:@SECLEVEL=0',
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  }
}

function describe (socket: tls.TLSSocket, seen: Seen): Handshake {
  const cipher = socket.getCipher()
  const version = socket.getProtocol() ?? ''
  return {
    version,
    cipher: cipher.standardName,
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : null,
    asksForCertificate: version === 'TLSv1.3' ? isMoreThanFinished(seen, cipher.standardName) : hasCertificateRequest(Buffer.concat(seen.received)),
    key: describeKey(socket.getPeerCertificate()),
  }
}

function describeKey (certificate: PeerCertificate): string {
  const { asn1Curve, bits } = certificate as { readonly asn1Curve?: string, readonly bits?: number }
  if (asn1Curve !== undefined) return `EC ${asn1Curve}`
  return bits === undefined ? 'unknown' : `RSA ${bits}`
}

interface Seen { readonly received: Buffer[], readonly sent: Buffer[] }

const KEPT_BYTES_MAX = 65_536

/** A stream over a socket that keeps the first bytes of both directions. */
function createTap (socket: net.Socket): { readonly stream: Duplex, readonly seen: Seen } {
  const seen: Seen = { received: [], sent: [] }
  const keep = (list: Buffer[], chunk: Buffer): void => { if (list.length * 16 < KEPT_BYTES_MAX && chunk.length < KEPT_BYTES_MAX) list.push(chunk) }
  const stream = new Duplex({
    read: () => { socket.resume() },
    write: (chunk: Buffer, _encoding, done) => {
      keep(seen.sent, chunk)
      socket.write(chunk, () => done())
    },
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk: Buffer) => {
    keep(seen.received, chunk)
    if (!stream.push(chunk)) socket.pause()
  })
  socket.on('end', () => stream.push(null))
  stream.on('error', () => socket.destroy())
  return { stream, seen }
}

/** Payloads of the TLS records of one kind in a stream of bytes (RFC 8446 §5.1). */
function recordsOf (bytes: Buffer, kind: number): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at + 5 <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 3)
    if (bytes[at] === kind) found.push(bytes.subarray(at + 5, at + 5 + length))
    at += 5 + length
  }
  return found
}

/** Up to TLS 1.2 the request for a certificate is in the clear, before the change of ciphers. */
function hasCertificateRequest (received: Buffer): boolean {
  const messages = Buffer.concat(recordsOf(received, HANDSHAKE_RECORD))
  for (let at = 0; at + 4 <= messages.length;) {
    if (messages[at] === CERTIFICATE_REQUEST) return true
    at += 4 + messages.readUIntBE(at + 1, 3)
  }
  return false
}

/**
 * In TLS 1.3 the request is encrypted, but the answer to it is not secret: a client without one answers with an empty
 * Certificate before its Finished, so that it sends more than the Finished alone (4 octets, the hash, a type and a tag of 16).
 */
function isMoreThanFinished (seen: Seen, cipher: string): boolean {
  const sent = recordsOf(Buffer.concat(seen.sent), APPLICATION_RECORD).reduce((sum, record) => sum + record.length, 0)
  return sent > 4 + (cipher.endsWith('SHA384') ? 48 : 32) + 1 + 16
}
