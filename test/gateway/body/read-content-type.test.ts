import fc from 'fast-check'
import t from 'tap'
import { isJsonType, readContentType } from '../../../gateway/body/read-content-type.ts'

t.test('what is no media type or has a malformed parameter is refused', async (t) => {
  for (const header of ['', 'json', 'a/', '/b', 'a/b/c', 'a /b', 'a/b;x', 'a/b; x=', 'a/b; =x', 'a/b; x="', 'a/b; x="y" z', 'a/b, c/d', 'a/b\nc', 'a/b; x=y,', 'é/b']) t.equal(readContentType(header), undefined, JSON.stringify(header))
})

t.test('a media type is read without its parameters and in lower case', async (t) => {
  for (const header of ['application/json', ' Application/JSON ', 'application/json;', 'application/json ; charset=utf-8', 'application/json;;;a=b', 'application/json; a="x;y=z\\""']) t.equal(readContentType(header)?.mediaType, 'application/json', header)
  t.same(readContentType(undefined), { mediaType: '', charsets: [] })
})

t.test('every charset is seen: neither a second one nor one in quotes hides', async (t) => {
  t.same(readContentType('text/plain; charset=utf-8; CHARSET="UTF-16"')?.charsets, ['utf-8', 'utf-16'])
  t.same(readContentType('text/plain; a="; charset=utf-8"; charset=utf-7')?.charsets, ['utf-7'])
  t.same(readContentType('text/plain; notcharset=x')?.charsets, [])
})

t.test('a hostile header is read in linear time', async (t) => {
  const long = 16_384
  for (const piece of ['; ', ' ', ';', ';a=b ', ';a="', '"', '\\', ';a="b" \t']) t.doesNotThrow(() => readContentType(`a/b${piece.repeat(long / piece.length)}!`))
  t.doesNotThrow(() => fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => {
    readContentType(text)
    readContentType(`a/b;${text}`)
  })))
})

t.test('JSON is application/json and what ends in +json', async (t) => {
  for (const type of ['application/json', 'application/problem+json', 'application/vnd.a.b+json']) t.ok(isJsonType(type), type)
  for (const type of ['', 'text/json5', 'application/jsonp', 'application/json-seq', 'application/xml']) t.notOk(isJsonType(type), type)
})
