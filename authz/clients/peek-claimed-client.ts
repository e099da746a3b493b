import type { IncomingMessage } from 'node:http'
import type { MaybePromise } from '../../stores/ports.ts'
import type { PresentedCertificate } from '../authorization-server.ts'
import type { ClientDirectory } from './client-directory.ts'

/**
 * The client that a request claims to be, from its headers and connection alone: the user part of Basic credentials
 * (RFC 6749 §2.3.1), else the client that is registered for the subject of the presented certificate. A claim, not a fact.
 */
export function peekClaimedClient (deps: {
  readonly clients: ClientDirectory
  readonly certificateOf: (request: IncomingMessage) => PresentedCertificate | undefined
}, request: IncomingMessage): MaybePromise<string | undefined> {
  const basic = readBasicClientId(request.headers.authorization)
  if (basic !== undefined) return basic
  const certificate = deps.certificateOf(request)
  return certificate === undefined ? undefined : deps.clients.findBySubjectDn(certificate.subjectDn)
}

/** The client id of a Basic header, form-decoded as RFC 6749 §2.3.1 has it; undefined when the header is something else or malformed. */
export function readBasicClientId (authorization: string | undefined): string | undefined {
  const credentials = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '')?.[1]
  if (credentials === undefined) return undefined
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1) return undefined
  try {
    return decodeURIComponent(text.slice(0, colon).replaceAll('+', '%20'))
  } catch {
    return undefined
  }
}
