import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'
import { readContentType } from '../body/read-content-type.ts'
import type { Body, RouteFacts } from '../pipeline/facts.ts'
import { passageOf, type PipelineAdapter } from '../pipeline/fastify.ts'
import type { Passage } from '../pipeline/passage.ts'
import { codeOfUpstreamError, receiveAnswer, type UpstreamResponse } from './upstream-answer.ts'

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

const READING = ['GET', 'HEAD'] as const
const WRITING = ['POST', 'PUT', 'PATCH', 'DELETE'] as const
const MEDIA_TYPES = ['application/json', 'application/*+json', 'application/x-www-form-urlencoded', 'text/plain']
/** Facts about the caller that only we may state, and what must not travel on. Servers that follow CGI read `_` as `-`. */
const WITHHELD = /^(?:x-sandgate-.*|x-forwarded-.*|forwarded|authorization|dpop|cookie|client-cert|client-cert-chain|proxy-.*|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|accept-encoding)$/
const PLAIN = /^(?:host|content-length|content-type|date|if-match|if-none-match)$/

/**
 * Proxies an API through @fastify/http-proxy, behind the same pipeline. The upstream sees scrubbed content and the verified
 * caller in `x-sandgate-*` headers; whatever a client sent under those names is removed, and so are its credentials.
 */
export function registerUpstreamRoutes (app: FastifyInstance, deps: UpstreamRoutesDeps): void {
  // Preflights are answered from these facts; the proxy serves no such route.
  for (const url of [deps.api.prefix, `${deps.api.prefix}/*`]) {
    app.route({ method: 'OPTIONS', url, config: { facts: { ...factsOf(deps.api, deps.api.scopes.read), allowedMethods: [...READING, ...WRITING].sort() } }, handler: (_request, reply) => reply })
  }
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
      preHandler: (request, reply, done) => {
        const passage = passageOf(request)
        if (isPathRefusedByProxy(passage.facts.cleanPath)) {
          deps.adapter.sendRefusal(reply, passage, { code: 'path_invalid', stage: 'resolve-target', internalDetail: 'a segment of the path begins or ends with two dots' })
          return
        }
        handOver(request, passage)
        done()
      },
      replyOptions: {
        rewriteRequestHeaders: (request, headers) => requestHeaders(passageOf(request as unknown as FastifyRequest), headers, deps.scrubText) as never,
        // Nothing is put on the reply before the answer has been read and found fit to send.
        rewriteHeaders: () => ({}),
        retryDelay: () => null,
        onResponse: (request, reply, response) => {
          receiveAnswer(passageOf(request as unknown as FastifyRequest), reply as unknown as FastifyReply, response as unknown as UpstreamResponse, deps)
        },
        onError: (reply, { error }) => {
          const { request } = reply as unknown as FastifyReply
          deps.adapter.sendRefusal(reply as unknown as FastifyReply, passageOf(request), { code: codeOfUpstreamError(error), internalDetail: `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}` })
        },
      },
    })
  }
}

/** @fastify/reply-from takes such a segment for a dot segment and throws. */
function isPathRefusedByProxy (path = ''): boolean {
  return path.includes('/..') || path.includes('../')
}

/** The media type goes on alone: what is sent is UTF-8, and the proxy reads the header more strictly than RFC 9110 has it. */
function handOver (request: FastifyRequest, { facts: { cleanBody, cleanPath = '/', cleanQuery = '' } }: Passage): void {
  request.raw.url = cleanQuery === '' ? cleanPath : `${cleanPath}?${cleanQuery}`
  const mediaType = readContentType(request.headers['content-type'])?.mediaType ?? ''
  if (mediaType === '') delete request.raw.headers['content-type']
  else request.raw.headers['content-type'] = mediaType
  request.body = cleanBody === undefined ? undefined : payloadOf(cleanBody, mediaType)
}

/** The proxy serialises application/json itself, and would take a falsy value for no body: hence the wrapper. */
function payloadOf (body: Body, mediaType: string): unknown {
  switch (body.kind) {
    case 'none': return undefined
    case 'json': return mediaType === 'application/json' ? { toJSON: () => body.value } : JSON.stringify(body.value)
    case 'form':
    case 'text': return body.text
  }
}

function requestHeaders ({ facts }: Passage, headers: IncomingHttpHeaders, scrubText: (text: string, scope: string) => string): IncomingHttpHeaders {
  const { caller, address, requestId = '', traceFlags = '00' } = facts
  const sent: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || WITHHELD.test(name.replaceAll('_', '-'))) continue
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
