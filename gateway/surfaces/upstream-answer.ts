import type { FastifyReply } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { ErrorCode, Json } from '../../kernel/index.ts'
import { isJsonType, readContentType } from '../body/read-content-type.ts'
import type { Reply } from '../pipeline/facts.ts'
import type { PipelineAdapter } from '../pipeline/fastify.ts'
import type { Passage } from '../pipeline/passage.ts'

/** What an upstream sent, of which nothing is on the reply yet. */
export interface UpstreamResponse { readonly statusCode: number, readonly headers: IncomingHttpHeaders, readonly stream: Readable }

export interface UpstreamAnswerDeps {
  readonly adapter: PipelineAdapter
  readonly scrubText: (text: string, scope: string) => string
}

const RESPONSE_BYTES_MAX = 10 * 1024 * 1024

/**
 * Reads an upstream's answer whole and hands it to the stages that look at replies. What cannot be read as text cannot be
 * scrubbed, and is withheld with its headers.
 *
 * @refuses response_unsafe 502 · upstream_unreachable 502 when it breaks off · upstream_timeout 504 when it stalls
 */
export function receiveAnswer (passage: Passage, reply: FastifyReply, response: UpstreamResponse, deps: UpstreamAnswerDeps): void {
  const { stream } = response
  const chunks: Buffer[] = []
  let bytes = 0
  let isSettled = false
  const settle = (act: () => void): void => {
    if (isSettled || reply.sent || passage.refusal !== undefined) return
    isSettled = true
    try {
      act()
    } catch (fault) {
      void reply.send(fault)
    }
  }
  const fail = (code: ErrorCode, internalDetail: string): void => settle(() => {
    stream.destroy()
    deps.adapter.sendRefusal(reply, passage, { code, internalDetail })
  })
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > RESPONSE_BYTES_MAX) fail('response_unsafe', `the upstream's answer exceeds ${RESPONSE_BYTES_MAX} bytes`)
    else chunks.push(chunk)
  })
  stream.on('error', (error) => fail(codeOfUpstreamError(error), `the upstream's answer broke off: ${error.message}`))
  stream.on('end', () => settle(() => {
    const answer = readAnswer(Buffer.concat(chunks), response, passage.facts.caller?.sandboxId ?? '', deps)
    if (typeof answer === 'string') deps.adapter.sendRefusal(reply, passage, { code: 'response_unsafe', internalDetail: answer })
    else deps.adapter.sendReply(reply, passage, answer)
  }))
}

/** Slow, or gone? */
export function codeOfUpstreamError (error: Error): 'upstream_timeout' | 'upstream_unreachable' {
  return /timeout/i.test(error.name + error.message) ? 'upstream_timeout' : 'upstream_unreachable'
}

/** The answer, or why it cannot be read. */
function readAnswer (bytes: Buffer, { statusCode, headers: sent }: UpstreamResponse, scope: string, { scrubText }: UpstreamAnswerDeps): Reply | string {
  const headers = responseHeaders(sent, (value) => scrubText(value, scope))
  if (bytes.length === 0) return { status: statusCode, headers }
  const encoding = sent['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') return `the upstream answered in the content encoding ${encoding}, which it was asked not to use`
  const contentType = readContentType(sent['content-type'])
  if (contentType === undefined || !isTextual(contentType.mediaType)) return `the upstream answered with the type ${sent['content-type'] ?? '(none)'}, which cannot be scrubbed`
  const { mediaType, charsets } = contentType
  const text = decode(bytes, charsets)
  if (text === undefined) return `the upstream's answer is not in its charset ${charsets.join(', ') || 'utf-8'}`
  if (!isJsonType(mediaType)) return { status: statusCode, headers: charsets.length === 0 ? headers : { ...headers, 'content-type': `${mediaType}; charset=utf-8` }, text }
  try {
    return { status: statusCode, headers: charsets.length === 0 ? headers : { ...headers, 'content-type': mediaType }, body: JSON.parse(text) as Json }
  } catch {
    return 'the upstream answered with JSON that is none'
  }
}

/** Of one connection, or about bytes that are not sent on. */
const DROPPED = /^(?:connection|keep-alive|transfer-encoding|te|trailer|upgrade|proxy-.*|content-length|content-encoding|content-md5|content-digest|repr-digest|accept-ranges)$/
/** What the gateway itself says on every answer. */
const OURS = /^(?:x-request-id|ratelimit(?:-.*)?|access-control-.*)$/
const PLAIN = /^(?:content-type|date|etag|last-modified|expires|cache-control|vary|age|retry-after|content-language)$/
/** RFC 9110 §5.5; Node refuses to send anything else. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

function responseHeaders (headers: IncomingHttpHeaders, scrub: (value: string) => string): Record<string, string | readonly string[]> {
  const kept: Record<string, string | readonly string[]> = {}
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || DROPPED.test(name) || OURS.test(name) || named.has(name)) continue
    const values = (Array.isArray(value) ? value : [value]).map((each) => PLAIN.test(name) ? each : scrub(each)).filter((each) => FIELD_VALUE.test(each))
    if (values.length > 0) kept[name] = Array.isArray(value) ? values : values[0] as string
  }
  return kept
}

function isTextual (mediaType: string): boolean {
  return isJsonType(mediaType) || mediaType.startsWith('text/') || mediaType === 'application/xml' || mediaType.endsWith('+xml')
}

function decode (bytes: Buffer, charsets: readonly string[]): string | undefined {
  if (charsets.length > 1) return undefined
  try {
    return new TextDecoder(charsets[0] ?? 'utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
