import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { Json } from '../../kernel/index.ts'
import type { Body, Reply, RouteFacts } from '../pipeline/facts.ts'
import { passageOf, type PipelineAdapter } from '../pipeline/fastify.ts'
import type { Passage } from '../pipeline/passage.ts'

/** An API that another server runs. */
export interface UpstreamRoutesDeps {
  readonly api: {
    readonly name: string
    readonly prefix: string
    readonly upstream: string
    readonly audience: string
    readonly scopes: { readonly read: string, readonly write: string }
    readonly requireBoundTokens: boolean
    readonly timeoutMs: number
  }
  readonly adapter: PipelineAdapter
  readonly scrubText: (text: string, scope: string) => string
}

const RESPONSE_BYTES_MAX = 10 * 1024 * 1024
const READING = ['GET', 'HEAD'] as const
const WRITING = ['POST', 'PUT', 'PATCH', 'DELETE'] as const
const MEDIA_TYPES = ['application/json', 'application/*+json', 'application/x-www-form-urlencoded', 'text/plain']
/** Facts about the caller that only we may state, and what must not travel on. */
const WITHHELD = /^(?:x-sandgate-.*|x-forwarded-.*|forwarded|authorization|cookie|client-cert|client-cert-chain|proxy-.*|te|trailer|upgrade|expect|accept-encoding)$/
const PLAIN = /^(?:host|content-length|content-type|accept|connection|date|if-match|if-none-match|idempotency-key)$/

/**
 * Proxies an API through @fastify/http-proxy, behind the same pipeline. The upstream sees scrubbed content and the verified
 * caller in `x-sandgate-*` headers; whatever a client sent under those names is removed, and so are its credentials.
 */
export function registerUpstreamRoutes (app: FastifyInstance, deps: UpstreamRoutesDeps): void {
  for (const [methods, scope] of [[READING, deps.api.scopes.read], [WRITING, deps.api.scopes.write]] as const) {
    void app.register(httpProxy, {
      upstream: deps.api.upstream,
      prefix: deps.api.prefix,
      rewritePrefix: deps.api.prefix,
      httpMethods: [...methods],
      proxyPayloads: false,
      disableRequestLogging: true,
      undici: { headersTimeout: deps.api.timeoutMs, bodyTimeout: deps.api.timeoutMs },
      config: { facts: factsOf(deps.api, scope) },
      preHandler: (request, _reply, done) => {
        handOver(request)
        done()
      },
      replyOptions: {
        rewriteRequestHeaders: (request, headers) => requestHeaders(passageOf(request as unknown as FastifyRequest), headers, deps.scrubText) as never,
        rewriteHeaders: (headers) => responseHeaders(headers),
        retryDelay: () => null,
        onResponse: (request, reply, response) => {
          receive(passageOf(request as unknown as FastifyRequest), reply as unknown as FastifyReply, response, deps.adapter)
        },
        onError: (reply, { error }) => {
          const { request } = reply as unknown as FastifyReply
          const isTimeout = /timeout/i.test(error.name + error.message)
          deps.adapter.sendRefusal(reply as unknown as FastifyReply, passageOf(request), { code: isTimeout ? 'upstream_timeout' : 'upstream_unreachable', internalDetail: `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}` })
        },
      },
    })
  }
}

function handOver (request: FastifyRequest): void {
  const { cleanBody, cleanPath = '/', cleanQuery = '' } = passageOf(request).facts
  request.raw.url = cleanQuery === '' ? cleanPath : `${cleanPath}?${cleanQuery}`
  request.body = cleanBody === undefined ? undefined : payloadOf(cleanBody, request.headers['content-type'])
}

/** The proxy serialises application/json itself, and would take a falsy value for no body: hence the wrapper. */
function payloadOf (body: Body, contentType = ''): unknown {
  switch (body.kind) {
    case 'none': return undefined
    case 'json': return /^application\/json\b/i.test(contentType.trim()) ? { toJSON: () => body.value } : JSON.stringify(body.value)
    case 'form':
    case 'text': return body.text
  }
}

function requestHeaders ({ facts }: Passage, headers: IncomingHttpHeaders, scrubText: (text: string, scope: string) => string): IncomingHttpHeaders {
  const { caller, address, requestId = '', traceFlags = '00' } = facts
  const sent: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || WITHHELD.test(name)) continue
    sent[name] = PLAIN.test(name) || typeof value !== 'string' ? value : scrubText(value, caller?.sandboxId ?? '')
  }
  return {
    ...sent,
    'accept-encoding': 'identity',
    traceparent: `00-${requestId}-${requestId.slice(0, 16)}-${traceFlags}`,
    'x-forwarded-for': address ?? '',
    'x-forwarded-proto': 'https',
    'x-sandgate-request': requestId,
    'x-sandgate-sandbox': caller?.sandboxId ?? '',
    ...(caller?.clientId === undefined ? {} : { 'x-sandgate-client': caller.clientId }),
    ...(caller?.subject === undefined ? {} : { 'x-sandgate-subject': caller.subject }),
    'x-sandgate-scope': caller?.scopes.join(' ') ?? '',
  }
}

function responseHeaders (headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { 'content-length': _length, 'transfer-encoding': _coding, connection: _connection, 'keep-alive': _alive, ...kept } = headers
  return kept
}

function receive (passage: Passage, reply: FastifyReply, { stream }: { readonly stream: Readable }, adapter: PipelineAdapter): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const fail = (internalDetail: string): void => {
    stream.destroy()
    adapter.sendRefusal(reply, passage, { code: 'response_unsafe', internalDetail })
  }
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > RESPONSE_BYTES_MAX) fail(`the upstream's answer exceeds ${RESPONSE_BYTES_MAX} bytes`)
    else chunks.push(chunk)
  })
  stream.on('error', (error) => fail(`the upstream's answer broke off: ${error.message}`))
  stream.on('end', () => {
    if (reply.sent || passage.refusal !== undefined) return
    const answer = readAnswer(Buffer.concat(chunks), String(reply.getHeader('content-type') ?? ''), reply.statusCode)
    if (answer === undefined) fail(`the upstream answered with the type ${String(reply.getHeader('content-type'))}, which cannot be scrubbed`)
    else adapter.sendReply(reply, passage, answer)
  })
}

function readAnswer (bytes: Buffer, contentType: string, status: number): Reply | undefined {
  const headers = contentType === '' ? {} : { 'content-type': contentType }
  if (bytes.length === 0) return { status, headers }
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (mediaType === 'application/json' || mediaType.endsWith('+json')) {
    try {
      return { status, headers, body: JSON.parse(bytes.toString('utf8')) as Json }
    } catch {
      return undefined
    }
  }
  return mediaType.startsWith('text/') || mediaType === 'application/xml' || mediaType.endsWith('+xml') ? { status, headers, text: bytes.toString('utf8') } : undefined
}

function factsOf (api: UpstreamRoutesDeps['api'], scope: string): RouteFacts {
  return {
    template: `${api.prefix}/*`,
    operationId: api.name,
    api: api.name,
    audiences: [api.audience],
    scopes: [scope],
    requireBoundToken: api.requireBoundTokens,
    credentials: [],
    requestMediaTypes: MEDIA_TYPES,
  }
}
