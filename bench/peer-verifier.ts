import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Materials } from './protocol.ts'

interface Verified { readonly token: string, readonly expiresAtS: number, readonly thumbprint: unknown }

const KEPT_MAX = 10_000
const VERDICT_SECONDS_MAX = 30

/**
 * What nginx asks by auth_request: signature, issuer, audience and expiry of the token, and that it is bound to the certificate
 * that nginx saw. Written as a careful team would for speed: synchronous, verified tokens and thumbprints of certificates kept
 * in memory, expiry and binding checked at each use.
 */
export function answerVerifications (materials: Materials): (request: IncomingMessage, response: ServerResponse) => void {
  const key = createPublicKey(readFileSync(materials.issuerKeyFile))
  const verified = new Map<string, Verified>()
  const thumbprints = new Map<string, string>()
  const thumbprintOf = (escapedPem: string): string => {
    const known = thumbprints.get(escapedPem)
    if (known !== undefined) return known
    const der = Buffer.from(decodeURIComponent(escapedPem).replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64')
    const thumbprint = createHash('sha256').update(der).digest('base64url')
    keep(thumbprints, escapedPem, thumbprint)
    return thumbprint
  }
  const find = (token: string): Verified | undefined => {
    const known = verified.get(token.slice(-32))
    if (known?.token === token) return known
    const fresh = verifyToken(token, key, materials)
    if (fresh !== undefined) keep(verified, token.slice(-32), fresh)
    return fresh
  }
  return (request, response) => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const certificate = request.headers['x-client-certificate']
    const found = token === undefined ? undefined : find(token)
    const secondsLeft = found === undefined ? 0 : Math.floor(found.expiresAtS - Date.now() / 1000)
    const isAllowed = found !== undefined && secondsLeft > 0 && typeof certificate === 'string' && thumbprintOf(certificate) === found.thumbprint
    response.writeHead(isAllowed ? 204 : 401, { 'cache-control': isAllowed ? `max-age=${Math.min(VERDICT_SECONDS_MAX, secondsLeft)}` : 'no-store' })
    response.end()
  }
}

function keep<T> (map: Map<string, T>, key: string, value: T): void {
  if (map.size >= KEPT_MAX) map.delete(map.keys().next().value ?? '')
  map.set(key, value)
}

function verifyToken (token: string, key: KeyObject, { issuer, audience }: Materials): Verified | undefined {
  const [header = '', payload = '', signature = ''] = token.split('.')
  try {
    if ((JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg?: unknown }).alg !== 'ES256') return undefined
    if (!verify('sha256', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))) return undefined
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { iss?: unknown, aud?: unknown, exp?: unknown, cnf?: { 'x5t#S256'?: unknown } }
    if (claims.iss !== issuer || claims.aud !== audience || typeof claims.exp !== 'number') return undefined
    return { token, expiresAtS: claims.exp, thumbprint: claims.cnf?.['x5t#S256'] }
  } catch {
    return undefined
  }
}
