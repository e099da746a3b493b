import t from 'tap'
import { resolveBody } from '../../../gateway/stages/resolve-body.ts'
import { addsOf, arrivalOf, refusalOf, ROUTE } from '../../support/gateway-literals.ts'

const stage = resolveBody({ bodyDepthMax: 3 })
const decide = async (payload: string | Buffer | undefined, contentType?: string, options: { accepted?: readonly string[], encoding?: string } = {}) => await stage.decide({
  ...arrivalOf({ payload: payload === undefined ? undefined : Buffer.from(payload), headers: { ...(contentType === undefined ? {} : { 'content-type': contentType }), ...(options.encoding === undefined ? {} : { 'content-encoding': options.encoding }) } }),
  target: { ...ROUTE, requestMediaTypes: options.accepted ?? ['application/json'] },
})
const UPSTREAM = { accepted: ['application/json', 'application/*+json', 'application/x-www-form-urlencoded', 'text/plain'] }

t.test('a media type that the operation does not take is refused', async (t) => {
  for (const type of [undefined, '', 'text/plain', 'application/xml', 'application/json5', 'application/merge-patch+json', 'json', 'application/', 'text/json', 'image/svg+json']) {
    t.equal(refusalOf(await decide('{}', type)).code, 'media_type_unsupported', String(type))
  }
  t.equal(refusalOf(await decide('{}', 'image/svg+json', UPSTREAM)).code, 'media_type_unsupported')
  t.match(refusalOf(await decide('{}', 'application/json', { accepted: [] })), { code: 'media_type_unsupported', internalDetail: /takes no body/ })
})

t.test('a content encoding is refused, so that nothing hides from scrubbing', async (t) => {
  for (const encoding of ['gzip', 'br', 'identity, gzip', 'GZIP']) t.equal(refusalOf(await decide('{}', 'application/json', { encoding })).code, 'body_encoding_unsupported', encoding)
  t.match(addsOf(await decide('{}', 'application/json', { encoding: 'identity' })), { body: { kind: 'json' } })
})

t.test('a charset other than UTF-8 is refused, because the scrubber would read other letters than the API', async (t) => {
  const wide = Buffer.from('4539578763621486', 'utf16le')
  for (const charset of ['utf-16', 'UTF-16LE', '"utf-16"', 'utf-7', 'shift_jis']) {
    t.equal(refusalOf(await decide(wide, `text/plain; charset=${charset}`, UPSTREAM)).code, 'media_type_unsupported', charset)
  }
  for (const charset of ['utf-8', 'UTF-8', '"utf-8"', 'us-ascii']) t.match(addsOf(await decide('x', `text/plain; charset=${charset}`, UPSTREAM)), { body: { kind: 'text', text: 'x' } }, charset)
})

t.test('a content type with a malformed parameter is refused', async (t) => {
  for (const type of ['application/json; charset', 'application/json; =x', 'application/json;;;"']) t.equal(refusalOf(await decide('{}', type, UPSTREAM)).code, 'media_type_unsupported', type)
})

t.test('bytes that are no UTF-8 are refused in every type', async (t) => {
  const bytes = Buffer.from([0x61, 0xff])
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) t.equal(refusalOf(await decide(bytes, type, UPSTREAM)).code, 'body_malformed', type)
})

t.test('what the strict parser refuses is told to the client, without quoting the body', async (t) => {
  const refusal = refusalOf(await decide('{"name": hunter2}', 'application/json'))
  t.match(refusal, { code: 'body_malformed', publicDetail: String })
  t.notMatch(JSON.stringify(refusal), 'hunter2')
  t.equal(refusalOf(await decide('[[[[]]]]', 'application/json')).code, 'body_too_deep')
})

t.test('no body is no body, whatever its type', async (t) => {
  t.same(addsOf(await decide(undefined)), { body: { kind: 'none' } })
  t.same(addsOf(await decide('', 'application/xml')), { body: { kind: 'none' } })
})

t.test('JSON is parsed, falsy values included', async (t) => {
  for (const value of [0, false, '', null, [], { a: 1 }]) t.same(addsOf(await decide(JSON.stringify(value), 'Application/JSON ; charset=utf-8')), { body: { kind: 'json', value } })
  t.same(addsOf(await decide('{"a":1}', 'application/merge-patch+json', UPSTREAM)), { body: { kind: 'json', value: { a: 1 } } })
})

t.test('forms and texts stay text', async (t) => {
  t.same(addsOf(await decide('a=1&b=%20', 'application/x-www-form-urlencoded', UPSTREAM)), { body: { kind: 'form', text: 'a=1&b=%20' } })
  t.same(addsOf(await decide('héllo', 'text/plain', UPSTREAM)), { body: { kind: 'text', text: 'héllo' } })
})
