import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { collectBody, isForm } from '../clients/read-token-request.ts'

const FORM_BYTES_MAX = 4096

/** The form of a request; undefined when the body is something else or too large. */
export async function readForm (request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!isForm(request)) return undefined
  const body = await collectBody(request, FORM_BYTES_MAX)
  return body.kind === 'read' ? new URLSearchParams(body.bytes.toString('utf8')) : undefined
}

/** Compares in constant time. */
export function isSameText (a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
