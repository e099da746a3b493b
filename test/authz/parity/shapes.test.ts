import t from 'tap'
import type { HttpAnswer } from '../../../authz/parity/probe/http-client.ts'
import { createRedactor } from '../../../authz/parity/probe/redactor.ts'
import { shapeAnswer } from '../../../authz/parity/probe/shape-answer.ts'
import { shapeChallenge, shapeCors, shapeHeaders } from '../../../authz/parity/probe/shape-headers.ts'
import { shapeTokenResponse } from '../../../authz/parity/probe/shape-token.ts'
import { shapeValue } from '../../../authz/parity/probe/shape-value.ts'

const answer = (status: number, headers: Record<string, string>, body = ''): HttpAnswer => ({ kind: 'answer', status, headers: Object.entries(headers), body, isCut: false })
const context = { redactor: createRedactor(), origin: 'https://as.example', redirectUri: 'https://client.example/cb' }
const jwt = (header: object, claims: object): string => `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.c2ln`

t.test('no value that was sent or received is left in a text, nor what looks like one', (t) => {
  const redactor = createRedactor()
  redactor.remember('my secret')
  redactor.remember('a+b/c=')
  for (const text of ['bad my secret', 'bad my%20secret', 'bad a+b/c=', `bad ${encodeURIComponent('a+b/c=')}`, 'code 3f2a9c11-77aa-4b1e-9c0d-aa11bb22cc33 is wrong', 'token eyJhbGciOiJub25lIn0.eyJhIjoxfQ.sig is wrong', 'see https://as.example/errors?id=abc', 'request 8813 failed']) {
    const cleaned = redactor.clean(text)
    t.notMatch(cleaned, /secret|a\+b|a%2Bb|3f2a9c11|eyJ|as\.example|8813/, text)
  }
  t.equal(redactor.clean('client authentication failed'), 'client authentication failed', 'and words stay')
  t.equal(redactor.clean('only application/x-www-form-urlencoded is supported on POST /oauth/token'), 'only application/x-www-form-urlencoded is supported on POST <path>')
  redactor.remember('long-enough-secret')
  t.same(redactor.guard({ 'x.long-enough-secret': ['a long-enough-secret', 1, null] }), { 'x.…': ['a …', 1, null] }, 'the last look takes names and lists too')
  // eslint-disable-next-line no-control-regex
  t.notMatch(redactor.clean('\u001b[31mred\u202e'), /[\u001b\u202e]/, 'and nothing writes to a terminal')
  t.end()
})

t.test('an error body is told by status, code, members and type', (t) => {
  const body = { error: 'invalid_client', error_description: 'client authentication failed' }
  t.match(shapeAnswer(answer(401, { 'content-type': 'application/json; charset=utf-8', 'www-authenticate': 'Basic realm="x"' }, JSON.stringify(body)), context), {
    status: 401, body: 'JSON object', error: 'invalid_client', members: ['error', 'error_description'], content_type: 'application/json;charset=utf-8', www_authenticate: ['Basic realm'], redirect: null, failure: null,
  })
  t.equal(shapeAnswer(answer(400, {}, '{"error":{"message":"x"}}'), context)['error'], 'not a string')
  t.equal(shapeAnswer(answer(200, { 'content-type': 'text/html' }, '<!doctype html>'), context)['body'], 'page')
  t.equal(shapeAnswer(answer(200, {}, ''), context)['body'], 'empty')
  t.end()
})

t.test('a redirect to the client is told by its parameters, another by where it goes, and neither by a value', (t) => {
  const shape = shapeAnswer(answer(302, { location: 'https://client.example/cb?error=access_denied&state=s3cr3t-state-value&iss=x' }), context)
  t.match(shape, { redirect: 'to the client, in the query', members: ['error', 'iss', 'state'], error: 'access_denied' })
  t.notMatch(JSON.stringify(shape), /s3cr3t/)
  t.equal(shapeAnswer(answer(303, { location: 'https://client.example/cb#code=x' }), context)['redirect'], 'to the client, in the fragment')
  t.equal(shapeAnswer(answer(303, { location: '/login' }), context)['redirect'], 'to a page of the server')
  t.equal(shapeAnswer(answer(303, { location: 'https://evil.example/' }), context)['redirect'], 'to another host')
  t.equal(shapeAnswer(answer(303, { location: 'https://' }), context)['redirect'], 'to nowhere')
  t.end()
})

