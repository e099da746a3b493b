import { isUtf8 } from 'node:buffer'
import { pass, refuse, type Verdict } from '../../kernel/index.ts'
import { parseJsonStrictly } from '../body/parse-json-strictly.ts'
import { isJsonType, readContentType, type ContentType } from '../body/read-content-type.ts'
import type { Arrival, Body, BodyFacts, TargetFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/** Bounds on what is parsed. The size bound is kept while reading. */
export interface ResolveBodyDeps {
  readonly bodyDepthMax: number
}

const NO_BODY: Body = { kind: 'none' }

/**
 * Parses the body, once for everybody. JSON must be well-formed UTF-8 (RFC 8259 §8.1), name each member once (§4), stay
 * within the depth and keep off the names that would reach an object's prototype. Everything is UTF-8: in another charset the
 * scrubber would read other letters than the API.
 *
 * @refuses media_type_unsupported 415 · body_encoding_unsupported 415 · body_malformed 400 · body_too_deep 400 ·
 * body_key_duplicate 400 · body_key_forbidden 400; body_too_large 413 while reading
 */
export function resolveBody ({ bodyDepthMax }: ResolveBodyDeps): Stage<Arrival & TargetFacts, BodyFacts> {
  return {
    name: 'resolve-body',
    phase: 'payload',
    onFault: 'refuse',
    decide: ({ request, payload, target }) => {
      if (payload === undefined || payload.length === 0) return pass({ body: NO_BODY })
      const encoding = request.headers['content-encoding']
      if (encoding !== undefined && encoding !== 'identity') return refuse({ code: 'body_encoding_unsupported', internalDetail: `Content-Encoding ${encoding.slice(0, 40)}` })
      const contentType = readContentType(request.headers['content-type'])
      if (contentType === undefined || !isAccepted(contentType, target.requestMediaTypes)) {
        return refuse({ code: 'media_type_unsupported', internalDetail: `Content-Type ${request.headers['content-type']?.slice(0, 60) ?? '(none)'}; ${target.operationId} takes ${target.requestMediaTypes.join(', ') || 'no body'}, in UTF-8` })
      }
      return parse(payload, contentType.mediaType, bodyDepthMax)
    },
  }
}

function parse (payload: Buffer, mediaType: string, depthMax: number): Verdict<BodyFacts> {
  if (isJsonType(mediaType)) {
    const parsed = parseJsonStrictly(payload, depthMax)
    return parsed.kind === 'parsed' ? pass({ body: { kind: 'json', value: parsed.value } }) : refuse({ code: parsed.code, internalDetail: parsed.detail, publicDetail: parsed.detail })
  }
  if (!isUtf8(payload)) return refuse({ code: 'body_malformed', internalDetail: NOT_UTF8, publicDetail: NOT_UTF8 })
  const text = payload.toString('utf8')
  return pass({ body: { kind: mediaType === 'application/x-www-form-urlencoded' ? 'form' : 'text', text } })
}

const NOT_UTF8 = 'the body is not UTF-8'
const UTF8_CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii'])

function isAccepted ({ mediaType, charsets }: ContentType, accepted: readonly string[]): boolean {
  if (!charsets.every((charset) => UTF8_CHARSETS.has(charset))) return false
  return accepted.includes(mediaType) || (mediaType.startsWith('application/') && isJsonType(mediaType) && accepted.includes('application/*+json'))
}
