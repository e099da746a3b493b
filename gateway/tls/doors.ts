import { constants, randomBytes } from 'node:crypto'
import { STATUS_CODES, type RequestListener } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { errorEntry, type ErrorCode } from '../../kernel/index.ts'
import { readFailedHandshake, type FailedHandshake } from './failed-handshake.ts'

/** How the two doors stand. */
export interface DoorsOptions {
  readonly certificatePem: string
  readonly keyPem: string
  /** Authorities named to clients in the handshake of the mutual-TLS door; see `createNameTwins`. */
  readonly clientAuthoritiesPem: readonly string[]
  readonly minimumVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly headerBytesMax: number
  readonly onHandshakeError: (failed: FailedHandshake) => void
  readonly onMalformedRequest: (door: Door, code: ErrorCode) => void
}

export type Door = 'public' | 'mtls'

/** A handshake costs as much as dozens of requests, so idle connections are kept. */
const KEEP_ALIVE_MS = 72_000
/** Slow senders are cut off. */
const REQUEST_TIMEOUT_MS = 60_000

/** Two TLS servers before one request handler. */
export interface Doors {
  readonly publicServer: https.Server
  readonly mtlsServer: https.Server
  /** True for a connection that came through the mutual-TLS door. */
  readonly isMtls: (socket: Socket) => boolean
  /**
   * Replaces the certificate of both doors for new connections; open ones stay. Sessions from before resume no more, so that
   * whoever connects sees the new certificate.
   */
  readonly replaceCertificate: (certificatePem: string, keyPem: string) => void
}

/**
 * Opens the public door, which never asks for a client certificate because browsers would prompt, and the mutual-TLS door,
 * which does. The mutual-TLS handshake accepts whatever is presented and the pipeline judges it, so that a client is told
 * in HTTP what is wrong. Each door has its own session tickets: a session of one resumes on no other (RFC 8446 §2.2). Nobody
 * renegotiates (TLS 1.2): a connection keeps the certificate that it began with, and the verdict on it.
 */
export function openDoors (handler: RequestListener, options: DoorsOptions): Doors {
  const mtlsSockets = new WeakSet<Socket>()
  const shared = {
    cert: options.certificatePem,
    key: options.keyPem,
    minVersion: options.minimumVersion,
    maxHeaderSize: options.headerBytesMax,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ALPNProtocols: ['http/1.1'],
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
  }
  const publicServer = https.createServer({ ...shared, ...sessionsOf('public') }, handler)
  const mtlsServer = https.createServer({ ...shared, ...sessionsOf('mtls'), requestCert: true, rejectUnauthorized: false, ca: [...options.clientAuthoritiesPem] }, handler)
  mtlsServer.on('secureConnection', (socket: TLSSocket) => mtlsSockets.add(socket))
  watch(publicServer, 'public', options)
  watch(mtlsServer, 'mtls', options)
  return {
    publicServer,
    mtlsServer,
    isMtls: (socket) => mtlsSockets.has(socket),
    replaceCertificate: (cert, key) => {
      publicServer.setSecureContext({ ...shared, ...sessionsOf('public'), cert, key })
      mtlsServer.setSecureContext({ ...shared, ...sessionsOf('mtls'), cert, key, ca: [...options.clientAuthoritiesPem] })
    },
  }
}

function sessionsOf (door: Door): { ticketKeys: Buffer, sessionIdContext: string } {
  return { ticketKeys: randomBytes(48), sessionIdContext: `sandgate-${door}` }
}

function watch (server: https.Server, door: Door, options: DoorsOptions): void {
  const addresses = new WeakMap<object, string>()
  server.on('connection', (socket: Socket) => addresses.set(socket, socket.remoteAddress ?? ''))
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => options.onHandshakeError(readFailedHandshake(door, error, socket, addresses)))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const code = CODES.get(error.code ?? '') ?? 'request_malformed'
    options.onMalformedRequest(door, code)
    socket.end(rawProblem(code))
  })
}

/**
 * What ends a connection before there is a request, where more can be said of it. A client may send, with a certificate that is
 * forged, the true one of the authority it names: OpenSSL then tries the signature itself, and reports the failure at the first
 * read instead of at the handshake, where it was told to go on.
 */
const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'headers_too_large'],
  ['ERR_SSL_PROVIDER_SIGNATURE_FAILURE', 'certificate_untrusted'],
])

/** A problem document for what Node's HTTP parser refused before there was a request to route. */
function rawProblem (code: ErrorCode): string {
  const { status, title } = errorEntry(code)
  const body = JSON.stringify({ type: 'about:blank', title, status, code })
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
}
