import { inspect } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { appendPointer, errorEntry, errors, isJsonObject, parseDurationMs, PASS, pass, randomId, randomToken, refuse, Secret, type ErrorCode, type Json } from '../../kernel/index.ts'

t.test('durations', async (t) => {
  for (const text of ['', 's', '5', '5 s', '-5s', '1.5h', '5S', '5y', '5sec', ' 5s', '5s ', '1e3s', '5s5m', '0x5s', '٥s', '9999999999999s', '999999999999d']) t.equal(parseDurationMs(text), undefined, `not a duration: ${JSON.stringify(text)}`)
  for (const [text, ms] of [['0s', 0], ['500ms', 500], ['30s', 30_000], ['60m', 3_600_000], ['12h', 43_200_000], ['7d', 604_800_000], ['007s', 7000]] as const) t.equal(parseDurationMs(text), ms, text)
  t.doesNotThrow(() => fc.assert(fc.property(fc.string(), (text) => {
    const ms = parseDurationMs(text)
    return ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)
  })))
})

t.test('a secret prints as [secret] by every way that text is made, and only reveal shows it', async (t) => {
  const secret = new Secret('hunter2')
  const shown = [String(secret), `a ${secret as unknown as string}`, JSON.stringify({ secret }), inspect(secret), inspect({ deep: [secret] }, { showHidden: true, depth: 9 }), JSON.stringify(Object.entries(secret)), Object.keys(secret).join(), JSON.stringify({ ...secret }), inspect(secret, { customInspect: false, showHidden: true }), JSON.stringify(structuredClone({ ...secret }))]
  for (const text of shown) t.notMatch(text, 'hunter2')
  t.match(inspect({ deep: [secret] }), '[secret]')
  t.equal(secret.reveal(), 'hunter2')
})

t.test('JSON Pointers (RFC 6901)', async (t) => {
  t.equal(appendPointer('', ''), '/')
  t.equal(appendPointer('/a', 'b/c'), '/a/b~1c')
  t.equal(appendPointer('', 'm~n'), '/m~0n')
  t.equal(appendPointer('', '~1'), '/~01')
  t.equal(appendPointer('/a', 0), '/a/0')
  t.doesNotThrow(() => fc.assert(fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '/', '~', '0', '1', 'é') })), (tokens) => {
    const pointer = tokens.reduce((before, token) => appendPointer(before, token), '')
    const read = pointer === '' ? [] : pointer.slice(1).split('/').map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    return JSON.stringify(read) === JSON.stringify(tokens)
  })))
})

t.test('a JSON object is neither an array nor null nor a scalar', async (t) => {
  for (const value of [[], null, 1, '', true, undefined]) t.notOk(isJsonObject(value))
  t.ok(isJsonObject({}))
  t.ok(isJsonObject(Object.create(null)))
})

t.test('ids and tokens', async (t) => {
  t.match(randomId('sbx', 16), /^sbx_[0-9A-Za-z]{16}$/)
  t.match(randomId('acc'), /^acc_[0-9A-Za-z]{20}$/)
  t.match(randomToken(), /^[\w-]{43}$/)
  t.match(randomToken(9), /^[\w-]{12}$/)
  t.equal(new Set(Array.from({ length: 2000 }, () => randomId('x'))).size, 2000)
  const letters = new Map<string, number>()
  for (const letter of randomId('', 62_000).slice(1)) letters.set(letter, (letters.get(letter) ?? 0) + 1)
  t.equal(letters.size, 62, 'every letter occurs')
  const counts = [...letters.values()]
  t.ok(Math.min(...counts) > 700 && Math.max(...counts) < 1300, 'and none is favoured: 1000 each, within ten standard deviations')
})

t.test('verdicts', async (t) => {
  t.same(PASS, { kind: 'pass', adds: {} })
  t.throws(() => { (PASS as { kind: string }).kind = 'refuse' }, TypeError, 'the shared verdict cannot be changed by one request')
  t.throws(() => { (PASS.adds as Record<string, Json>)['caller'] = 'x' }, TypeError)
  t.same(pass({ a: 1 }), { kind: 'pass', adds: { a: 1 } })
  t.same(refuse({ code: 'token_missing', internalDetail: '' }), { kind: 'refuse', refusal: { code: 'token_missing', internalDetail: '' } })
})

t.test('the error table', async (t) => {
  for (const code of Object.keys(errors) as ErrorCode[]) {
    const { status, title, fix, surfaces, oauth, isRetryable } = errorEntry(code)
    t.match(code, /^[a-z]+(?:_[a-z]+)*$/, `${code} is snake_case`)
    t.ok(status >= 400 && status < 600, `${code}: an error's status`)
    t.ok(surfaces.length > 0)
    t.match(fix, /\.$/, `${code}: a sentence`)
    t.notMatch(title, /\.$|^$/, `${code}: a title`)
    t.ok(!surfaces.includes('token') || oauth !== undefined, `${code}: a refusal of the token surface has an OAuth error`)
    if (status === 429 || status === 503) t.ok(isRetryable, `${code} may succeed later`)
  }
})
