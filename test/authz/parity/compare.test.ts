import t from 'tap'
import { applyAcceptances, AcceptSchema } from '../../../authz/parity/compare/accept.ts'
import { compareObservations } from '../../../authz/parity/compare/compare-observations.ts'
import { computeScore } from '../../../authz/parity/compare/score.ts'
import type { Drift, Severity } from '../../../authz/parity/drift.ts'
import type { Facts, Observation, Probe } from '../../../authz/parity/probe/probe.ts'
import { readYaml } from '../../../config/index.ts'

const probes: readonly Probe[] = ['one', 'two', 'three', 'four'].map((id) => ({ id, area: 'error', title: `request ${id}`, needs: [], observe: async () => ({}) }))
const seen = (facts: Record<string, Facts>): ReadonlyMap<string, Observation> => new Map(Object.entries(facts).map(([id, value]) => [id, { kind: 'seen', facts: value }]))
const differences = (production: Facts, sandbox: Facts): readonly Drift[] => compareObservations(probes, seen({ one: production }), seen({ one: sandbox }), () => undefined).drifts
const severityOf = (id: string, production: Facts[string], sandbox: Facts[string]): Severity | undefined => differences({ [id]: production }, { [id]: sandbox })[0]?.severity
const drift = (id: string, severity: Severity): Drift => ({ id, area: 'x', severity, production: 1, sandbox: 2, explanation: '' })

t.test('how bad a difference is follows from which side lacks what', (t) => {
  t.equal(severityOf('metadata.grant_types_supported', ['a', 'b'], ['a']), 'breaking', 'the sandbox lacks something')
  t.equal(severityOf('metadata.grant_types_supported', ['a'], ['a', 'b']), 'likely', 'it has something more')
  t.equal(severityOf('metadata.token_endpoint', '<host>/a', '<host>/b'), 'likely')
  t.equal(severityOf('metadata.token_endpoint', '<host>/a', null), 'breaking')
  t.equal(severityOf('metadata.require_pushed_authorization_requests', null, false), undefined, 'what is left out is false')
  t.equal(severityOf('metadata.request_uri_parameter_supported', null, true), undefined, 'but for one, which is true')
  t.equal(severityOf('metadata.request_uri_parameter_supported', null, false), 'likely')
  t.equal(severityOf('error.one.status', 400, 401), 'likely')
  t.equal(severityOf('error.one.status', 200, 401), 'breaking')
  t.equal(severityOf('error.one.status', 302, 303), 'cosmetic')
  t.equal(severityOf('error.one.error', 'invalid_client', 'unauthorized'), 'breaking')
  t.equal(severityOf('error.one.description', 'a', 'b'), 'cosmetic')
  t.equal(severityOf('error.one.content_type', 'application/json', 'application/json;charset=utf-8'), 'cosmetic')
  t.equal(severityOf('token.token_type', 'Bearer', 'bearer'), 'cosmetic')
  t.equal(severityOf('token.token_type', 'Bearer', 'DPoP'), 'breaking')
  t.equal(severityOf('access_token.claims.aud', 'string', 'array of string'), 'breaking')
  t.equal(severityOf('access_token.claims.aud', 'string', null), 'likely')
  t.equal(severityOf('access_token.claims.aud', null, 'string'), 'cosmetic')
  t.equal(severityOf('tls.issuer.versions', ['TLSv1.2'], ['TLSv1.3']), 'breaking')
  t.equal(severityOf('tls.issuer.versions', ['TLSv1.2', 'TLSv1.3'], ['TLSv1.3']), 'likely')
  t.equal(severityOf('tls.mtls.asks_for_certificate', true, false), 'breaking')
  t.equal(severityOf('cors.token_preflight.allow_origin', '*', null), 'breaking')
  t.equal(severityOf('something.new', 1, 2), 'likely', 'and what no rule knows is told all the same')
  t.end()
})

t.test('seconds may differ by the time that a request takes, and by no more', (t) => {
  t.equal(severityOf('token.expires_in', 3600, 3599), undefined)
  t.equal(severityOf('token.expires_in', 3600, 3590), 'likely')
  t.end()
})

t.test('what follows from a difference is not told again', (t) => {
  const ids = (production: Facts, sandbox: Facts) => differences(production, sandbox).map(({ id }) => id)
  t.same(ids({ 'error.one.failure': null, 'error.one.status': 400, 'headers.token.pragma': ['no-cache'] }, { 'error.one.failure': 'no answer in time' }), ['error.one.failure'])
  t.same(ids({ 'error.one.redirect': 'to the client, in the query', 'error.one.status': 303, 'error.one.error': 'x' }, { 'error.one.redirect': null, 'error.one.status': 400, 'error.one.body': 'page' }), ['error.one.redirect'])
  t.same(ids({ 'error.one.status': 200, 'error.one.error': null, 'error.one.members': ['access_token'] }, { 'error.one.status': 400, 'error.one.error': 'invalid_scope', 'error.one.members': ['error'] }), ['error.one.status'])
  t.same(ids({ 'access_token.format': 'JWT', 'access_token.header.alg': 'ES256' }, { 'access_token.format': 'opaque' }), ['access_token.format'])
  t.same(ids({ 'error.one.status': 400, 'error.one.error': 'a', 'error.one.description': 'x' }, { 'error.one.status': 401, 'error.one.error': 'b', 'error.one.description': 'y' }), ['error.one.error', 'error.one.status'])
  t.end()
})

