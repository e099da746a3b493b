import fc from 'fast-check'
import t from 'tap'
import { parseJsonStrictly } from '../../../gateway/body/parse-json-strictly.ts'

const parse = (text: string | Buffer, depthMax = 32) => parseJsonStrictly(Buffer.from(text), depthMax)
const codeOf = (text: string | Buffer, depthMax = 32): string => {
  const parsed = parse(text, depthMax)
  return parsed.kind === 'parsed' ? 'parsed' : parsed.code
}
/** JSON with names that look like syntax, and none that is forbidden. */
const anyJson = fc.jsonValue({ maxDepth: 6, stringUnit: fc.constantFrom('a', '"', '\\', ':', '{', '}', '[', ']', ',', 'é', '💳', '\u0000', ' ') })

t.test('what is no JSON is refused', async (t) => {
  for (const text of ['', ' ', '{', '}', '{"a"', '{"a":', '{"a":1', '{"a":1}}', '[1,]', '{"a":1,}', '{a:1}', '\'a\'', 'NaN', 'undefined', '01', '+1', '1.', '"\t"', '"\\x"', '{"a":1}{"b":2}', '[1 2]', '\uFEFF{}', '/* c */{}', '"unfinished', '"unfinished\\"', ':', '{"a"::1}']) {
    t.equal(codeOf(text), 'body_malformed', JSON.stringify(text))
  }
})

t.test('what is no UTF-8 is refused, in a name as in a value', async (t) => {
  t.equal(codeOf(Buffer.from([0x22, 0xff, 0x22])), 'body_malformed')
  t.equal(codeOf(Buffer.from([0x7b, 0x22, 0xc3, 0x22, 0x3a, 0x31, 0x7d])), 'body_malformed', 'cut off')
  t.equal(codeOf(Buffer.from([0x22, 0xc0, 0xaf, 0x22])), 'body_malformed', 'an overlong form')
  t.equal(codeOf(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), 'body_malformed', 'half a surrogate pair')
})

t.test('no detail quotes the document', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.string({ minLength: 12 }).filter((text) => text.trim().length > 11), (secret) => {
    const parsed = parse(`{"a":1,"a":${secret}`)
    return parsed.kind === 'parsed' || !parsed.detail.includes(secret.trim().slice(0, 12))
  })))
  t.notMatch(JSON.stringify(parse('{"card": 4539578763621486 oops}')), '4539')
})

t.test('a detail says where, in the letters of the text', async (t) => {
  t.match(parse('{"é":1,}'), { detail: /at character 7/ })
})

t.test('the depth is exact, for arrays, objects and both', async (t) => {
  const nests = [(n: number) => `${'['.repeat(n)}${']'.repeat(n)}`, (n: number) => `${'{"a":'.repeat(n - 1)}{}${'}'.repeat(n - 1)}`, (n: number) => `${'[{"a":'.repeat(n / 2)}1${'}]'.repeat(n / 2)}`]
  t.doesNotThrow(() => fc.assert(fc.property(fc.constantFrom(...nests), fc.integer({ min: 1, max: 30 }), (nest, half) => {
    const depth = half * 2
    return codeOf(nest(depth), depth) === 'parsed' && codeOf(nest(depth), depth - 1) === 'body_too_deep'
  })))
  t.equal(codeOf('1', 0), 'parsed')
  t.equal(codeOf('[]', 0), 'body_too_deep')
})

t.test('brackets in strings are no depth, and siblings are none either', async (t) => {
  t.equal(codeOf(JSON.stringify('[[[[{{{{'), 0), 'parsed')
  t.equal(codeOf('["\\"[[["]', 1), 'parsed')
  t.equal(codeOf('["\\\\",[[]]]', 2), 'body_too_deep', 'a string that ends in a backslash ends')
  t.equal(codeOf(`[${'[],'.repeat(500)}[]]`, 2), 'parsed')
})

