import http from 'node:http'
import https from 'node:https'
import type { KeyedCertificate } from '../side.ts'

/** One request, exactly as it is to go out. */
export interface HttpRequest {
  readonly method: string
  readonly url: string
  /** A name given twice is sent twice. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>
  readonly body?: string
  readonly certificate?: KeyedCertificate
}

/** What came back. Header names are in lower case; `isCut` tells that the body was longer than what is read of it. */
export interface HttpAnswer { readonly kind: 'answer', readonly status: number, readonly headers: ReadonlyArray<readonly [name: string, value: string]>, readonly body: string, readonly isCut: boolean }

/** No HTTP answer; `why` is one of a few fixed sentences, so that two sides can be compared by it. */
export interface HttpFailure { readonly kind: 'failed', readonly why: string, readonly code: string }

export interface HttpClient {
  readonly send: (request: HttpRequest) => Promise<HttpAnswer | HttpFailure>
  /** Ends the connections that were kept. */
  readonly close: () => void
}

export interface HttpLimits { readonly timeoutMs: number, readonly bodyBytesMax: number, readonly headerBytesMax: number }

export const HTTP_LIMITS: HttpLimits = { timeoutMs: 10_000, bodyBytesMax: 262_144, headerBytesMax: 32_768 }

/**
 * An HTTP/1.1 client for servers that may answer anything: it follows no redirect, keeps no cookie, reads a bounded part of the
 * answer in a bounded time, and never throws for what the other end does. One connection is kept for each certificate, because
 * handshakes are what costs the other end most.
 */
export function createHttpClient (options: { readonly authorityPem?: string, readonly userAgent: string, readonly limits?: HttpLimits }): HttpClient {
  const limits = options.limits ?? HTTP_LIMITS
  const agents = new Map<string, https.Agent>()
  const plainAgent = new http.Agent({ keepAlive: true, maxSockets: 1 })

  function agentOf (certificate: KeyedCertificate | undefined): https.Agent {
    const known = agents.get(certificate?.certificatePem ?? '')
    if (known !== undefined) return known
    const agent = new https.Agent({
      keepAlive: true,
      maxSockets: 1,
      maxCachedSessions: 0,
      ...(options.authorityPem === undefined ? {} : { ca: options.authorityPem }),
      ...(certificate === undefined ? {} : { cert: certificate.certificatePem, key: certificate.keyPem.reveal() }),
    })
    agents.set(certificate?.certificatePem ?? '', agent)
    return agent
  }

  async function attempt (wanted: HttpRequest, url: URL): Promise<HttpAnswer | HttpFailure | 'stale'> {
    return await new Promise((resolve) => {
      const settings = { method: wanted.method, headers: headersOf(wanted, options.userAgent), maxHeaderSize: limits.headerBytesMax, signal: AbortSignal.timeout(limits.timeoutMs) } as const
      try {
        const request = url.protocol === 'https:' ? https.request(url, { ...settings, agent: agentOf(wanted.certificate) }) : http.request(url, { ...settings, agent: plainAgent })
        request.on('response', (response) => { readAnswer(response, limits.bodyBytesMax, resolve) })
        request.on('error', (error: NodeJS.ErrnoException) => resolve(request.reusedSocket && STALE.has(error.code ?? '') ? 'stale' : describeFailure(error)))
        request.end(wanted.body)
      } catch (error) {
        resolve(describeFailure(error as NodeJS.ErrnoException))
      }
    })
  }

  return {
    send: async (wanted) => {
      const url = URL.parse(wanted.url)
      if (url === null || !['https:', 'http:'].includes(url.protocol)) return { kind: 'failed', why: 'its address is no http or https URL', code: 'ERR_INVALID_URL' }
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        const outcome = await attempt(wanted, url)
        if (outcome !== 'stale') return outcome
      }
      return describeFailure({ name: 'Error', message: '', code: 'ECONNRESET' })
    },
    close: () => {
      for (const agent of [...agents.values(), plainAgent]) agent.destroy()
    },
  }
}

/** How a connection fails that the other end had closed before it was used again: the request was never read. */
const STALE: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE'])
const TRIES_MAX = 3

function headersOf ({ headers = [], body }: HttpRequest, userAgent: string): Record<string, string | string[]> {
  const all: Record<string, string[]> = { 'user-agent': [userAgent], accept: ['*/*'] }
  for (const [name, value] of headers) all[name] = name in all && !['accept', 'user-agent'].includes(name) ? [...all[name] ?? [], value] : [value]
  if (body !== undefined && all['content-length'] === undefined) all['content-length'] = [String(Buffer.byteLength(body))]
  return Object.fromEntries(Object.entries(all).map(([name, values]) => [name, values.length === 1 ? values[0] ?? '' : values]))
}

function readAnswer (response: http.IncomingMessage, bytesMax: number, resolve: (answer: HttpAnswer | HttpFailure) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  const finish = (isCut: boolean): void => {
    const headers: Array<readonly [string, string]> = []
    for (let at = 0; at + 1 < response.rawHeaders.length; at += 2) headers.push([(response.rawHeaders[at] ?? '').toLowerCase(), response.rawHeaders[at + 1] ?? ''])
    resolve({ kind: 'answer', status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks).subarray(0, bytesMax).toString('utf8'), isCut })
    if (isCut) response.destroy()
  }
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    chunks.push(chunk)
    if (size > bytesMax) finish(true)
  })
  response.on('end', () => finish(false))
  response.on('error', (error: NodeJS.ErrnoException) => resolve(describeFailure(error)))
}

const FAILURES: ReadonlyArray<readonly [code: RegExp, why: string]> = [
  [/TIMEOUT|ABORT/, 'no answer in time'],
  [/ECONNREFUSED/, 'the connection is refused'],
  [/ENOTFOUND|EAI_/, 'its host name does not resolve'],
  [/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|ALERT/, 'the TLS handshake is refused'],
  [/^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/, 'its certificate is not trusted'],
  [/ECONNRESET|EPIPE|ECONNABORTED|ERR_SSL|ERR_STREAM/, 'the connection is closed without an answer'],
  [/HPE_/, 'its answer is not HTTP'],
]

function describeFailure (error: NodeJS.ErrnoException): HttpFailure {
  const code = String(error.code ?? error.name)
  return { kind: 'failed', why: FAILURES.find(([pattern]) => pattern.test(code))?.[1] ?? 'there is no answer', code: code.slice(0, 60) }
}
