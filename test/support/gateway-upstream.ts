import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as an upstream got it. */
export interface Received {
  readonly method: string
  /** The request target, byte for byte. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: string
}

/** A server behind the gateway, which remembers what reached it. */
export interface TestUpstream {
  readonly url: string
  readonly received: Received[]
  /** Answers the next requests; default: 200 `{"ok":true}`. */
  answer: (request: Received, response: ServerResponse) => void
  readonly stop: () => Promise<void>
}

export async function startUpstream (): Promise<TestUpstream> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const seen: Received = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, rawHeaders: request.rawHeaders, body: Buffer.concat(chunks).toString() }
      received.push(seen)
      upstream.answer(seen, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstream: TestUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: answerJson({ ok: true }),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return upstream
}

export function answerJson (value: unknown, options: { readonly status?: number, readonly headers?: Record<string, string | string[]> } = {}): TestUpstream['answer'] {
  return (_request, response) => {
    response.writeHead(options.status ?? 200, { 'content-type': 'application/json', ...options.headers })
    response.end(JSON.stringify(value))
  }
}

export function answerBytes (contentType: string | undefined, body: string | Buffer, headers: Record<string, string> = {}): TestUpstream['answer'] {
  return (_request, response) => {
    response.writeHead(200, { ...(contentType === undefined ? {} : { 'content-type': contentType }), ...headers })
    response.end(body)
  }
}

/** The configuration of the payments core and a ledger that this upstream runs; `settings` are more lines of the file. */
export function ledgerYaml (upstreamUrl: string, settings: { readonly timeout?: string, readonly requireBoundTokens?: boolean, readonly more?: string } = {}): string {
  const shipped = new URL('../../config/', import.meta.url).pathname
  return `sandboxes:
  client_scopes: [openid, offline_access, profile, email, payments:read, payments:write, ledger:read, ledger:write]
apis:
  - name: payments
    kind: core
    openapi: ${shipped}apis/payments/openapi.yaml
    behaviour: ${shipped}apis/payments/behaviour.yaml
    audience: https://api.payments.example
    scopes: { read: payments:read, write: payments:write }
    require_bound_tokens: false
  - name: ledger
    kind: upstream
    prefix: /ledger
    upstream: ${upstreamUrl}
    audience: https://api.ledger.example
    scopes: { read: ledger:read, write: ledger:write }
    require_bound_tokens: ${settings.requireBoundTokens ?? false}
    timeout: ${settings.timeout ?? '5s'}
${settings.more ?? ''}`
}
