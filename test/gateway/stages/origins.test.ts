import t from 'tap'
import type { Caller } from '../../../kernel/index.ts'
import { createPipeline, SEES_PREFLIGHTS, type PipelineDeps } from '../../../gateway/pipeline.ts'
import type { AnyFacts } from '../../../gateway/pipeline/facts.ts'
import { isPreflight, preflightHeaders } from '../../../gateway/pipeline/preflight.ts'
import { judgeOrigin } from '../../../gateway/stages/judge-origin.ts'
import { recordHeaders } from '../../../gateway/stages/record-headers.ts'
import { resolveOrigin } from '../../../gateway/stages/resolve-origin.ts'
import { addsOf, arrivalOf } from '../../support/gateway-literals.ts'

const APP = 'https://app.example'
const OTHER = 'https://other.example'

t.test('an origin that no client has registered may not read, whoever calls', async (t) => {
  const stage = resolveOrigin({ isRegisteredOrigin: (origin) => origin === APP })
  t.same(addsOf(await stage.decide(arrivalOf({ headers: { origin: 'https://evil.example' } }))).origin, { value: 'https://evil.example', isAllowed: false })
  t.same(addsOf(await stage.decide(arrivalOf({ headers: { origin: 'null' } }))).origin, { value: 'null', isAllowed: false })
  t.same(addsOf(await stage.decide(arrivalOf({ headers: { origin: APP } }))).origin, { value: APP, isAllowed: true })
  t.equal(addsOf(await stage.decide(arrivalOf({ headers: {} }))).origin, undefined)
})

t.test('another client\'s origin may not read what this client is answered', async (t) => {
  const stage = judgeOrigin({ isOriginOf: (clientId, origin) => clientId === 'cli_a' && origin === APP })
  const decide = async (value: string, clientId: string) => await stage.decide({ ...arrivalOf({ headers: {} }), origin: { value, isAllowed: true }, caller: { kind: 'client', clientId, scopes: [] } as unknown as Caller, clientKey: '' })
  t.same(addsOf(await decide(APP, 'cli_b')).origin, { value: APP, isAllowed: false })
  t.same(addsOf(await decide(OTHER, 'cli_a')).origin, { value: OTHER, isAllowed: false })
  t.same(addsOf(await decide(APP, 'cli_a')).origin, { value: APP, isAllowed: true })
})

t.test('an answer names the origin only when its scripts may read it, and varies by it', async (t) => {
  const stage = recordHeaders({ formatLimits: () => ({}), exposedHeaders: 'ETag' })
  const headersOf = async (origin: AnyFacts['origin']) => addsOf(await stage.decide({ ...arrivalOf({ headers: {} }), origin })).replyHeaders
  t.same(await headersOf({ value: OTHER, isAllowed: false }), { 'x-request-id': '', vary: 'Origin' })
  t.same(await headersOf({ value: APP, isAllowed: true }), { 'x-request-id': '', vary: 'Origin', 'access-control-allow-origin': APP, 'access-control-expose-headers': 'ETag' })
  t.same(await headersOf(undefined), { 'x-request-id': '' })
})

t.test('a preflight grants nothing to an origin that is not registered, and repeats no header that is none', async (t) => {
  const facts = (isAllowed: boolean, wanted: string) => ({ origin: { value: APP, isAllowed }, request: { headers: { 'access-control-request-headers': wanted } }, route: { allowedMethods: ['GET', 'POST'] } }) as unknown as AnyFacts
  t.same(preflightHeaders(facts(false, 'authorization')), {})
  t.same(preflightHeaders(facts(true, 'x: y')), { 'access-control-allow-methods': 'GET, POST', 'access-control-max-age': '3600' })
  t.match(preflightHeaders(facts(true, 'authorization, dpop,content-type')), { 'access-control-allow-headers': 'authorization, dpop,content-type' })
})

t.test('only OPTIONS with an origin and the method that is to follow is a preflight', async (t) => {
  const is = (method: string, headers: Record<string, string>) => isPreflight({ method, headers } as never)
  t.notOk(is('OPTIONS', {}))
  t.notOk(is('OPTIONS', { origin: APP }))
  t.notOk(is('GET', { origin: APP, 'access-control-request-method': 'POST' }))
  t.ok(is('OPTIONS', { origin: APP, 'access-control-request-method': 'POST' }))
})

t.test('a preflight passes every stage that limits and bans addresses, in the table\'s order, and none that needs a credential', async (t) => {
  const nothing: unknown = new Proxy({}, { get: () => nothing })
  const { rows, preflight } = createPipeline(nothing as PipelineDeps)
  t.same(preflight.map(({ name }) => name), SEES_PREFLIGHTS)
  t.same(rows.map(({ stage }) => stage.name).filter((name) => SEES_PREFLIGHTS.includes(name)), SEES_PREFLIGHTS)
  t.ok(SEES_PREFLIGHTS.includes('judge-ban') && SEES_PREFLIGHTS.includes('limit-address'))
})
