import { createSecureContext, getCACertificates } from 'node:tls'
import { Client } from 'undici'
import { connectPinned } from './connect-pinned.ts'
import { createDestinationGuard, type GuardOptions } from './guard-destination.ts'

export interface GuardedFetchOptions extends GuardOptions {
  readonly timeoutMs: number
  /** Longer answers are refused. */
  readonly responseBytesMax: number
  /** Authorities trusted beside the system's, in PEM. */
  readonly caPem?: string
}

/** Fetches what clients of the sandbox name, under the same rules as webhooks: no network that its developers have no business in. */
export interface GuardedFetch {
  /** Why the URL alone forbids it; undefined when it does not. */
  readonly explainRefusal: (url: string) => string | undefined
  /** As `fetch`, with the whole body read. Follows no redirect; rejects when the destination is refused, too slow or too talkative. */
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>
}

/** Makes the function that fetches what clients name. */
export function createGuardedFetch (options: GuardedFetchOptions): GuardedFetch {
  const guard = createDestinationGuard(options)
  const secureContext = options.caPem === undefined ? undefined : createSecureContext({ ca: [...getCACertificates('default'), options.caPem] })

  async function fetchGuarded (input: string | URL, init: RequestInit = {}): Promise<Response> {
    const judged = guard.judgeUrl(String(input))
    if (judged.kind === 'refused') throw new TypeError(judged.detail)
    const signal = AbortSignal.any([AbortSignal.timeout(options.timeoutMs), ...(init.signal instanceof AbortSignal ? [init.signal] : [])])
    const destination = await raceAbort(guard.resolve(judged.url), signal)
    if (destination.kind === 'refused') throw new TypeError(destination.detail)
    const client = new Client(judged.url.origin, {
      connect: connectPinned({ guard, timeoutMs: options.timeoutMs, addresses: destination.addresses, ...(secureContext === undefined ? {} : { secureContext }) }),
      pipelining: 0,
      allowH2: false,
      maxHeaderSize: HEADER_BYTES_MAX,
    })
    try {
      const reply = await client.request({ method: (init.method ?? 'GET'), path: judged.url.pathname + judged.url.search, headers: Object.fromEntries(new Headers(init.headers)), body: bodyOf(init.body), signal })
      const bytes = await readWhole(reply.body, options.responseBytesMax)
      const headers = Object.entries(reply.headers).flatMap(([name, value]) => [value ?? []].flat().map((item): [string, string] => [name, item]))
      return new Response(BODILESS.has(reply.statusCode) ? null : bytes, { status: reply.statusCode, headers })
    } finally {
      client.destroy().catch(() => {})
    }
  }

  return {
    fetch: fetchGuarded,
    explainRefusal: (url) => {
      const judged = guard.judgeUrl(url)
      return judged.kind === 'refused' ? judged.detail : undefined
    },
  }
}

const HEADER_BYTES_MAX = 16_384
/** RFC 9110 §15.3.5, §15.3.6, §15.4.5. */
const BODILESS = new Set([204, 205, 304])

function bodyOf (body: unknown): string | null {
  if (body === undefined || body === null) return null
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString()
  throw new TypeError('only text is sent')
}

async function readWhole (body: AsyncIterable<Buffer>, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > bytesMax) throw new Error(`the answer has more than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks, length))
}

async function raceAbort<T> (work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
