import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { Client } from 'undici'
import type { Clock } from '../../kernel/index.ts'
import { classifyFailure, type AttemptFailure } from './classify-failure.ts'
import { connectPinned } from './connect-pinned.ts'
import type { DestinationGuard } from './guard-destination.ts'
import { readResponse, type ReceivedResponse } from './read-response.ts'
import { parseRetryAfterMs } from './retry-after.ts'

export interface DelivererDeps {
  readonly guard: DestinationGuard
  readonly clock: Clock
  readonly timeoutMs: number
  readonly responseBytesMax: number
  readonly scrubText: (text: string) => string
  /** Authorities trusted beside the system's, in PEM. */
  readonly caPem?: string
}

export interface DeliveryRequest {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  /** Ends the exchange at once; its outcome is then `aborted`. */
  readonly signal: AbortSignal
}

/** What came of one POST. `aborted`: we were shutting down, so nothing is known and nothing counts. */
export interface Exchange {
  readonly outcome: 'succeeded' | 'failed' | 'refused' | 'aborted'
  readonly atMs: number
  readonly durationMs: number
  readonly response?: ReceivedResponse
  readonly failure?: AttemptFailure
  /** The pause that the receiver asked for by `Retry-After`. */
  readonly retryAfterMs?: number
}

/**
 * Sends one webhook over a connection of its own. Success is a 2xx within the time; a redirect is a failure and not
 * followed. Never rejects.
 */
export type Deliver = (request: DeliveryRequest) => Promise<Exchange>

/** Makes the function that sends webhooks. */
export function createDeliverer (deps: DelivererDeps): Deliver {
  const secureContext = deps.caPem === undefined ? undefined : createSecureContext({ ca: [...getCACertificates('default'), deps.caPem] })
  return async (request) => {
    const atMs = deps.clock.nowMs()
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), deps.timeoutMs)
    try {
      const result = await exchange(deps, secureContext, request, AbortSignal.any([deadline.signal, request.signal]))
      return { ...result, atMs, durationMs: deps.clock.nowMs() - atMs }
    } catch (fault) {
      const durationMs = deps.clock.nowMs() - atMs
      if (request.signal.aborted) return { outcome: 'aborted', atMs, durationMs }
      return { outcome: 'failed', atMs, durationMs, failure: deadline.signal.aborted ? timedOut(deps.timeoutMs) : classifyFailure(fault) }
    } finally {
      clearTimeout(timer)
    }
  }
}

async function exchange (deps: DelivererDeps, secureContext: SecureContext | undefined, request: DeliveryRequest, signal: AbortSignal): Promise<Omit<Exchange, 'atMs' | 'durationMs'>> {
  const judged = deps.guard.judgeUrl(request.url)
  if (judged.kind === 'refused') return refused(judged.detail)
  const destination = await orAbort(deps.guard.resolve(judged.url), signal)
  if (destination.kind === 'refused') return refused(destination.detail)
  const client = new Client(judged.url.origin, {
    connect: connectPinned({ guard: deps.guard, timeoutMs: deps.timeoutMs, addresses: destination.addresses, ...(secureContext === undefined ? {} : { secureContext }) }),
    pipelining: 0,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: HEADER_BYTES_MAX
  })
  try {
    const { pathname, search } = judged.url
    const reply = await client.request({ method: 'POST', path: pathname + search, headers: request.headers, body: request.body, signal })
    const response = await readResponse(reply, deps.responseBytesMax, deps.scrubText)
    return judgeResponse(response, reply.headers['retry-after'], deps.clock.nowMs())
  } finally {
    client.destroy().catch(() => {})
  }
}

const HEADER_BYTES_MAX = 16_384

function judgeResponse (response: ReceivedResponse, retryAfter: string | string[] | undefined, nowMs: number): Omit<Exchange, 'atMs' | 'durationMs'> {
  const { status } = response
  if (status >= 200 && status < 300) return { outcome: 'succeeded', response }
  const isRedirect = status >= 300 && status < 400
  const failure = isRedirect
    ? { code: 'redirect_refused', detail: `The receiver answered ${status}; redirects are not followed.` }
    : { code: 'status_unsuccessful', detail: `The receiver answered ${status}; only 2xx counts as received.` }
  const retryAfterMs = typeof retryAfter === 'string' ? parseRetryAfterMs(retryAfter, nowMs) : undefined
  return { outcome: 'failed', response, failure, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

function refused (detail: string): Omit<Exchange, 'atMs' | 'durationMs'> {
  return { outcome: 'refused', failure: { code: 'destination_refused', detail } }
}

function timedOut (timeoutMs: number): AttemptFailure {
  return { code: 'timeout', detail: `The exchange was not complete after ${timeoutMs} ms.` }
}

async function orAbort<T> (work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
