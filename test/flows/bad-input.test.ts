import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import type { NewSandbox } from '../../gateway/control/index.ts'
import { startTestGateway, type Answer, type TestGateway } from '../support/gateway.ts'

/** Everything hostile that a client can send, one by one: each gets a clear refusal, and the gateway goes on. */
t.test('bad input', async (t) => {
  const sandgate = await startTestGateway({ 'limits.address.limit': 100000, 'limits.address.burst': 10000, 'abuse.mode': 'report' })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public' })
  const post = async (body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
    await sandgate.call('POST', '/v1/customers', { token, body, headers: { 'content-type': 'application/json', ...headers } })

  t.test('bodies', async (t) => {
    const cases: ReadonlyArray<readonly [string, string | Buffer, Record<string, string>, number, string]> = [
      ['malformed JSON', '{"name":', {}, 400, 'body_malformed'],
      ['no JSON at all', 'name=Jane', {}, 400, 'body_malformed'],
      ['50 levels deep', `${'['.repeat(50)}${']'.repeat(50)}`, {}, 400, 'body_too_deep'],
      ['2 MB', JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024) }), {}, 413, 'body_too_large'],
      ['a member named twice', '{"name":"a","name":"b"}', {}, 400, 'body_key_duplicate'],
      ['a member named twice, once in escapes', '{"name":"a","\\u006eame":"b"}', {}, 400, 'body_key_duplicate'],
      ['a member named twice, deep inside', '{"metadata":{"a":[{"b":1,"b":2}]}}', {}, 400, 'body_key_duplicate'],
      ['__proto__', '{"name":"a","__proto__":{"isAdmin":true}}', {}, 400, 'body_key_forbidden'],
      ['constructor.prototype', '{"constructor":{"prototype":{"isAdmin":true}}}', {}, 400, 'body_key_forbidden'],
      ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), {}, 400, 'body_malformed'],
      ['a wrong content type', '<a/>', { 'content-type': 'application/xml' }, 415, 'media_type_unsupported'],
      ['an unknown media type', 'x', { 'content-type': 'application/x-made-up' }, 415, 'media_type_unsupported'],
      ['a content type that is none', 'x', { 'content-type': '!!' }, 415, 'media_type_unsupported'],
      ['a compressed body', Buffer.from([0x1f, 0x8b]), { 'content-encoding': 'gzip' }, 415, 'body_encoding_unsupported'],
    ]
    for (const [name, body, headers, status, code] of cases) {
      const answer = await post(body, headers)
      t.equal(answer.status, status, name)
      t.match(answer.json, { code, status, title: String, type: /^https:/ }, `${name}: says so as a problem document`)
      t.match(answer.headers['content-type'], /^application\/problem\+json/)
    }
    t.notOk(({} as { isAdmin?: boolean }).isAdmin, 'no prototype was polluted')
    t.equal((await post('{"name":"after all that"}')).status, 201, 'the gateway goes on')
  })

  t.test('paths', async (t) => {
    const paths = ['/v1/customers/a%2Fb', '/v1/customers/..%2f..%2fadmin', '/v1/customers/%2e%2e/payments', '/v1//customers', '/v1/customers/a%5Cb', '/v1/customers/a%00b']
    for (const path of paths) {
      const { status, text } = await sendRaw(sandgate, `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`)
      t.equal(status, 400, path)
      t.match(text, 'path_invalid', path)
    }
    const dots = await sendRaw(sandgate, `GET /v1/customers/../payments HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`)
    t.equal(dots.status, 400, 'a dot segment')
    t.equal((await sandgate.call('GET', '/v1/nothing/here', { token })).json.code, 'route_not_found')
    t.match(await sandgate.call('PUT', '/v1/customers', { token }), { status: 405, headers: { allow: /GET.*POST/ }, json: { code: 'method_not_allowed' } })
  })

  t.test('headers', async (t) => {
    const bomb = await sendRaw(sandgate, `GET /v1/customers HTTP/1.1\r\nhost: localhost\r\n${'x-bomb: '.padEnd(60_000, 'x')}\r\n\r\n`)
    t.equal(bomb.status, 431)
    t.match(bomb.text, 'headers_too_large')
    const many = await sendRaw(sandgate, `GET /v1/customers HTTP/1.1\r\nhost: localhost\r\n${Array.from({ length: 5000 }, (_, index) => `x-${index}: 1`).join('\r\n')}\r\n\r\n`)
    t.equal(many.status, 431)
    const garbage = await sendRaw(sandgate, 'NOT HTTP AT ALL\r\n\r\n')
    t.equal(garbage.status, 400)
    t.match(garbage.text, 'request_malformed')
    t.match(await sandgate.call('GET', '/v1/customers', { token, headers: { 'client-cert': ':AAAA:' } }), { status: 400, json: { code: 'certificate_header_untrusted' } }, 'a certificate header from an untrusted peer')
  })

  t.test('X-Forwarded-For from an untrusted peer changes nothing', async (t) => {
    const { requestId } = await sandgate.call('GET', '/v1/customers', { token, headers: { 'x-forwarded-for': '203.0.113.7' } })
    const record = await sandgate.call('GET', `/sandbox/requests/${requestId}`, { token: sandbox.key.reveal() })
    t.equal(record.json.address, '127.0.0.1')
  })

  t.test('tokens', async (t) => await tokenCases(t, sandgate, sandbox, token))

  t.test('random bytes at every surface never crash anything', async (t) => {
    for (const seed of Array.from({ length: 40 }, (_, index) => index)) {
      const bytes = Buffer.from(Array.from({ length: 200 }, (_, index) => (seed * 7919 + index * 104_729) % 256))
      for (const path of ['/v1/customers', '/oauth/token', '/sandbox/webhooks/endpoints', '/control/sandboxes', '/interaction/x/login']) {
        const answer = await sandgate.call('POST', path, { token, body: bytes, headers: { 'content-type': seed % 2 === 0 ? 'application/json' : 'application/x-www-form-urlencoded' } })
        t.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`)
      }
    }
    t.equal((await sandgate.call('GET', '/v1/customers', { token })).status, 200)
  })
})

async function tokenCases (t: Test, sandgate: TestGateway, sandbox: NewSandbox, token: string): Promise<void> {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const kid = (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const forge = (head: object, body: object, signer: (input: string) => Buffer): string => {
    const input = `${encode(head)}.${encode(body)}`
    return `${input}.${signer(input).toString('base64url')}`
  }
  const signingKey = createPrivateKey({ key: sandgate.gateway.composition.material.signingKeys[0] as never, format: 'jwk' })
  const ours = (input: string): Buffer => sign('sha256', Buffer.from(input), { key: signingKey, dsaEncoding: 'ieee-p1363' })
  const foreignKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const jwks = await sandgate.call('GET', '/oauth/jwks')
  const head = { alg: 'ES256', typ: 'at+jwt', kid }
  const now = Math.floor(Date.now() / 1000)
  const cases: ReadonlyArray<readonly [string, string | undefined, string]> = [
    ['no token', undefined, 'token_missing'],
    ['garbage', 'garbage', 'token_malformed'],
    ['tampered', `${header}.${encode({ ...claims, scope: 'payments:write admin' })}.${signature}`, 'token_signature_invalid'],
    ['alg none', `${encode({ ...head, alg: 'none' })}.${payload}.`, 'token_algorithm_refused'],
    ['HS256 with the public key as the secret', forge({ ...head, alg: 'HS256' }, claims, (input) => createHmac('sha256', jwks.text).update(input).digest()), 'token_algorithm_refused'],
    ['signed by another key under our kid', forge(head, claims, (input) => sign('sha256', Buffer.from(input), { key: foreignKey, dsaEncoding: 'ieee-p1363' })), 'token_signature_invalid'],
    ['expired', forge(head, { ...claims, iat: now - 7200, exp: now - 3600 }, ours), 'token_expired'],
    ['for another audience', forge(head, { ...claims, aud: 'https://elsewhere.example' }, ours), 'token_audience_invalid'],
    ['of another issuer', forge(head, { ...claims, iss: 'https://elsewhere.example' }, ours), 'token_issuer_invalid'],
  ]
  for (const [name, bad, code] of cases) {
    const answer = await sandgate.call('GET', '/v1/customers', bad === undefined ? {} : { token: bad })
    t.equal(answer.status, 401, name)
    t.equal(answer.json.code, code, name)
    t.match(answer.headers['www-authenticate'], bad === undefined ? /^Bearer realm="api", DPoP realm="api", algs="[A-Za-z0-9 ]+"$/ : /error="invalid_token"/, `${name}: RFC 6750 §3`)
  }
  const bound = await sandgate.tokenFor(sandbox)
  const other = await sandgate.newSandbox()
  t.equal((await sandgate.call('GET', '/v1/customers', { token: bound })).json.code, 'token_binding_mismatch', 'a bound token without its certificate')
  t.equal((await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: other, token: bound })).json.code, 'token_binding_mismatch', 'a bound token with another certificate')
  t.equal((await sandgate.call('GET', '/v1/customers', { door: 'mtls', certificate: sandbox, token: bound })).status, 200, 'and with its own')
}

/** Sends bytes as they are over TLS and reads the answer. */
async function sendRaw (sandgate: TestGateway, bytes: string): Promise<{ status: number, text: string }> {
  const { hostname, port } = new URL(sandgate.publicUrl)
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca: sandgate.authorityPem, servername: 'localhost' }, () => { socket.write(bytes) })
    let text = ''
    const finish = (): void => {
      socket.destroy()
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text })
    }
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (/\r\n\r\n\{.*\}/s.test(text)) finish()
    })
    socket.on('end', finish)
    socket.on('error', (error) => text === '' ? reject(error) : finish())
  })
}
