import { createHash } from 'node:crypto'
import { randomToken } from '../../../kernel/index.ts'
import type { LiveSide } from '../side.ts'
import type { HttpAnswer, HttpFailure, HttpRequest } from './http-client.ts'
import { headerOf } from './shape-headers.ts'

/** How an authorization request went that no person answers. */
export type LoginOutcome =
  | { readonly kind: 'code', readonly code: string, readonly verifier: string, readonly form: string, readonly parameters: readonly string[], readonly carrier: 'query' | 'fragment' }
  | { readonly kind: 'stopped', readonly why: string }

interface LoginDeps {
  readonly side: LiveSide
  /** The authorization endpoint. */
  readonly endpoint: string
  readonly send: (request: HttpRequest) => Promise<HttpAnswer | HttpFailure>
  readonly remember: (value: string) => void
}

const HOPS_MAX = 8

/**
 * Asks for a code (RFC 6749 §4.1, with PKCE) for a client that may be let in without a person. It goes along the server's own
 * redirects only, a few of them, with the cookies it is given, and stops at a page.
 */
export async function logIn (deps: LoginDeps): Promise<LoginOutcome> {
  const { side: { client }, remember } = deps
  if (client?.redirectUri === undefined) return { kind: 'stopped', why: 'there is no test client with a redirect_uri' }
  const verifier = randomToken(32)
  const state = randomToken(16)
  remember(verifier)
  remember(state)
  const url = new URL(authorizationUrl(deps, verifier, state))
  const redirect = await walk(deps, url, client.redirectUri)
  if (typeof redirect === 'string') return { kind: 'stopped', why: redirect }
  const carrier = redirect.hash.length > 1 ? 'fragment' : 'query'
  const parameters = carrier === 'fragment' ? new URLSearchParams(redirect.hash.slice(1)) : redirect.searchParams
  const code = parameters.get('code')
  if (code === null) return { kind: 'stopped', why: `it answered ${/^\w{1,40}$/.test(parameters.get('error') ?? '') ? parameters.get('error') ?? '' : 'without a code'}` }
  remember(code)
  const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: client.redirectUri, code_verifier: verifier }).toString()
  return { kind: 'code', code, verifier, form, parameters: [...new Set(parameters.keys())].sort(), carrier }
}

/** An authorization request as it should be. */
export function authorizationUrl ({ side: { client }, endpoint }: Pick<LoginDeps, 'side' | 'endpoint'>, verifier: string, state: string): string {
  const url = new URL(endpoint)
  const parameters = {
    response_type: 'code',
    client_id: client?.clientId ?? '',
    redirect_uri: client?.redirectUri ?? '',
    scope: client?.scope ?? 'openid',
    state,
    nonce: 'sandgate-parity',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(client?.resource === undefined ? {} : { resource: client.resource }),
    ...client?.login,
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

/** @returns where the client is redirected to, or why that never happened */
async function walk (deps: LoginDeps, start: URL, redirectUri: string): Promise<URL | string> {
  const cookies = new Map<string, string>()
  let url = start
  for (let hop = 0; hop < HOPS_MAX; hop++) {
    const answer = await deps.send({ method: 'GET', url: url.href, headers: [['accept', 'text/html'], ...(cookies.size === 0 ? [] : [['cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')] as const])] })
    if (answer.kind === 'failed') return answer.why
    keepCookies(answer, cookies, deps.remember)
    const location = headerOf(answer, 'location')
    if (location === undefined || answer.status < 300 || answer.status > 399) return answer.status < 400 ? 'a page waits for a person' : `it answered ${answer.status}`
    const target = URL.parse(location, url.href)
    if (target === null) return 'it redirected to nowhere'
    if (location.startsWith(redirectUri)) return target
    if (target.origin !== start.origin) return 'it redirected to another host'
    url = target
  }
  return 'it redirected without end'
}

function keepCookies (answer: HttpAnswer, cookies: Map<string, string>, remember: (value: string) => void): void {
  for (const [name, line] of answer.headers) {
    if (name !== 'set-cookie') continue
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    if (at < 1) continue
    remember(pair.slice(at + 1))
    if (/expires=thu, 01 jan 1970|max-age=0/i.test(line)) cookies.delete(pair.slice(0, at).trim())
    else cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim())
  }
}
