import t from 'tap'
import { startTestGateway, type Answer } from '../support/gateway.ts'

/** Whatever a client sends as a secret, or sends of it in a wrong place, is in no record, no log line and no time line. */
t.test('secrets are explained and never shown', async (t) => {
  const sandgate = await startTestGateway({ 'log.level': 'debug' })
  t.teardown(sandgate.stop)
  const owner = await sandgate.newSandbox()
  const secret = owner.client.secret.reveal()
  const basic = (id: string, password: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}` })
  const mine = basic(owner.client.id, secret)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const post = async (path: string, fields: Record<string, string>, headers: Record<string, string> = mine): Promise<Answer> => await sandgate.call('POST', path, { headers: { ...form, ...headers }, body: new URLSearchParams(fields).toString() })
  const get = async (path: string, query: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> => await sandgate.call('GET', `${path}?${new URLSearchParams(query).toString()}`, { headers })
  let count = 0
  const canary = (): string => `canary${String(++count).padStart(3, '0')}${'x'.repeat(34)}`
  const jwt = (claims: object): string => `${Buffer.from('{"alg":"ES256","kid":"k"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${canary()}`
  const authorize = { client_id: owner.client.id, response_type: 'code', redirect_uri: 'http://127.0.0.1:7777/callback', scope: 'openid', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }
  const client = { client_id: owner.client.id }

  await post('/oauth/token', { grant_type: 'client_credentials' }, basic(owner.client.id, canary()))
  await post('/oauth/token', { grant_type: 'client_credentials' }, basic(canary(), owner.client.id))
  await post('/oauth/token', { grant_type: 'client_credentials' }, { authorization: `Basic ${canary()}` })
  await post('/oauth/token', { grant_type: 'client_credentials' }, { authorization: canary() })
  await post('/oauth/token', { grant_type: 'client_credentials', ...client, client_secret: canary() }, {})
  await post('/oauth/token', { grant_type: 'client_credentials', client_secret: canary() })
  await post('/oauth/token', { grant_type: 'password', username: canary(), password: canary() })
  await post('/oauth/token', { grant_type: 'authorization_code', code: canary(), code_verifier: canary(), redirect_uri: `http://127.0.0.1:7777/callback?token=${canary()}` })
  await post('/oauth/token', { grant_type: 'refresh_token', refresh_token: canary(), scope: 'openid' })
  await post('/oauth/token', { grant_type: 'refresh_token', refresh_token: `${canary()}.${canary()}` })
  await post('/oauth/token', { grant_type: 'client_credentials', client_assertion: jwt({ sub: owner.client.id }), client_assertion_type: canary() }, {})
  await post('/oauth/token', { grant_type: 'client_credentials', client_assertion: jwt({ sub: owner.client.id, iss: 'x', aud: 'y', exp: 5, jti: 'z' }), client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' }, {})
  await post('/oauth/token', { grant_type: 'client_credentials', authorization_details: `{"${canary()}` })
  await post('/oauth/token', { grant_type: 'client_credentials', resource: `https://u:${canary()}@nobody.example/?key=${canary()}` })
  await post('/oauth/token', { grant_type: 'client_credentials' }, { ...mine, dpop: jwt({ htm: 'POST' }) })
  await post('/oauth/token', { grant_type: 'client_credentials' }, { ...mine, origin: 'https://evil.example', cookie: `session=${canary()}` })
  await post('/oauth/introspect', { token: canary() })
  await post('/oauth/revoke', { token: canary(), client_secret: canary() })
  await post('/oauth/par', { request: jwt({ client_id: 'x' }), state: canary() })
  await get('/oauth/authorize', { ...authorize, state: canary(), nonce: canary(), claims: canary(), login_hint: canary() })
  await get('/oauth/authorize', { ...authorize, redirect_uri: `http://127.0.0.1:7777/other?access_token=${canary()}` })
  await get('/oauth/authorize', { ...authorize, request_uri: `urn:ietf:params:oauth:request_uri:${canary()}` })
  await get('/oauth/authorize', { ...authorize, id_token_hint: jwt({ aud: 'x' }) })
  await get('/oauth/logout', { ...client, id_token_hint: jwt({ aud: owner.client.id }), post_logout_redirect_uri: `https://client.example/?code=${canary()}` })
  await get('/oauth/userinfo', { access_token: canary() })
  await get('/oauth/userinfo', {}, { authorization: `Bearer ${canary()}` })
  await get('/oauth/userinfo', {}, { authorization: `DPoP ${canary()}`, dpop: canary() })
  await sandgate.call('POST', '/oauth/register', { headers: { authorization: `Bearer ${canary()}` }, body: { client_secret: canary() } })
  await sandgate.call('GET', '/v1/customers', { token: canary() })
  await sandgate.call('GET', '/v1/customers', { token: jwt({ client_id: owner.client.id }) })
  await sandgate.call('GET', `/sandbox/tokens/${canary()}`, { token: canary() })

  t.ok(count > 40)
  const { stores } = sandgate.gateway.composition
  const kept: unknown[] = []
  for (const stream of ['requests', 'claimed-requests', 'tokens'].flatMap((name) => [`${name}:-`, `${name}:${owner.sandbox.id}`])) kept.push(...await stores.log.read(stream, { limit: 1000 }))
  t.ok(kept.length > 25, 'all were recorded')
  t.same([...new Set(JSON.stringify(kept).match(/canary\d+/g))], [], 'in records and time lines')
  t.same([...new Set(sandgate.logLines.join('').match(/canary\d+/g))], [], 'in the log')
  const shown = JSON.stringify([kept, sandgate.logLines])
  t.notMatch(shown, secret)
  t.notMatch(shown, Buffer.from(`${owner.client.id}:${secret}`).toString('base64'))
  const explained = (kept as ReadonlyArray<{ value: { status: number, explanation?: { cause: string } } }>).filter(({ value }) => value.status >= 400)
  t.same(explained.filter(({ value }) => value.explanation === undefined).map(({ value }) => value), [], 'and every failure is explained')
})
