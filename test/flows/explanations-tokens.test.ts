import t from 'tap'
import { startTestGateway, type Answer } from '../support/gateway.ts'

/** What became of this token? Its owner reads its life as one time line, and nobody else finds it. */
t.test('the life of a token', async (t) => {
  const sandgate = await startTestGateway()
  t.teardown(sandgate.stop)
  const owner = await sandgate.newSandbox()
  const other = await sandgate.newSandbox()
  const key = owner.key.reveal()
  const basic = `Basic ${Buffer.from(`${owner.client.id}:${owner.client.secret.reveal()}`).toString('base64')}`
  const post = async (path: string, form: Record<string, string>): Promise<Answer> => await sandgate.call('POST', path, { headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: basic }, body: new URLSearchParams(form).toString() })
  const nameOf = (token: string): string => (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti
  const read = async (name: string, credential = key): Promise<Answer> => await sandgate.call('GET', `/sandbox/tokens/${encodeURIComponent(name)}`, { token: credential })
  const eventsOf = (answer: Answer): string[] => (answer.json.timeline as ReadonlyArray<{ event: string }>).map(({ event }) => event)

  t.test('asked, issued, used, refused, revoked', async (t) => {
    const token = await sandgate.tokenFor(owner, { door: 'public', scope: 'payments:read' })
    const name = nameOf(token)
    for (let index = 0; index < 3; index++) await sandgate.call('GET', '/v1/customers', { token })
    const live = await read(name)
    t.match(live.json, { name, kind: 'access_token', format: 'jwt', status: 'live', client_id: owner.client.id, grant: 'client_credentials', scopes: ['payments:read'], used: { count: 3 } })
    t.same(eventsOf(live), ['asked', 'issued', 'used'])
    t.match(live.json.timeline[1], { grant: 'client_credentials', request: /^[0-9a-f]{32}$/, expires_at: /Z$/ })
    t.notMatch(live.text, token.split('.')[2] ?? '', 'the token itself is nowhere in it')

    t.equal((await post('/oauth/revoke', { token })).status, 200)
    t.equal((await sandgate.call('GET', '/v1/customers', { token })).status, 401)
    const ended = await read(name)
    t.match(ended.json, { status: 'revoked' })
    t.match(ended.json.timeline.find((moment: { event: string }) => moment.event === 'revoked'), { by: new RegExp(`the client ${owner.client.id} at the revocation endpoint`) })
    t.match(ended.json.timeline.find((moment: { event: string }) => moment.event === 'refused'), { code: 'token_revoked', count: 1 })
  })

  t.test('nobody else finds it', async (t) => {
    const name = nameOf(await sandgate.tokenFor(owner, { door: 'public' }))
    t.match(await read(name, other.key.reveal()), { status: 404, json: { code: 'resource_not_found' } })
    t.equal((await sandgate.call('GET', '/sandbox/tokens', { token: other.key.reveal() })).json.data.length, 0)
    t.equal((await sandgate.call('GET', `/sandbox/tokens/${name}`)).status, 401)
  })

  t.test('it expires on the sandbox\'s clock', async (t) => {
    const token = await sandgate.tokenFor(owner, { door: 'public' })
    await sandgate.call('POST', '/sandbox/clock/advance', { token: key, body: { by: '61m' } })
    t.equal((await sandgate.call('GET', '/v1/customers', { token })).status, 401)
    const answer = await read(nameOf(token))
    t.match(answer.json, { status: 'expired' })
    t.ok(eventsOf(answer).includes('expired'))
    t.match(answer.json.timeline.find((moment: { event: string }) => moment.event === 'refused'), { code: 'token_expired' })
  })

  t.test('the list is newest first and pages', async (t) => {
    const first = await sandgate.call('GET', '/sandbox/tokens?limit=1', { token: key })
    const second = await sandgate.call('GET', `/sandbox/tokens?limit=1&before=${encodeURIComponent(String(first.json.next))}`, { token: key })
    t.equal(first.json.data.length, 1)
    t.equal(second.json.data.length, 1)
    t.ok(first.json.data[0].issued_at >= second.json.data[0].issued_at)
  })
})
