import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import { answerBytes, answerJson, ledgerYaml, startUpstream } from '../support/gateway-upstream.ts'
import { startTestGateway } from '../support/gateway.ts'

const LEDGER = 'https://api.ledger.example'
const CARD = '4539578763621486'
const QUIET = { 'limits.address.limit': 100_000, 'limits.address.burst': 10_000, 'abuse.mode': 'report' }

async function open (t: Test, options: { yaml?: Parameters<typeof ledgerYaml>[1], settings?: Record<string, unknown>, upstreamUrl?: string } = {}) {
  const upstream = await startUpstream()
  t.teardown(upstream.stop)
  const file = join(t.testdir(), 'sandgate.yaml')
  writeFileSync(file, ledgerYaml(options.upstreamUrl ?? upstream.url, options.yaml))
  const sandgate = await startTestGateway({ ...QUIET, ...options.settings }, { file })
  t.teardown(sandgate.stop)
  const sandbox = await sandgate.newSandbox()
  const token = await sandgate.tokenFor(sandbox, { door: 'public', scope: 'ledger:read ledger:write', resource: LEDGER })
  const call = async (method: string, path: string, more: Parameters<typeof sandgate.call>[2] = {}) => await sandgate.call(method, path, { token, ...more })
  const last = () => upstream.received.at(-1)
  return { upstream, sandgate, sandbox, token, call, last }
}

