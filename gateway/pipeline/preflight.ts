import type { IncomingMessage } from 'node:http'
import type { AnyFacts } from './facts.ts'

/** Seconds for which a browser need not ask again. */
const MAX_AGE_SECONDS = 3600

/** True for a CORS preflight (Fetch §3.3.2), which no credential comes with. */
export function isPreflight ({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}

/**
 * What a preflight is answered with, beside what every answer has: the methods of the path and the headers that were asked
 * about, for an origin that some client has registered; nothing for others.
 */
export function preflightHeaders ({ origin, request, route }: AnyFacts): Readonly<Record<string, string>> {
  if (origin?.isAllowed !== true) return {}
  const wanted = request.headers['access-control-request-headers']
  return {
    'access-control-allow-methods': route?.allowedMethods?.join(', ') ?? 'OPTIONS',
    ...(typeof wanted === 'string' && /^[\w-]+(?:\s*,\s*[\w-]+)*$/.test(wanted) ? { 'access-control-allow-headers': wanted } : {}),
    'access-control-max-age': String(MAX_AGE_SECONDS),
  }
}
