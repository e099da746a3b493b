import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { readProduction, type ReadOptions } from '../../../../authz/index.ts'
import { DOCUMENT_BYTES_MAX } from '../../../../authz/parity/import/read-production.ts'
import { startTestGateway } from '../../../support/gateway.ts'

type Handler = (path: string, response: ServerResponse, origin: string) => void

/** A server of the test's own on loopback; `asked` are the paths that were asked for. */
async function serve (t: Test, handler: Handler): Promise<{ readonly origin: string, readonly asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request: IncomingMessage, response) => {
    asked.push(request.url ?? '')
    handler(request.url ?? '', response, origin)
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.teardown(() => { server.close() })
  return { origin, asked }
}

function json (response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
}

function answer (status: number, body = '', headers: Record<string, string> = {}): Handler {
  return (_path, response) => { response.writeHead(status, headers).end(body) }
}

const read = async (options: Partial<ReadOptions>) => await readProduction({ isTransportWanted: false, timeoutMs: 2000, ...options })
const OPENID = '/.well-known/openid-configuration'
const OAUTH = '/.well-known/oauth-authorization-server'

t.test('a server that cannot be read is told in one sentence, with the cause', async (t) => {
  const rows: ReadonlyArray<readonly [name: string, handler: Handler, cause: string, why: RegExp]> = [
    ['nothing there', answer(404), 'missing', /openid-configuration answers 404; .*oauth-authorization-server answers 404/],
    ['an error', answer(503), 'unusable', /answers 503/],
    ['a login page', answer(200, '<!doctype html><html></html>', { 'content-type': 'text/html' }), 'unusable', /answers 200, but it is not JSON \(text\/html\)/],
    ['JSON that is no object', answer(200, '[1]', { 'content-type': 'application/json' }), 'unusable', /it is JSON, but no object of metadata/],
    ['nothing at all', answer(200), 'unusable', /it is not JSON/],
    ['a redirect', answer(302, '', { location: 'https://elsewhere.example.com/x' }), 'unusable', /redirects to https:\/\/elsewhere\.example\.com\/x; .*not followed/],
    ['a redirect to nowhere', answer(301), 'unusable', /redirects; /],
    ['too much', answer(200, `{"issuer":"${'a'.repeat(DOCUMENT_BYTES_MAX)}"}`), 'unusable', /more than 524288 bytes/],
    ['another issuer', (_path, response) => json(response, { issuer: 'https://auth.example.com' }), 'unusable', /names another issuer, https:\/\/auth\.example\.com, than http:\/\/127\.0\.0\.1:\d+ .*import https:\/\/auth\.example\.com/],
    ['no issuer', (_path, response) => json(response, {}), 'unusable', /names another issuer, none/],
    ['a connection that breaks', (_path, response) => { response.destroy() }, 'unreachable', /closed without an answer \(ECONNRESET\)/],
    ['silence', () => undefined, 'unreachable', /no answer in time/],
  ]
  for (const [name, handler, cause, why] of rows) {
    const { origin } = await serve(t, handler)
    t.match(await read({ issuer: origin, timeoutMs: 500 }), { kind: 'failed', cause, why }, name)
  }
  t.match(await read({ issuer: 'http://127.0.0.1:1' }), { kind: 'failed', cause: 'unreachable', why: /refused \(ECONNREFUSED\)/ })
})

t.test('a certificate that is not trusted is told as such, and a given CA is trusted', async (t) => {
  const gateway = await startTestGateway()
  t.teardown(gateway.stop)
  t.match(await read({ issuer: gateway.publicUrl }), { kind: 'failed', cause: 'unreachable', why: /its certificate is not trusted/ })
  const outcome = await read({ issuer: gateway.publicUrl, authorityPem: gateway.authorityPem, isTransportWanted: true })
  t.match(outcome, { kind: 'read', production: { metadata: { issuer: gateway.publicUrl }, notes: [] } })
  if (outcome.kind !== 'read') return
  t.ok(outcome.production.keys.length > 0, 'the keys were read')
  t.match(outcome.production.transport, [
    { member: 'token_endpoint', versions: ['TLSv1.2', 'TLSv1.3'], asksForCertificate: false },
    { member: 'mtls_endpoint_aliases.token_endpoint', versions: ['TLSv1.2', 'TLSv1.3'], asksForCertificate: true },
  ])
})

