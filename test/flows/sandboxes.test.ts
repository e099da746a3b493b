import t from 'tap'
import { startTestGateway } from '../support/gateway.ts'

/** Reset, a second sandbox by one call, and that neither sees anything of the other. */
t.test('sandboxes', async (t) => {
  const sandgate = await startTestGateway({ 'sandboxes.maximum_per_account': 2 })
  t.teardown(sandgate.stop)
  const first = await sandgate.newSandbox({ account: 'acme' })
  const token = await sandgate.tokenFor(first, { door: 'public' })

  t.test('the control API refuses developers and strangers', async (t) => {
    t.match(await sandgate.call('POST', '/control/sandboxes', { token: first.key.reveal(), body: {} }), { status: 403, json: { code: 'credential_not_accepted' } })
    t.match(await sandgate.call('POST', '/control/sandboxes', { token, body: {} }), { status: 403 })
    t.match(await sandgate.call('POST', '/control/sandboxes', { body: {} }), { status: 401, json: { code: 'token_missing' } })
    t.match(await sandgate.call('POST', '/control/sandboxes', { token: 'sgop_made-up', body: {} }), { status: 401 })
    t.match(await sandgate.call('POST', '/control/sandboxes', { token: sandgate.operatorToken, body: { nmae: 'x' } }), { status: 422, json: { code: 'request_invalid' } }, 'an unknown member')
  })

  t.test('one call makes a second sandbox, with a client and a certificate that work, and the account\'s quota holds', async (t) => {
    const created = await sandgate.call('POST', '/control/sandboxes', { token: sandgate.operatorToken, body: { account: 'acme', name: 'Second' } })
    t.equal(created.status, 201)
    const { client, mtls_client: mtls, sandbox, sandbox_key: key } = created.json
    t.match(sandbox, { account: 'acme', name: 'Second' })
    const issued = await sandgate.call('POST', '/oauth/token', {
      door: 'mtls',
      certificate: { certificatePem: mtls.certificate, keyPem: mtls.private_key },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: mtls.client_id, scope: 'payments:read payments:write' }).toString(),
    })
    t.equal(issued.status, 200)
    t.ok(client.client_secret)
    const shown = await sandgate.call('GET', '/sandbox', { token: key })
    t.equal(shown.json.id, sandbox.id, 'the key opens its own sandbox')
    t.match(await sandgate.call('POST', '/control/sandboxes', { token: sandgate.operatorToken, body: { account: 'acme' } }), { status: 409, json: { code: 'quota_exceeded' } })
    t.equal((await sandgate.call('GET', '/control/sandboxes', { token: sandgate.operatorToken })).json.data.filter((entry: { account: string }) => entry.account === 'acme').length, 2)
  })

  t.test('what one sandbox makes, no other finds', async (t) => {
    const stranger = await sandgate.newSandbox({ account: 'other' })
    const theirs = await sandgate.tokenFor(stranger, { door: 'public' })
    const made = await sandgate.call('POST', '/v1/customers', { token, body: { name: 'Mine' } })
    t.equal(made.status, 201)
    const path = `/v1/customers/${String(made.json.id)}`
    t.equal((await sandgate.call('GET', path, { token })).status, 200)
    t.match(await sandgate.call('GET', path, { token: theirs }), { status: 404, json: { error: { type: String } } }, 'in the API\'s own shape')
    t.notMatch((await sandgate.call('GET', '/v1/customers?limit=100', { token: theirs })).text, made.json.id)
    t.match(await sandgate.call('POST', path, { token: theirs, body: { name: 'Stolen' } }), { status: /404|405/ })
    for (const attempt of [{ 'x-sandbox': first.sandbox.id }, { 'x-sandgate-sandbox': first.sandbox.id }]) {
      t.equal((await sandgate.call('GET', path, { token: theirs, headers: attempt })).status, 404, 'no header reaches across')
    }
    t.match(await sandgate.call('GET', `${path}?sandbox=${first.sandbox.id}`, { token: theirs }), { status: /400|404/, text: /^(?!.*Mine)/s }, 'no parameter reaches across')
  })

  t.test('reset puts the world back to its baseline, and the same calls give the same objects again', async (t) => {
    const reset = async () => await sandgate.call('POST', '/sandbox/reset', { token: first.key.reveal() })
    await reset()
    const baseline = (await sandgate.call('GET', '/v1/customers?limit=100', { token })).json.data.map((customer: { id: string }) => customer.id)
    const one = await sandgate.call('POST', '/v1/customers', { token, body: { name: 'Ada' } })
    t.not((await sandgate.call('GET', '/v1/customers?limit=100', { token })).json.data.length, baseline.length)
    t.match(await reset(), { status: 200, json: { reset: true } })
    t.equal((await sandgate.call('GET', `/v1/customers/${String(one.json.id)}`, { token })).status, 404)
    t.same((await sandgate.call('GET', '/v1/customers?limit=100', { token })).json.data.map((customer: { id: string }) => customer.id), baseline)
    const again = await sandgate.call('POST', '/v1/customers', { token, body: { name: 'Ada' } })
    t.equal(again.json.id, one.json.id, 'ids come from the seed')
    t.equal((await sandgate.call('GET', '/v1/customers', { token })).status, 200, 'credentials outlive a reset')
  })

  t.test('moving the sandbox\'s clock expires its tokens and no other\'s', async (t) => {
    const mine = await sandgate.tokenFor(first, { door: 'public' })
    const stranger = await sandgate.newSandbox({ account: 'clockless' })
    const theirs = await sandgate.tokenFor(stranger, { door: 'public' })
    t.match(await sandgate.call('POST', '/sandbox/clock/advance', { token: first.key.reveal(), body: { by: 'soon' } }), { status: 422, json: { errors: [{ pointer: '/by' }] } })
    t.equal((await sandgate.call('POST', '/sandbox/clock/advance', { token: first.key.reveal(), body: { by: '61m' } })).status, 200)
    t.match(await sandgate.call('GET', '/v1/customers', { token: mine }), { status: 401, json: { code: 'token_expired' } })
    t.equal((await sandgate.call('GET', '/v1/customers', { token: theirs })).status, 200)
    t.equal((await sandgate.call('GET', '/v1/customers', { token: await sandgate.tokenFor(first, { door: 'public' }) })).status, 200, 'a new token is fresh')
  })
})
