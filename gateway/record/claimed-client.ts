import type { IncomingMessage } from 'node:http'

const PAYLOAD_LENGTH_MAX = 8192

/**
 * The client that a bearer token names (`client_id`, RFC 9068 §2.2), without verifying anything: for telling the owner of a
 * client why its request was refused before the token was looked at. It opens nothing.
 */
export function readClaimedClient ({ headers: { authorization } }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const payload = /^bearer [^.]+\.([^.]+)\./i.exec(authorization ?? '')?.[1]
  if (payload === undefined || payload.length > PAYLOAD_LENGTH_MAX) return undefined
  try {
    const { client_id: clientId } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { readonly client_id?: unknown }
    return typeof clientId === 'string' ? clientId : undefined
  } catch {
    return undefined
  }
}
