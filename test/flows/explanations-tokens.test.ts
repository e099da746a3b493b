import { createHash } from 'node:crypto'
import * as openid from 'openid-client'
import t from 'tap'
import { authorize, Browser, createFetch, discover } from '../support/authz-client.ts'
import { startTestGateway, type Answer } from '../support/gateway.ts'

const REDIRECT_URI = 'http://127.0.0.1:7777/callback'

/** What became of this token? Its owner reads its life as one time line, and nobody else finds it. */
t.test('the life of a token', async (t) => {
  const sandgate = await startTestGateway({ 'sandboxes.redirect_uris': [REDIRECT_URI] })
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

  t.test('a family: code, access token, refresh token, its rotation, its reuse, and the end of all', async (t) => {
    const server = { issuer: sandgate.publicUrl, ca: sandgate.authorityPem }
    const web = createFetch(server)
    t.teardown(web.close)
    const configuration = await discover(server, owner.client.id, openid.ClientSecretBasic(owner.client.secret.reveal()))
    const { callback, verifier, state } = await authorize(new Browser(web), configuration, { user: 'Amira Haddad', redirectUri: REDIRECT_URI })
    const first = await openid.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true })
    const digest = (value: string | undefined): string => createHash('sha256').update(value ?? '').digest('base64url')
    await openid.refreshTokenGrant(configuration, first.refresh_token ?? '')
    const reuse = await post('/oauth/token', { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' })
    t.equal(reuse.status, 400)

    const answer = await read(digest(first.refresh_token))
    t.match(answer.json, { kind: 'refresh_token', format: 'opaque', status: 'revoked', subject: String, grant: /authorization_code/ })
    t.same(eventsOf(answer).slice(0, 3), ['asked', 'issued', 'rotated'])
    t.same(eventsOf(answer).slice(3).sort(), ['refused', 'revoked'], 'both by the reuse')
    t.match(answer.json.timeline.find((moment: { event: string }) => moment.event === 'refused'), { code: 'refresh_token_reused', request: reuse.requestId })
    t.match(answer.json.timeline.find((moment: { event: string }) => moment.event === 'revoked'), { by: /reuse detection/ })
    const kinds = (answer.json.family as ReadonlyArray<{ kind: string, status: string }>).map(({ kind, status }) => `${kind} ${status}`)
    t.same(kinds.sort(), ['access_token revoked', 'access_token revoked', 'authorization_code revoked', 'refresh_token revoked', 'refresh_token revoked'])
    const times = (answer.json.family_timeline as ReadonlyArray<{ at: string }>).map(({ at }) => at)
    t.same(times, times.toSorted(), 'one line, in order')
    const told = await sandgate.call('GET', `/sandbox/requests/${reuse.requestId}`, { token: key })
    t.match(told.json.explanation, { code: 'refresh_token_reused', token: digest(first.refresh_token), clause_url: /rfc9700#section-4\.14\.2/, cause: /whole family was revoked now/ })
    for (const value of [first.refresh_token, first.access_token, callback.searchParams.get('code')]) t.notOk([answer.text, told.text].some((text) => text.includes(value ?? '-')), 'no value is shown')
  })

  t.test('an introspection that answers inactive says in its record how to find out why', async (t) => {
    const token = await sandgate.tokenFor(owner, { door: 'public' })
    await post('/oauth/revoke', { token })
    const answer = await post('/oauth/introspect', { token })
    t.same(answer.json, { active: false })
    const told = await sandgate.call('GET', `/sandbox/requests/${answer.requestId}`, { token: key })
    t.match(told.json, { proven: true, findings: [{ code: 'token_inactive', detail: new RegExp(`sandgate token ${nameOf(token).replace('.', '\\.')}`) }] })
  })
})