t.test('one header that differs in many answers is one difference, with the answers that show it', (t) => {
  const name = 'headers.token.cache_control'
  const { drifts, compared } = compareObservations(probes,
    seen({ one: { [name]: ['no-store'] }, two: { [name]: ['no-store'] }, three: { [name]: null }, four: { [name]: ['no-store'] } }),
    seen({ one: { [name]: null }, two: { [name]: null }, three: { [name]: null }, four: { [name]: ['private'] } }), () => undefined)
  t.equal(drifts.length, 1)
  t.equal(compared.length, 1)
  t.match(drifts[0], { id: name, production: ['no-store'], sandbox: { 'request one': null, 'request four': ['private'] }, explanation: /request one; request two; request four/ })
  t.end()
})

t.test('what a side was not asked is skipped with its reason, and counts for nothing', (t) => {
  const production = new Map<string, Observation>([['one', { kind: 'skipped', why: 'production advertises no par endpoint' }]])
  const { skipped, compared } = compareObservations(probes.slice(0, 2), production, seen({ one: { 'x.y': 1 } }), () => undefined)
  t.match(skipped, [{ id: 'error.one', why: 'production advertises no par endpoint' }, { id: 'error.two', why: 'it was not asked' }])
  t.same(compared, [])
  t.equal(computeScore(compared, []), 0, 'and nothing compared is no parity')
  t.end()
})

t.test('differences come in the order in which they break clients', (t) => {
  const found = differences({ 'headers.token.pragma': ['a'], 'keys.algorithms': ['ES256'], 'token.expires_in': 60, 'metadata.grant_types_supported': ['a'] }, { 'headers.token.pragma': null, 'keys.algorithms': ['RS256'], 'token.expires_in': 600, 'metadata.grant_types_supported': [] })
  t.same(found.map(({ id }) => id), ['metadata.grant_types_supported', 'keys.algorithms', 'token.expires_in', 'headers.token.pragma'])
  t.end()
})

t.test('the score is 100 for no difference only, below 98 with a likely one and below 90 with a breaking one, and falls with each', (t) => {
  const compared = Array.from({ length: 100 }, (_, index) => ({ id: `x.${index}`, severity: 'breaking' as const, isSame: true }))
  t.equal(computeScore(compared, []), 100)
  t.equal(computeScore(compared, [drift('x.1', 'cosmetic')]), 99.9)
  t.equal(computeScore(compared, [drift('x.1', 'likely')]), 97.7)
  t.equal(computeScore(compared, [drift('x.1', 'breaking')]), 89.1)
  t.equal(computeScore(compared, compared.slice(0, 50).map(({ id }) => drift(id, 'breaking'))), 45)
  t.equal(computeScore(compared, compared.map(({ id }) => drift(id, 'breaking'))), 0)
  t.end()
})

t.test('a suggestion goes with its difference', (t) => {
  const { drifts } = compareObservations(probes, seen({ one: { 'token.expires_in': 60 } }), seen({ one: { 'token.expires_in': 600 } }), ({ production }) => ({ path: 'profile.lifetimes.access_token', value: `${String(production)}s`, note: '' }))
  t.match(drifts[0]?.suggestion, { path: 'profile.lifetimes.access_token', value: '60s' })
  t.end()
})

t.test('accepted differences', async (t) => {
  const drifts = [drift('token.expires_in', 'likely'), drift('headers.token.pragma', 'cosmetic'), drift('headers.jwks.pragma', 'cosmetic')]
  const now = Date.parse('2026-11-24T12:00:00Z')
  const entry = (id: string, expires = '2027-01-01') => ({ id, reason: 'known', expires })

  t.test('an entry accepts what it names, or all that begin so', async (t) => {
    t.match(applyAcceptances(drifts, [entry('token.expires_in'), entry('headers.*')], now), { open: [], accepted: { length: 3 }, stale: [] })
    t.equal(applyAcceptances(drifts, [entry('token.expires')], now).open.length, 3, 'without a star, nothing more than its name')
  })

  t.test('an entry lasts to the end of its day, and then counts as nothing and is told', async (t) => {
    t.equal(applyAcceptances(drifts, [entry('token.expires_in', '2026-11-24')], now).open.length, 2)
    t.match(applyAcceptances(drifts, [entry('token.expires_in', '2026-11-23')], now), { open: { length: 3 }, stale: [{ id: 'token.expires_in', why: 'has expired' }] })
    t.match(applyAcceptances(drifts, [entry('token.expires_in', '2027-02-30')], now), { open: { length: 3 }, stale: [{ why: 'has expired' }] }, 'a day that does not exist is none in the future')
  })

  t.test('an entry that matches nothing is told', async (t) => {
    t.match(applyAcceptances(drifts, [entry('keys.count')], now).stale, [{ id: 'keys.count', why: 'matches nothing' }])
  })

  const WRONG: Record<string, string> = {
    'an unknown key': 'accept: [{ id: a.b, reason: x, expires: "2027-01-01", until: y }]',
    'no reason': 'accept: [{ id: a.b, expires: "2027-01-01" }]',
    'an empty reason': 'accept: [{ id: a.b, reason: "", expires: "2027-01-01" }]',
    'no date': 'accept: [{ id: a.b, reason: x }]',
    'a date in words': 'accept: [{ id: a.b, reason: x, expires: never }]',
    'everything at once': 'accept: [{ id: "*", reason: x, expires: "2027-01-01" }]',
    'another top key': 'accepted: []',
  }
  for (const [title, text] of Object.entries(WRONG)) {
    t.test(`a file with ${title} is refused`, async (t) => {
      const directory = t.testdir({ 'accept.yaml': text })
      t.equal(readYaml(`${directory}/accept.yaml`, AcceptSchema).kind, 'refused')
    })
  }
})
