import type { IncomingMessage } from 'node:http'
import { readBasicClientId } from './peek-claimed-client.ts'

/** What a request to the token surface says about itself. Claims, not facts: nothing is verified yet. */
export interface TokenRequestPeek {
  readonly claimedClientId?: string
  /** `username` of the form, for rules about guessing. */
  readonly username?: string
  readonly grantType?: string
  /** The body is longer than was allowed; oidc-provider will answer 400 to it. */
  readonly isTooLarge?: true
  /** The peer went away while sending. */
  readonly isIncomplete?: true
}

/** The body limit of oidc-provider, in bytes; a larger `bytesMax` has no effect on what it takes. */
export const TOKEN_BODY_BYTES_MAX = 56 * 1024

const PEEKED = Symbol('peeked token request')
type Peekable = IncomingMessage & { [PEEKED]?: TokenRequestPeek }

/**
 * Reads the form of a token-surface request before dispatch and leaves oidc-provider able to read it again, byte for byte.
 *
 * oidc-provider reads `request.iterator()` if `request.readable`, and otherwise warns and falls back to a parsed `body`. So
 * both are shadowed on this one request by what was read. Other media types are left unread: the library refuses them by
 * name. Reading twice gives the first answer.
 *
 * @param bytesMax where reading stops, at most `TOKEN_BODY_BYTES_MAX`
 */
export async function readTokenRequest (request: IncomingMessage, bytesMax: number): Promise<TokenRequestPeek> {
  const peekable: Peekable = request
  const known = peekable[PEEKED]
  if (known !== undefined) return known
  const fromHeaders = describeHeaders(request)
  if (!isForm(request)) return fromHeaders
  const body = await collectBody(request, Math.min(bytesMax, TOKEN_BODY_BYTES_MAX))
  replayBody(request, body)
  const peek = body.kind === 'read' ? describeForm(body.bytes, fromHeaders) : body.kind === 'too large' ? { ...fromHeaders, isTooLarge: true as const } : { ...fromHeaders, isIncomplete: true as const }
  peekable[PEEKED] = peek
  return peek
}

type CollectedBody = { readonly kind: 'read', readonly bytes: Buffer } | { readonly kind: 'too large' } | { readonly kind: 'incomplete' }

/** Reads a body up to a limit; never throws and never destroys the request. */
export async function collectBody (request: IncomingMessage, bytesMax: number): Promise<CollectedBody> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > bytesMax) return { kind: 'too large' }
      chunks.push(chunk)
    }
  } catch {
    return { kind: 'incomplete' }
  }
  return { kind: 'read', bytes: Buffer.concat(chunks, length) }
}

/** True for `application/x-www-form-urlencoded` with any parameters. */
export function isForm (request: IncomingMessage): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers['content-type'] ?? '')
}

function replayBody (request: IncomingMessage, body: CollectedBody): void {
  async function * replay (): AsyncGenerator<Buffer> {
    if (body.kind !== 'read') throw new Error(`the request body is ${body.kind}`)
    if (body.bytes.length > 0) yield body.bytes
  }
  Object.defineProperties(request, {
    readable: { configurable: true, get: () => true },
    iterator: { configurable: true, value: replay },
  })
}

function describeHeaders (request: IncomingMessage): TokenRequestPeek {
  const claimedClientId = readBasicClientId(request.headers.authorization)
  return claimedClientId === undefined ? {} : { claimedClientId }
}

function describeForm (bytes: Buffer, fromHeaders: TokenRequestPeek): TokenRequestPeek {
  const form = new URLSearchParams(bytes.toString('utf8'))
  const claimedClientId = fromHeaders.claimedClientId ?? form.get('client_id') ?? readAssertionSubject(form.get('client_assertion'))
  const username = form.get('username')
  const grantType = form.get('grant_type')
  return {
    ...(claimedClientId === undefined ? {} : { claimedClientId }),
    ...(username === null ? {} : { username }),
    ...(grantType === null ? {} : { grantType }),
  }
}

/** The `sub` of a client assertion (RFC 7523 §3), unverified. */
function readAssertionSubject (assertion: string | null): string | undefined {
  const payload = assertion?.split('.')[1]
  if (payload === undefined) return undefined
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { sub?: unknown } | null
    return typeof claims?.sub === 'string' ? claims.sub : undefined
  } catch {
    return undefined
  }
}