t.test('an upstream behind the same pipeline as the core', async (t) => {
  const { upstream, sandgate, sandbox, token, call, last } = await open(t)
  const untouched = async (t: Test, act: () => Promise<unknown>) => {
    const before = upstream.received.length
    await act()
    t.equal(upstream.received.length, before, 'and the upstream saw nothing of it')
  }

  t.test('refused: no token, a made-up one, the core\'s, too little scope, a bound one without its certificate', async (t) => {
    await untouched(t, async () => {
      t.match(await sandgate.call('GET', '/ledger/accounts'), { status: 401, json: { code: 'token_missing' } })
      t.match(await sandgate.call('GET', '/ledger/accounts', { token: 'x' }), { status: 401, json: { code: 'token_malformed' } })
      const forCore = await sandgate.tokenFor(sandbox, { door: 'public' })
      t.match(await sandgate.call('GET', '/ledger/accounts', { token: forCore }), { status: 401, json: { code: 'token_audience_invalid' } })
      const reading = await sandgate.tokenFor(sandbox, { door: 'public', scope: 'ledger:read', resource: LEDGER })
      t.match(await sandgate.call('POST', '/ledger/accounts', { token: reading, body: {} }), { status: 403, json: { code: 'scope_insufficient' }, headers: { 'www-authenticate': /insufficient_scope/ } })
      const writing = await sandgate.tokenFor(sandbox, { door: 'public', scope: 'ledger:write', resource: LEDGER })
      t.match(await sandgate.call('GET', '/ledger/accounts', { token: writing }), { status: 403, json: { code: 'scope_insufficient' } })
      const bound = await sandgate.tokenFor(sandbox, { scope: 'ledger:read', resource: LEDGER })
      t.match(await sandgate.call('GET', '/ledger/accounts', { token: bound }), { status: 401, json: { code: 'token_binding_mismatch' } })
    })
  })

  t.test('the resource parameter (RFC 8707) chooses the API, and a token opens one alone', async (t) => {
    t.same([decodeJwt(token).aud].flat(), [LEDGER])
    t.equal((await call('GET', '/ledger/accounts')).status, 200)
    t.match(await call('GET', '/v1/customers'), { status: 401, json: { code: 'token_audience_invalid' } }, 'not the core\'s')
    await t.rejects(sandgate.tokenFor(sandbox, { door: 'public', scope: 'ledger:read', resource: 'https://elsewhere.example' }), /invalid_target/)
    const forCore = await sandgate.tokenFor(sandbox, { door: 'public' })
    t.same([decodeJwt(forCore).aud].flat(), ['https://api.payments.example'], 'the first API is the default')
    t.equal((await sandgate.call('GET', '/v1/customers', { token: forCore })).status, 200)
  })

  t.test('paths that two servers may read differently and methods and paths that are not served do not reach it', async (t) => {
    await untouched(t, async () => {
      for (const path of ['/ledger/a%2Fb', '/ledger//x', '/ledger/a%5Cb', '/ledger/a%00', '/ledger/..a/b', '/ledger/a../b']) t.match(await call('GET', path), { status: 400, json: { code: 'path_invalid' } }, path)
      for (const path of ['/ledgerx', '/ledgers/a', '/LEDGER/a', '/']) t.match(await call('GET', path), { status: 404, json: { code: 'route_not_found' } }, path)
      t.ok((await call('OPTIONS', '/ledger/a')).status >= 400)
    })
  })

  t.test('the upstream learns who calls from us alone', async (t) => {
    await call('GET', '/ledger/accounts', {
      headers: { 'x-sandgate-client': 'forged', 'x-sandgate-sandbox': 'forged', 'X-Sandgate-Subject': 'forged', 'x-sandgate-anything': 'forged', 'x-forwarded-for': '203.0.113.7', 'x-forwarded-host': 'forged', forwarded: 'for=203.0.113.7', cookie: 'session=forged', 'proxy-authorization': 'Basic Zm9yZ2Vk', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'x-custom': 'kept' },
    })
    const headers = last()?.headers ?? {}
    t.match(headers, { 'x-sandgate-client': sandbox.client.id, 'x-sandgate-sandbox': sandbox.sandbox.id, 'x-sandgate-scope': /ledger:read/, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', 'x-custom': 'kept' })
    t.notOk('x-sandgate-subject' in headers, 'nobody signed in')
    for (const name of ['authorization', 'cookie', 'proxy-authorization', 'forwarded', 'x-forwarded-host', 'x-sandgate-anything']) t.notOk(name in headers, `${name} is not passed on`)
    t.notMatch(JSON.stringify(last()?.rawHeaders), /forged|Bearer|eyJ/i)
    t.match(headers['traceparent'], new RegExp(`^00-${String(headers['x-sandgate-request'])}-[0-9a-f]{16}-01$`))
    t.equal(new Set(last()?.rawHeaders.filter((_value, index) => index % 2 === 0).map((name) => name.toLowerCase())).size, (last()?.rawHeaders.length ?? 0) / 2, 'no header is there twice')
  })

  t.test('a client cannot have us strip what we state, by naming it in Connection', async (t) => {
    await call('GET', '/ledger/accounts', { headers: { connection: 'x-sandgate-client, x-sandgate-sandbox, keep-alive' } })
      .catch(async () => { t.comment('the client library refuses to send it') })
    t.match(last()?.headers, { 'x-sandgate-client': sandbox.client.id, 'x-sandgate-sandbox': sandbox.sandbox.id })
  })

  t.test('paths and queries arrive as they were written', async (t) => {
    for (const path of ['/ledger', '/ledger/', '/ledger/accounts', '/ledger/caf%C3%A9/%E2%82%AC', '/ledger/a%20b', '/ledger/a;b=1', '/ledger/a:b@c', '/ledger/a%3Fb', '/ledger/a%23b', '/ledger/100%25', '/ledger/a..b/.c', '/ledger/ledger/ledger', '/ledger/$1$&']) {
      t.equal((await call('GET', path)).status, 200, path)
      t.equal(last()?.url, path, path)
    }
    for (const query of ['a=1&b=2', 'a=1&a=2', 'q=a%20b+c', 'q=%C3%A9', 'filter%5Bx%5D=1', 'a=1?b=2', 'a', 'a=', 'a=%2F..%2F', 'x=a%26b%3Dc', 'next=/ledger/x//y/../z']) {
      t.equal((await call('GET', `/ledger/accounts?${query}`)).status, 200, query)
      t.equal(last()?.url, `/ledger/accounts?${query}`, query)
    }
  })

  t.test('bodies arrive, falsy values of JSON too', async (t) => {
    for (const body of ['{"amount":1}', '[]', '0', 'false', '""', 'null', '1.5', '"text"', '{"a":{"b":[1,null,""]}}']) {
      for (const [type, mediaType] of [['application/json', 'application/json'], ['application/json; charset=utf-8', 'application/json'], ['APPLICATION/JSON', 'application/json'], ['application/merge-patch+json', 'application/merge-patch+json'], ['application/json;', 'application/json']] as const) {
        t.equal((await call('POST', '/ledger/accounts', { body, headers: { 'content-type': type } })).status, 200, `${body} as ${type}`)
        t.equal(last()?.body, body)
        t.match(last()?.headers, { 'content-type': mediaType, 'content-length': String(body.length) })
      }
    }
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      t.equal((await call(method, '/ledger/accounts/1', { body: { a: 1 } })).status, 200, method)
      t.match(last(), { method, body: '{"a":1}' })
    }
    t.equal((await call('DELETE', '/ledger/accounts/1')).status, 200)
    t.match(last(), { method: 'DELETE', body: '' })
    await call('POST', '/ledger/form', { body: 'a=1&b=%20', headers: { 'content-type': 'application/x-www-form-urlencoded' } })
    t.match(last(), { body: 'a=1&b=%20', headers: { 'content-type': 'application/x-www-form-urlencoded' } })
    await call('POST', '/ledger/note', { body: 'héllo', headers: { 'content-type': 'text/plain' } })
    t.equal(last()?.body, 'héllo')
    t.equal((await call('POST', '/ledger/accounts', { body: '', headers: {} })).status, 200, 'and no body is none')
  })

  t.test('bad bodies are refused as in the core', async (t) => {
    await untouched(t, async () => {
      const post = async (body: string | Buffer, headers: Record<string, string> = {}) => (await call('POST', '/ledger/accounts', { body, headers: { 'content-type': 'application/json', ...headers } })).json.code as string
      t.equal(await post('{"a":1,"a":2}'), 'body_key_duplicate')
      t.equal(await post('{'), 'body_malformed')
      t.equal(await post('['.repeat(40)), 'body_too_deep')
      t.equal(await post('{"__proto__":1}'), 'body_key_forbidden')
      t.equal(await post(Buffer.alloc(2_000_000, 0x20)), 'body_too_large')
      t.equal(await post(gzipSync('{}'), { 'content-encoding': 'gzip' }), 'body_encoding_unsupported')
      t.equal(await post('x', { 'content-type': 'multipart/form-data; boundary=x' }), 'media_type_unsupported')
      t.equal(await post(Buffer.from(CARD, 'utf16le'), { 'content-type': 'text/plain; charset=utf-16le' }), 'media_type_unsupported')
    })
  })

  t.test('personal data does not reach the upstream, and a real-looking card is refused', async (t) => {
    await untouched(t, async () => {
      t.match(await call('POST', '/ledger/accounts', { body: { card: { number: CARD } } }), { status: 422, json: { code: 'personal_data_refused', errors: [{ pointer: '/card/number' }] } })
      t.match(await call('GET', `/ledger/accounts?pan=${CARD}`), { status: 422 })
      t.match(await call('GET', `/ledger/accounts/${CARD}`), { status: 422 })
    })
    const answer = await call('POST', '/ledger/jane.doe%40gmail.com?email=jane.doe@gmail.com', { body: { email: 'jane.doe@gmail.com', note: 'call +44 20 7946 0958' }, headers: { 'x-note': 'from jane.doe@gmail.com' } })
    t.equal(answer.status, 200)
    t.notMatch(JSON.stringify(last()), /jane\.doe/)
    const { email } = JSON.parse(last()?.body ?? '{}') as { email: string }
    t.equal(decodeURIComponent(last()?.url ?? ''), `/ledger/${email}?email=${email}`, 'the same pseudonym in path, query and body')
  })

  t.test('what the upstream answers comes back, status, body and headers, with ours', async (t) => {
    upstream.answer = answerJson({ error: { type: 'not_found' } }, { status: 404, headers: { 'x-ledger-version': '7', etag: '"abc"', 'x-request-id': 'theirs', ratelimit: 'theirs' } })
    const answer = await call('GET', '/ledger/accounts/1')
    t.match(answer, { status: 404, json: { error: { type: 'not_found' } }, headers: { 'x-ledger-version': '7', etag: '"abc"', 'content-type': /^application\/json/ } })
    t.match(answer.requestId, /^[0-9a-f]{32}$/, 'the request id is ours')
    t.match(answer.headers['ratelimit'], '"client"')
    for (const value of [0, false, '', null, [], 'text']) {
      upstream.answer = answerJson(value)
      t.equal((await call('GET', '/ledger/x')).text, JSON.stringify(value))
    }
    upstream.answer = (_request, response) => { response.writeHead(204).end() }
    t.match(await call('DELETE', '/ledger/x'), { status: 204, text: '' })
    upstream.answer = answerBytes('text/csv', 'a,b\n1,2\n')
    t.match(await call('GET', '/ledger/x.csv'), { status: 200, text: 'a,b\n1,2\n', headers: { 'content-type': /^text\/csv/ } })
    upstream.answer = answerJson({ title: 'x' }, { status: 422, headers: { 'content-type': 'application/problem+json' } })
    t.match(await call('GET', '/ledger/x'), { status: 422, headers: { 'content-type': /^application\/problem\+json/ } })
  })

  t.test('personal data in an answer does not reach the client, in body or headers', async (t) => {
    upstream.answer = answerJson({ owner: { email: 'jane.doe@gmail.com' } }, { headers: { location: '/ledger/users/jane.doe@gmail.com', 'x-owner': 'jane.doe@gmail.com', link: '<https://x.example/?e=jane.doe@gmail.com>; rel=next' } })
    const json = await call('GET', '/ledger/accounts/1')
    t.equal(json.status, 200)
    t.notMatch(json.text, 'jane.doe')
    t.notMatch(JSON.stringify(json.headers), 'jane.doe')
    upstream.answer = answerBytes('text/plain', 'owned by jane.doe@gmail.com')
    t.match(await call('GET', '/ledger/x'), { status: 200, text: /^owned by (?!jane)/ })
  })

  t.test('an answer that holds a card or cannot be read is withheld, with nothing of it', async (t) => {
    const cases: ReadonlyArray<readonly [string, typeof upstream.answer]> = [
      ['a card in JSON', answerJson({ pan: CARD }, { headers: { 'x-internal': 'theirs', 'set-cookie': 'a=b' } })],
      ['bytes', answerBytes('application/octet-stream', Buffer.from([1, 2, 3]))],
      ['a picture', answerBytes('image/png', Buffer.from([0x89, 0x50]))],
      ['no type', answerBytes(undefined, CARD)],
      ['JSON that is none', answerBytes('application/json', `{"pan": ${CARD}`)],
      ['a compressed text', answerBytes('text/plain', gzipSync(CARD), { 'content-encoding': 'gzip' })],
      ['compressed JSON', answerBytes('application/json', gzipSync('{}'), { 'content-encoding': 'gzip' })],
      ['bytes called a text', answerBytes('text/plain', Buffer.from([0x61, 0xff, 0xfe]))],
      ['a made-up charset', answerBytes('text/plain; charset=x-made-up', CARD)],
    ]
    for (const [name, answer] of cases) {
      upstream.answer = answer
      const withheld = await call('GET', '/ledger/x')
      t.match(withheld, { status: 502, json: { code: 'response_unsafe' }, headers: { 'content-type': /^application\/problem\+json/ } }, name)
      t.notMatch(withheld.text, /4539|compressed/)
      for (const header of ['x-internal', 'set-cookie', 'content-encoding']) t.notOk(header in withheld.headers, `${name}: no ${header} of the answer`)
      const told = await sandgate.call('GET', `/sandbox/requests/${withheld.requestId}`, { token: sandbox.key.reveal() })
      t.notMatch(told.text, CARD, `${name}: nor in the record`)
    }
  })

  t.test('an answer in another charset is read in it', async (t) => {
    upstream.answer = answerBytes('text/plain; charset=utf-16le', Buffer.from(`card ${CARD} of jane.doe@gmail.com`, 'utf16le'))
    const wide = await call('GET', '/ledger/x')
    t.notMatch(wide.text.replaceAll('\0', ''), /4539578763621486|jane\.doe/, 'letters that are two bytes wide hide nothing')
    upstream.answer = answerBytes('text/plain; charset=iso-8859-1', Buffer.from('caf\xe9', 'latin1'))
    t.match(await call('GET', '/ledger/x'), { status: 200, text: 'café', headers: { 'content-type': /utf-8/i } })
  })

  t.test('redirects are the client\'s to follow', async (t) => {
    const before = upstream.received.length
    upstream.answer = answerJson({}, { status: 302, headers: { location: 'http://169.254.169.254/latest/meta-data' } })
    t.match(await call('GET', '/ledger/x'), { status: 302, headers: { location: 'http://169.254.169.254/latest/meta-data' } })
    upstream.answer = answerJson({}, { status: 307, headers: { location: '/ledger/elsewhere' } })
    t.match(await call('POST', '/ledger/x', { body: {} }), { status: 307, headers: { location: '/ledger/elsewhere' } })
    t.equal(upstream.received.length, before + 2)
  })

  t.test('HEAD', async (t) => {
    upstream.answer = (request, response) => {
      response.writeHead(request.method === 'HEAD' ? 200 : 500, { 'content-type': 'application/json', etag: '"h"' })
      response.end()
    }
    t.match(await call('HEAD', '/ledger/accounts'), { status: 200, text: '', headers: { etag: '"h"' } })
    t.equal(last()?.method, 'HEAD')
    t.equal((await sandgate.call('HEAD', '/ledger/accounts')).status, 401)
  })

  t.test('a large answer comes whole, and one that is too large is withheld', async (t) => {
    const large = Array.from({ length: 50_000 }, (_, index) => ({ id: `entry_${index}`, amount: index }))
    upstream.answer = answerJson(large)
    t.same((await call('GET', '/ledger/entries')).json, large)
    upstream.answer = answerBytes('text/plain', 'x'.repeat(11 * 1024 * 1024))
    t.match(await call('GET', '/ledger/entries'), { status: 502, json: { code: 'response_unsafe' } })
    upstream.answer = answerJson({ ok: true })
    t.equal((await call('GET', '/ledger/entries')).status, 200, 'the gateway goes on')
  })

  t.test('each request is recorded for the sandbox that made it, by prefix and not by path', async (t) => {
    const { requestId } = await call('GET', '/ledger/accounts/1')
    t.match((await sandgate.call('GET', `/sandbox/requests/${requestId}`, { token: sandbox.key.reveal() })).json, { path: '/ledger/accounts/1', route: '/ledger/*', status: 200, client_id: sandbox.client.id })
  })

  t.test('many at once do not mix', async (t) => {
    upstream.answer = (request, response) => { setTimeout(() => answerJson({ url: request.url })(request, response), Number(request.url.at(-1)) % 3) }
    const answers = await Promise.all(Array.from({ length: 60 }, async (_, index) => await call('GET', `/ledger/n/${index}`)))
    t.same(answers.map((answer) => answer.json?.url), answers.map((_, index) => `/ledger/n/${index}`))
  })
})

t.test('limits are shared by both APIs: a client has one budget', async (t) => {
  const { sandgate, sandbox, call, upstream } = await open(t, { settings: { 'limits.client.limit': 3, 'limits.client.burst': 3 } })
  const forCore = await sandgate.tokenFor(sandbox, { door: 'public' })
  await sandgate.call('GET', '/v1/customers', { token: forCore })
  await call('GET', '/ledger/a')
  await call('GET', '/ledger/a')
  t.match(await call('GET', '/ledger/a'), { status: 429, json: { code: 'client_limit_exceeded' }, headers: { 'retry-after': /^\d+$/ } })
  t.equal(upstream.received.length, 2)
})

t.test('require_bound_tokens of the upstream holds', async (t) => {
  const { sandgate, sandbox, call } = await open(t, { yaml: { requireBoundTokens: true } })
  t.match(await call('GET', '/ledger/a'), { status: 401, json: { code: 'token_binding_missing' } })
  const bound = await sandgate.tokenFor(sandbox, { scope: 'ledger:read', resource: LEDGER })
  t.equal((await sandgate.call('GET', '/ledger/a', { door: 'mtls', certificate: sandbox, token: bound })).status, 200)
})

t.test('an upstream in trouble', async (t) => {
  const { upstream, call, sandgate, sandbox } = await open(t, { yaml: { timeout: '500ms' } })

  t.test('that is slow to answer, or to finish, is 504', async (t) => {
    upstream.answer = () => {}
    t.match(await call('GET', '/ledger/a'), { status: 504, json: { code: 'upstream_timeout' } })
    upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"a":')
    }
    t.match(await call('GET', '/ledger/a'), { status: 504, json: { code: 'upstream_timeout' }, headers: { 'content-type': /problem\+json/ } })
  })

  t.test('that breaks off is 502, before its answer and within it', async (t) => {
    upstream.answer = (_request, response) => { response.socket?.destroy() }
    t.match(await call('GET', '/ledger/a'), { status: 502, json: { code: 'upstream_unreachable' } })
    upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('{"a":')
      setImmediate(() => response.socket?.destroy())
    }
    t.match(await call('GET', '/ledger/a'), { status: 502, json: { code: 'upstream_unreachable' } })
  })

  t.test('a write is sent once, whatever happens', async (t) => {
    const before = upstream.received.length
    upstream.answer = (_request, response) => { response.socket?.destroy() }
    await call('POST', '/ledger/a', { body: { a: 1 } })
    t.equal(upstream.received.length, before + 1)
    upstream.answer = answerJson({}, { status: 503, headers: { 'retry-after': '1' } })
    t.match(await call('GET', '/ledger/a'), { status: 503, headers: { 'retry-after': '1' } }, 'and the upstream\'s own 503 is passed on')
    t.equal(upstream.received.length, before + 2)
  })

  t.test('that is down is 502; the wire does not tell its address, the record does not hide the cause', async (t) => {
    await upstream.stop()
    const refused = await call('GET', '/ledger/a')
    t.match(refused, { status: 502, json: { code: 'upstream_unreachable' } })
    t.notMatch(refused.text, /127\.0\.0\.1|ECONNREFUSED/)
    t.match((await sandgate.call('GET', `/sandbox/requests/${refused.requestId}`, { token: sandbox.key.reveal() })).json, { code: 'upstream_unreachable', explanation: { cause: /ECONNREFUSED/ } })
    t.equal((await sandgate.call('GET', '/v1/customers', { token: await sandgate.tokenFor(sandbox, { door: 'public' }) })).status, 200, 'the core does not mind')
  })
})