t.test('a challenge is told by schemes, names and the error', (t) => {
  t.equal(shapeChallenge(undefined), null)
  t.same(shapeChallenge('Bearer realm="a, b", error="invalid_token", error_description="it has expired, sorry"'), ['Bearer error="invalid_token" error_description realm'])
  t.same(shapeChallenge('Basic realm="x", DPoP algs="ES256 PS256", error="use_dpop_nonce"'), ['Basic realm', 'DPoP algs="ES256 PS256" error="use_dpop_nonce"'])
  t.same(shapeChallenge('Bearer'), ['Bearer'])
  t.same(shapeChallenge('==='), ['malformed'])
  t.equal(typeof JSON.stringify(shapeChallenge(`Bearer ${'a="b", '.repeat(500)}`)), 'string', 'and a long one is read in bounded time')
  t.end()
})

t.test('headers are told by directives, limits by the names of their headers', (t) => {
  t.match(shapeHeaders(answer(200, { 'cache-control': 'No-Store, max-age=0', 'x-ratelimit-remaining': '7', 'ratelimit-policy': '1' })), { cache_control: ['max-age=0', 'no-store'], rate_limit: ['ratelimit-policy', 'x-ratelimit-remaining'], pragma: null })
  t.match(shapeCors(answer(204, { 'access-control-allow-origin': 'https://a.example', 'access-control-allow-methods': 'POST, GET', vary: 'Origin' }), 'https://a.example'), { allow_origin: 'the origin', allow_methods: ['GET', 'POST'], vary_origin: true })
  t.end()
})

t.test('tokens are told by the type of what is in them', (t) => {
  const roles = new Map([['https://as.example', 'the issuer'], ['cli', 'the client_id']])
  const token = jwt({ alg: 'ES256', typ: 'at+jwt', kid: 'k' }, { iss: 'https://as.example', aud: ['a', 'b'], client_id: 'cli', exp: 1600, iat: 1000, scope: 'a b', cnf: { 'x5t#S256': 'thumb' }, roles: [] })
  const facts = shapeTokenResponse({ access_token: token, token_type: 'bearer', expires_in: 599, id_token: 'eyJ.x', extra: { a: 1 } }, roles)
  t.match(facts, {
    'token.token_type': 'bearer',
    'token.expires_in': 599,
    'token.expires_in_agrees': true,
    'token.members.extra': 'object {a}',
    'access_token.format': 'JWT',
    'access_token.header.alg': 'ES256',
    'access_token.header.typ': 'at+jwt',
    'access_token.lifetime': 600,
    'access_token.claims.iss': 'string (the issuer)',
    'access_token.claims.aud': 'array of string',
    'access_token.claims.client_id': 'string (the client_id)',
    'access_token.claims.scope': 'string, separated by spaces',
    'access_token.claims.cnf': 'object {x5t#S256}',
    'access_token.claims.roles': 'empty array',
    'id_token.format': 'opaque',
  })
  t.notMatch(JSON.stringify(facts), /thumb|c2ln|1600/)
  t.equal(shapeTokenResponse({ access_token: jwt({ alg: 'none' }, { exp: 10, iat: 1 }), expires_in: 3600 }, roles)['token.expires_in_agrees'], false)
  t.equal(shapeTokenResponse({ access_token: 'a.b.c' }, roles)['access_token.format'], 'opaque')
  t.equal(shapeTokenResponse({ access_token: `${jwt({ alg: 'RSA-OAEP' }, {})}.d.e` }, roles)['access_token.format'], 'encrypted JWT')
  t.equal(shapeValue(['a', 1, null], roles), 'array of integer or null or string')
  t.end()
})
