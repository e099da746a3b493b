import type { Json } from '../../../kernel/index.ts'
import type { HttpAnswer } from './http-client.ts'
import { tellName } from './shape-value.ts'

const RATE_LIMIT = /^(?:ratelimit(?:-.+)?|x-rate-?limit-.+|x-ratelimit-.+)$/

/** The value of a header, joined as RFC 9110 §5.3 has it; undefined when it was not sent. */
export function headerOf ({ headers }: HttpAnswer, name: string): string | undefined {
  const values = headers.filter(([given]) => given === name).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(', ')
}

/** What the headers of any answer say that a client or a browser acts on. */
export function shapeHeaders (answer: HttpAnswer): Record<string, Json> {
  const present = (name: string): boolean => headerOf(answer, name) !== undefined
  const limits = [...new Set(answer.headers.map(([name]) => name).filter((name) => RATE_LIMIT.test(name)))].map(tellName).sort()
  return {
    cache_control: directives(headerOf(answer, 'cache-control')),
    pragma: directives(headerOf(answer, 'pragma')),
    strict_transport_security: directives(headerOf(answer, 'strict-transport-security')),
    rate_limit: limits.length === 0 ? null : limits,
    retry_after: present('retry-after') || null,
    dpop_nonce: present('dpop-nonce') || null,
    content_type_options: directives(headerOf(answer, 'x-content-type-options')),
    frame_options: directives(headerOf(answer, 'x-frame-options')),
    content_security_policy: present('content-security-policy') || null,
    referrer_policy: directives(headerOf(answer, 'referrer-policy')),
  }
}

/** The CORS members of an answer (Fetch §3.2), with the origin that was sent told as `the origin`. */
export function shapeCors (answer: HttpAnswer, origin: string): Record<string, Json> {
  const allowed = headerOf(answer, 'access-control-allow-origin')
  return {
    status: answer.status,
    allow_origin: allowed === undefined ? null : allowed === origin ? 'the origin' : allowed === '*' ? '*' : 'another origin',
    allow_methods: list(headerOf(answer, 'access-control-allow-methods')),
    allow_headers: list(headerOf(answer, 'access-control-allow-headers')?.toLowerCase()),
    allow_credentials: headerOf(answer, 'access-control-allow-credentials') === 'true',
    expose_headers: list(headerOf(answer, 'access-control-expose-headers')?.toLowerCase()),
    max_age: list(headerOf(answer, 'access-control-max-age'))?.[0] ?? null,
    vary_origin: (list(headerOf(answer, 'vary')?.toLowerCase()) ?? []).includes('origin'),
  }
}

/** `Bearer error="invalid_token", realm`: schemes, names of parameters, and the values that clients act on (RFC 6750 §3, RFC 9449 §7.1). */
export function shapeChallenge (value: string | undefined): Json {
  if (value === undefined) return null
  const challenges: string[] = []
  for (const [, scheme = '', parameters = ''] of value.slice(0, 2000).matchAll(/(?:^|,\s*)([A-Za-z][\w-]*)(?=\s|$)\s*((?:,?\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s,"]+))*)/g)) {
    challenges.push([tellName(scheme), ...parametersOf(parameters)].join(' '))
  }
  return challenges.length === 0 ? ['malformed'] : challenges.sort()
}

function parametersOf (text: string): string[] {
  return [...text.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)].map(([, name = '', quoted, plain]) => {
    const value = quoted ?? plain ?? ''
    return ['error', 'algs'].includes(name) && /^[\w .-]{1,64}$/.test(value) ? `${name}="${value}"` : tellName(name)
  }).sort()
}

function directives (value: string | undefined): Json {
  return list(value?.toLowerCase())
}

/** A word, perhaps with a short value; what is longer could be anything that the server was sent, and is not kept. */
const DIRECTIVE = /^(?:\*|[\w-]{1,40}(?:="?[\w.:-]{0,24}"?)?)$/

function list (value: string | undefined): string[] | null {
  if (value === undefined) return null
  const items = value.split(/[,;]/).map((item) => item.trim()).filter((item) => item !== '').slice(0, 30).map((item) => DIRECTIVE.test(item) ? item : '…')
  return [...new Set(items)].sort()
}