t.test('a body that is deep beyond every stack is refused and crashes nothing', async (t) => {
  t.equal(codeOf('['.repeat(1_000_000)), 'body_too_deep')
  t.equal(codeOf('{"a":'.repeat(200_000)), 'body_too_deep')
})

t.test('a string of backslashes and quotes is read in linear time', async (t) => {
  const text = JSON.stringify('\\"'.repeat(200_000))
  t.equal(codeOf(text), 'parsed')
  t.equal(codeOf(JSON.stringify('\\'.repeat(400_000))), 'parsed')
})

t.test('a member named twice is found wherever it is, and however it is written', async (t) => {
  for (const text of ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '[{"b":{"a":[],"a":[]}}]', '{"":1,"":2}', '{"a":1,"b":2,"a":3}', '{"\\ud83d\\udcb3":1,"💳":2}', '{"1":1,"1":2}', '{"toString":1,"toString":2}']) {
    t.equal(codeOf(text), 'body_key_duplicate', text)
  }
  for (const text of ['[{"a":1},{"a":1}]', '{"a":{"a":{"a":1}}}', '{"a":1,"A":2}', '{"a":"\\"a\\":1"}', '{"é":1,"e\\u0301":2}']) t.equal(codeOf(text), 'parsed', text)
})

t.test('a duplicate that is inserted into any object is found', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(anyJson, fc.nat(), (value, pick) => {
    const objects = objectsIn(value)
    const chosen = objects[pick % Math.max(1, objects.length)]
    if (chosen === undefined) return true
    const names = Object.keys(chosen)
    const name = names[pick % names.length] as string
    const text = JSON.stringify(value, (_key, member: unknown) => member === chosen ? { ...chosen, [MARK]: true } : member)
    const doubled = text.replace(JSON.stringify(MARK), escapeAll(name))
    return codeOf(doubled) === 'body_key_duplicate'
  }), { numRuns: 500 }))
})

t.test('__proto__ and constructor.prototype are refused anywhere, and pollute nothing', async (t) => {
  for (const text of ['{"__proto__":1}', '{"__proto__":{"isAdmin":true}}', '{"a":[{"\\u005f_proto__":{}}]}', '{"constructor":{"prototype":{}}}', '{"a":{"constructor":{"prototype":1}}}', '[[{"constructor":{"prototype":{"isAdmin":true}}}]]']) {
    t.equal(codeOf(text), 'body_key_forbidden', text)
  }
  t.notOk('isAdmin' in {})
  for (const text of ['{"constructor":"Bob the builder"}', '{"constructor":{"name":"x"}}', '{"prototype":1}', '{"a":"__proto__"}', '["__proto__"]']) t.equal(codeOf(text), 'parsed', text)
})

t.test('any JSON comes through as JSON.parse has it, however it is spaced', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(anyJson, fc.constantFrom(0, 2, '\t'), (value, space) => {
    const text = JSON.stringify(value, null, space)
    const parsed = parse(text, 64)
    return parsed.kind === 'parsed' && JSON.stringify(parsed.value) === JSON.stringify(JSON.parse(text))
  }), { numRuns: 1000 }))
})

t.test('what JSON.parse refuses is refused, whatever the text', async (t) => {
  const syntax = fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'a', '1', ' ', 'true'), maxLength: 14 })
  t.doesNotThrow(() => fc.assert(fc.property(syntax, (text) => {
    const isJson = (() => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    })()
    const code = codeOf(text)
    return isJson ? code === 'parsed' || code === 'body_key_duplicate' : code === 'body_malformed'
  }), { numRuns: 5000 }))
})

t.test('arbitrary bytes never throw', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => typeof codeOf(Buffer.from(bytes)) === 'string'), { numRuns: 2000 }))
})

const MARK = 'the-member-to-double'

function objectsIn (value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap(objectsIn)
  return Array.isArray(value) || Object.keys(value).length === 0 ? inner : [value, ...inner]
}

/** A name written in escapes alone: the same name in other letters. */
function escapeAll (name: string): string {
  return `"${Array.from({ length: name.length }, (_, index) => `\\u${name.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')}"`
}