t.test('an upstream that does not speak HTTP is 502', async (t) => {
  const { call } = await open(t, { upstreamUrl: await startRaw(t, 'SSH-2.0-nothing\r\n') })
  t.match(await call('GET', '/ledger/a'), { status: 502, json: { code: 'upstream_unreachable' } })
})

t.test('an upstream\'s header that cannot be sent on is left out, and one that only concerns its connection too', async (t) => {
  const { call } = await open(t, { upstreamUrl: await startRaw(t, 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-euro: 5 \u20ac\r\nx-hop: 1\r\nconnection: x-hop, close\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 2\r\n\r\nok') })
  const answer = await call('GET', '/ledger/a')
  t.match(answer, { status: 200, text: 'ok', headers: { 'set-cookie': ['a=1', 'b=2'] } })
  t.notOk('x-hop' in answer.headers)
  t.equal((await call('GET', '/ledger/a')).status, 200, 'and the gateway goes on')
})

t.test('a status that is none is 502', async (t) => {
  const { call } = await open(t, { upstreamUrl: await startRaw(t, 'HTTP/1.1 999 Odd\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok') })
  t.match(await call('GET', '/ledger/a'), { status: 502 })
})

/** A server that answers every request with the same bytes. */
async function startRaw (t: Test, bytes: string): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.once('data', () => socket.end(bytes))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
