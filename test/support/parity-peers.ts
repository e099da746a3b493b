import { createServer, type Server } from 'node:https'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import OAuth2Server from '@node-oauth/oauth2-server'
import { Provider } from 'oidc-provider'
import { OAuth2Issuer, OAuth2Service } from 'oauth2-mock-server'
import type { LiveSide } from '../../authz/index.ts'
import { createRootCertificate, openAuthority } from '../../certs/index.ts'
import { Secret, systemClock } from '../../kernel/index.ts'
import { openEmbeddedStores } from '../../stores/index.ts'

export const PEER_REDIRECT_URI = 'http://127.0.0.1:7777/callback'
const CLIENT = { id: 'peer-client', secret: 'peer-secret-peer-secret-peer-secret' }

/** An authorization server that others wrote, playing production over TLS on loopback. */
export interface Peer {
  readonly side: LiveSide
  /** Hears each request and each answer, as text. */
  readonly onExchange: (listener: (text: string) => void) => void
  readonly close: () => Promise<void>
}

/** Serves a handler over TLS under a certificate of an authority of its own. */
async function serve (handlerOf: (issuer: string) => Promise<RequestListener>): Promise<Peer> {
  const root = await createRootCertificate({ commonName: 'Peer authority', lifetimeMs: 86_400_000, clock: systemClock })
  const stores = openEmbeddedStores({ directory: ':memory:', clock: systemClock, retention: { maxAgeMs: 3_600_000, maxPerStream: 100 } })
  const authority = await openAuthority({ ...root, clock: systemClock, keyValue: stores.keyValue, notices: stores.notices })
  const { certificatePem, keyPem } = await authority.issueServerCertificate({ hosts: ['localhost', '127.0.0.1'], lifetimeMs: 86_400_000 })
  const served: { handler?: RequestListener } = {}
  let listener: (text: string) => void = () => {}
  const server: Server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
    overhear(request, response, (text) => listener(text))
    served.handler?.(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`
  served.handler = await handlerOf(issuer)
  return {
    side: { issuer, authorityPem: root.certificatePem, client: { clientId: CLIENT.id, auth: { method: 'client_secret_basic', secret: new Secret(CLIENT.secret) }, redirectUri: PEER_REDIRECT_URI, scope: 'openid' } },
    onExchange: (added) => { listener = added },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await stores.close()
    },
  }
}

/** Tells what goes in and out, without taking it from the handler. */
function overhear (request: IncomingMessage, response: ServerResponse, tell: (text: string) => void): void {
  tell(`${request.url ?? ''}\n${JSON.stringify(request.headers)}\nauthorization: ${request.headers.authorization ?? ''}`)
  const emit = request.emit.bind(request)
  request.emit = (name: string, ...values: unknown[]) => {
    if (name === 'data') tell(String(values[0]))
    return emit(name, ...values)
  }
  const end = response.end.bind(response) as (...values: unknown[]) => ServerResponse
  response.end = ((...values: unknown[]) => {
    tell(`${JSON.stringify(response.getHeaders())}\n${typeof values[0] === 'string' ? values[0] : ''}`)
    return end(...values)
  }) as ServerResponse['end']
}

/** oauth2-mock-server, as it comes. */
export async function startMockServer (): Promise<Peer> {
  return await serve(async (url) => {
    const issuer = new OAuth2Issuer()
    issuer.url = url
    await issuer.keys.generate('RS256')
    return new OAuth2Service(issuer).requestHandler
  })
}

/** oidc-provider with one client and what it has switched on by itself, without its development pages. */
export async function startBareProvider (): Promise<Peer> {
  return await serve(async (issuer) => {
    const provider = new Provider(issuer, {
      clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [PEER_REDIRECT_URI], grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] }],
      cookies: { keys: ['peer-cookie-key'] },
      features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true }, introspection: { enabled: true }, revocation: { enabled: true } },
    })
    return provider.callback()
  })
}

/** @node-oauth/oauth2-server behind a few lines of node:http: an RFC 6749 server without OpenID Connect, that lets everybody in. */
export async function startNodeOAuth ({ isEchoing = false } = {}): Promise<Peer> {
  return await serve(async (issuer) => {
    const server = new OAuth2Server({ model: createModel() as never })
    const metadata = {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
      response_types_supported: ['code'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      code_challenge_methods_supported: ['S256'],
    }
    return (request, response) => { void answer(server, metadata, isEchoing, request, response) }
  })
}

async function answer (server: OAuth2Server, metadata: object, isEchoing: boolean, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost')
  if (pathname === '/.well-known/oauth-authorization-server') return void response.setHeader('content-type', 'application/json').end(JSON.stringify(metadata))
  if (pathname !== '/token' && pathname !== '/authorize') return void response.writeHead(404).end()
  const outcome = new OAuth2Server.Response({ headers: {} })
  const body = await readBody(request)
  const asked = new OAuth2Server.Request({ method: request.method ?? 'GET', query: Object.fromEntries(searchParams), headers: request.headers as Record<string, string>, body: Object.fromEntries(new URLSearchParams(body)) })
  try {
    if (pathname === '/token') await server.token(asked, outcome)
    else await server.authorize(asked, outcome, { authenticateHandler: { handle: () => ({ id: 'peer-user' }) } })
  } catch (error) {
    const { code = 500, name = 'server_error', message = '' } = error as { readonly code?: number, readonly name?: string, readonly message?: string }
    if (outcome.get('location') === undefined) {
      outcome.status = code
      outcome.body = { error: name, error_description: message }
    }
  }
  if (isEchoing && pathname === '/token' && outcome.status !== 200) {
    const echo = `${body} ${decodeURIComponent(body.replaceAll('+', ' ').replace(/%(?![\da-f]{2})/gi, ''))} ${request.headers.authorization ?? ''}`
    outcome.body = { error: echo.slice(0, 3000), error_description: echo.slice(0, 3000), [echo.slice(0, 200)]: 1 }
    outcome.headers = { 'cache-control': echo.slice(0, 500).replace(/[^\x20-\x7e]/g, ''), 'www-authenticate': `Basic realm="${echo.slice(0, 500).replace(/[^\x20-\x7e]|"/g, '')}"` }
  }
  response.writeHead(outcome.status ?? 200, { ...outcome.headers, 'content-type': 'application/json' })
  response.end(JSON.stringify(outcome.body ?? {}))
}