t.test('documents are looked for where the specifications put them', async (t) => {
  t.test('at the root for an issuer without a path; both are merged, OpenID Connect\'s first', async (t) => {
    const { origin, asked } = await serve(t, (path, response, issuer) => json(response, path === OPENID ? { issuer, jwks_uri: null, a: 1, b: 1 } : { issuer, b: 2, c: 3 }))
    t.match(await read({ issuer: origin }), { kind: 'read', production: { metadata: { issuer: origin, a: 1, b: 1, c: 3 }, notes: [/do not say the same of b;/] } })
    t.strictSame(asked, [OPENID, OAUTH])
  })
  t.test('after the path for OpenID Connect and before it for RFC 8414', async (t) => {
    const { origin, asked } = await serve(t, (path, response, at) => path.startsWith(OAUTH) ? json(response, { issuer: `${at}/realms/x` }) : answer(404)(path, response, at))
    t.match(await read({ issuer: `${origin}/realms/x` }), { kind: 'read', production: { metadata: { issuer: `${origin}/realms/x` } } })
    t.strictSame(asked.slice(0, 2), [`/realms/x${OPENID}`, `${OAUTH}/realms/x`])
  })
  t.test('after the path for RFC 8414 too, as some servers have it', async (t) => {
    const { origin } = await serve(t, (path, response, at) => path === `/default${OAUTH}` ? json(response, { issuer: `${at}/default` }) : answer(404)(path, response, at))
    t.match(await read({ issuer: `${origin}/default` }), { kind: 'read' })
  })
  t.test('at the address itself, if that is a document\'s', async (t) => {
    const { origin, asked } = await serve(t, (_path, response, issuer) => json(response, { issuer }))
    t.match(await read({ issuer: `${origin}${OPENID}` }), { kind: 'read', production: { notes: [] } })
    t.strictSame(asked, [OPENID])
    const other = await serve(t, (_path, response) => json(response, { issuer: 'https://auth.example.com' }))
    t.match(await read({ issuer: `${other.origin}${OPENID}` }), { kind: 'read', production: { notes: [/names the issuer https:\/\/auth\.example\.com, whose documents are not at/] } })
  })
  t.test('an issuer that differs in its last slash, or is a template for tenants, is taken with a note', async (t) => {
    const slash = await serve(t, (_path, response, at) => json(response, { issuer: `${at}/` }))
    t.match(await read({ issuer: slash.origin }), { kind: 'read', production: { notes: [/written with a slash at its end/] } })
    const template = await serve(t, (_path, response, at) => json(response, { issuer: `${at}/{tenantid}/v2.0` }))
    t.match(await read({ issuer: `${template.origin}/common/v2.0` }), { kind: 'read', production: { notes: [/template/] } })
  })
})

t.test('keys that cannot be read are a note, and the rest is imported', async (t) => {
  for (const [name, handler, note] of [
    ['missing', answer(404), /were not read: it answers 404/],
    ['no key set', answer(200, '{}'), /its answer is no JSON Web Key Set/],
    ['a page', answer(200, '<html>'), /its answer is no JSON Web Key Set/],
    ['gone', (_path, response) => { response.destroy() }, /closed without an answer/],
  ] as ReadonlyArray<readonly [string, Handler, RegExp]>) {
    const { origin } = await serve(t, (path, response, issuer) => path === '/jwks' ? handler(path, response, issuer) : json(response, { issuer, jwks_uri: `${issuer}/jwks` }))
    t.match(await read({ issuer: origin }), { kind: 'read', production: { keys: [], notes: [note] } }, name)
  }
  const { origin } = await serve(t, (path, response, issuer) => json(response, path === '/jwks' ? { keys: [{ kty: 'EC', crv: 'P-256' }, null, 'x'] } : { issuer, jwks_uri: `${issuer}/jwks` }))
  t.match(await read({ issuer: origin }), { kind: 'read', production: { keys: [{ kty: 'EC' }], notes: [] } })
  t.match(await read({ issuer: origin, keysText: '{"keys":[{"kty":"RSA"}]}' }), { kind: 'read', production: { keys: [{ kty: 'RSA' }] } }, 'a file goes before')
  t.match(await read({ issuer: origin, keysText: '{}' }), { kind: 'failed', cause: 'unusable', why: /--jwks holds no JSON Web Key Set/ })
})

t.test('a file is read without asking anybody for anything', async (t) => {
  const { origin, asked } = await serve(t, answer(200, '{"keys":[]}'))
  t.match(await read({ text: JSON.stringify({ issuer: 'https://auth.example.com', jwks_uri: `${origin}/jwks` }) }), { kind: 'read', production: { keys: [], notes: [/give them with --jwks/] } })
  t.strictSame(asked, [])
  t.match(await read({ text: '\ufeff{"issuer":"https://auth.example.com"}' }), { kind: 'read' }, 'a byte order mark does no harm')
  t.match(await read({ text: 'not json' }), { kind: 'failed', cause: 'unusable', why: 'it is not JSON' })
  t.match(await read({ text: `"${'a'.repeat(DOCUMENT_BYTES_MAX)}"` }), { kind: 'failed', why: /larger than/ })
})
