import t from 'tap'
import { createScrubber } from '../../../gateway/scrub/index.ts'
import type { Body, Reply } from '../../../gateway/pipeline/facts.ts'
import { scrubRequest } from '../../../gateway/stages/scrub-request.ts'
import { scrubResponse } from '../../../gateway/stages/scrub-response.ts'
import { Secret } from '../../../kernel/index.ts'
import { addsOf, arrivalOf, CALLER, refusalOf } from '../../support/gateway-literals.ts'

const CARD = '4539578763621486'
const scrubber = createScrubber({ key: new Secret('k'.repeat(32)), mode: 'enforce', testCards: [], allow: [], always: ['/**/password'], clock: { nowMs: () => 0 } })
const request = scrubRequest({ scrubber })
const response = scrubResponse({ scrubber })
const decide = async (url: string, body: Body = { kind: 'none' }, sandboxId = 'sbx_1') => await request.decide({ ...arrivalOf({ url }), body, caller: { ...CALLER, sandboxId } as typeof CALLER, clientKey: 'c' })
const answer = async (reply: Reply) => await response.decide({ ...arrivalOf(), caller: CALLER, clientKey: 'c', reply })

t.test('scrub-request refuses a real-looking card wherever it is, by pointer and without its digits', async (t) => {
  const cases: ReadonlyArray<readonly [string, Body, string]> = [
    ['/v1/x', { kind: 'json', value: { card: { number: CARD } } }, '/card/number'],
    ['/v1/x', { kind: 'json', value: [CARD] }, '/0'],
    ['/v1/x', { kind: 'json', value: CARD }, ''],
    [`/v1/x?q=${CARD}`, { kind: 'none' }, '/query/q'],
    [`/v1/${CARD}`, { kind: 'none' }, '/path/1'],
    ['/v1/x', { kind: 'form', text: `pan=${CARD}` }, '/query/pan'],
  ]
  for (const [url, body, pointer] of cases) {
    const refusal = refusalOf(await decide(url, body))
    t.match(refusal, { code: 'personal_data_refused', pointers: [pointer] }, `${url} ${body.kind}`)
    t.notMatch(JSON.stringify(refusal), CARD)
    t.equal((refusal.evidence?.['cardFingerprints'] as readonly string[]).length, 1, 'rules can count it')
  }
})

t.test('a card in a text body is not let through', async (t) => {
  const verdict = await decide('/v1/x', { kind: 'text', text: `my card is ${CARD}` })
  t.notMatch(JSON.stringify(verdict), CARD)
})

t.test('scrub-request replaces other personal data in path, query and body by the same pseudonym', async (t) => {
  const adds = addsOf(await decide('/v1/jane.doe@gmail.com?email=jane.doe%40gmail.com&keep=1', { kind: 'json', value: { email: 'jane.doe@gmail.com' } }))
  t.notMatch(JSON.stringify(adds), 'jane.doe')
  const pseudonym = (adds.cleanBody as unknown as { value: { email: string } }).value.email
  t.equal(decodeURIComponent(adds.cleanPath.slice('/v1/'.length)), pseudonym)
  t.equal(new URLSearchParams(adds.cleanQuery).get('email'), pseudonym)
  t.match(adds.cleanQuery, /keep=1/)
  t.same([...adds.removals.map((removal) => removal.pointer)].sort(), ['/email', '/path/1', '/query/email'])
})

t.test('pseudonyms are keyed by the sandbox', async (t) => {
  const inSandbox = async (id: string) => addsOf(await decide('/v1/x', { kind: 'json', value: { email: 'jane.doe@gmail.com' } }, id)).cleanBody
  t.notSame(await inSandbox('sbx_1'), await inSandbox('sbx_2'))
})

t.test('what is clean passes as the same object', async (t) => {
  const body: Body = { kind: 'json', value: { amount: 1 } }
  const adds = addsOf(await decide('/v1/x?a=1', body))
  t.equal(adds.cleanBody, body)
  t.match(adds, { cleanPath: '/v1/x', cleanQuery: 'a=1', removals: [], cardFingerprints: [] })
  t.equal(addsOf(await decide('/v1/x?a=1?b=2')).cleanQuery, 'a=1?b=2')
})

t.test('scrub-response withholds an answer that holds a card', async (t) => {
  t.match(refusalOf(await answer({ status: 200, headers: {}, body: { pan: CARD } })), { code: 'response_unsafe', internalDetail: /\/pan/ })
})

t.test('scrub-response replaces personal data in JSON and in texts and keeps status and headers', async (t) => {
  const json = addsOf(await answer({ status: 201, headers: { etag: 'x' }, body: { email: 'jane.doe@gmail.com' } })).reply
  t.match(json, { status: 201, headers: { etag: 'x' } })
  t.notMatch(JSON.stringify(json.body), 'jane.doe')
  const text = addsOf(await answer({ status: 200, headers: {}, text: `mail jane.doe@gmail.com card ${CARD}` })).reply
  t.notMatch(text.text, /jane\.doe|4539/)
})

t.test('an answer that is clean, empty or a falsy value passes as it is', async (t) => {
  for (const reply of [{ status: 204, headers: {} }, { status: 200, headers: {}, body: { a: 1 } }, { status: 200, headers: {}, body: 0 }, { status: 200, headers: {}, body: null }, { status: 200, headers: {}, body: '' }, { status: 200, headers: {}, body: false }] as Reply[]) {
    t.equal(addsOf(await answer(reply)).reply, reply)
    t.equal(addsOf(await answer(reply)).reply, reply, 'again, from memory')
  }
})