async function readBody (request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** The storage that the library asks for, in memory. */
function createModel (): object {
  const codes = new Map<string, Record<string, unknown>>()
  const refreshTokens = new Map<string, Record<string, unknown>>()
  return {
    getClient: (id: string, secret: string | null) => id === CLIENT.id && (secret === null || secret === CLIENT.secret) ? { id, grants: ['authorization_code', 'client_credentials', 'refresh_token'], redirectUris: [PEER_REDIRECT_URI] } : false,
    getUserFromClient: () => ({ id: 'peer-client-user' }),
    saveAuthorizationCode: (code: Record<string, unknown>, client: object, user: object) => {
      const kept = { ...code, client, user }
      codes.set(String(code['authorizationCode']), kept)
      return kept
    },
    getAuthorizationCode: (code: string) => codes.get(code) ?? false,
    revokeAuthorizationCode: (code: Record<string, unknown>) => codes.delete(String(code['authorizationCode'])),
    saveToken: (token: Record<string, unknown>, client: object, user: object) => {
      const kept = { ...token, client, user }
      if (token['refreshToken'] !== undefined) refreshTokens.set(String(token['refreshToken']), kept)
      return kept
    },
    getRefreshToken: (token: string) => refreshTokens.get(token) ?? false,
    revokeToken: (token: Record<string, unknown>) => refreshTokens.delete(String(token['refreshToken'])),
    validateScope: (_user: object, _client: object, scope: string[] | undefined) => scope ?? [],
  }
}
