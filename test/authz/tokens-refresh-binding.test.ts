import t from 'tap'
import * as openid from 'openid-client'
import { authorize, Browser, createClient, createFetch, discover, postForm } from '../support/authz-client.ts'
import { openTestServer, PAYMENTS, REDIRECT_URI, SANDBOX_A } from '../support/authz-server.ts'
import { createProofKey, type ProofKey } from '../support/dpop-client.ts'

/** A public client has no secret, so its refresh token is bound to what it proved (RFC 9449 §5, RFC 8705 §4, RFC 9700 §4.14.2). */
const server = await openTestServer()
const web = createFetch(server)
t.teardown(async () => { await web.close(); await server.close() })
await server.authz.users.create(SANDBOX_A, { username: 'amira', name: 'Amira', email: 'amira@example.test' })
const client = await createClient(server.authz, { authMethod: 'none', grants: ['authorization_code', 'refresh_token'] })
const configuration = await discover(server, client.clientId, openid.None())
const endpoint = `${server.issuer}/oauth/token`
const expect = { audiences: [PAYMENTS], requireBound: true }

async function redeem (fetcher: typeof web, url: string, headers: Record<string, string>) {
  const { callback, verifier } = await authorize(new Browser(web), configuration, { user: 'amira' })
  return (await postForm(fetcher, url, { grant_type: 'authorization_code', client_id: client.clientId, code: callback.searchParams.get('code') ?? '', redirect_uri: REDIRECT_URI, code_verifier: verifier }, headers)).json
}
const refresh = async (token: unknown, headers: Record<string, string> = {}, fetcher = web, url = endpoint) =>
  (await postForm(fetcher, url, { grant_type: 'refresh_token', client_id: client.clientId, refresh_token: String(token) }, headers)).json
const proofOf = (key: ProofKey): Record<string, string> => ({ dpop: key.prove('POST', endpoint) })

await t.test('by DPoP: without a proof and with another key it is refused and stays good; with its own key it is exchanged for one bound alike', async (t) => {
  const key = createProofKey()
  const first = await redeem(web, endpoint, proofOf(key))
  t.match(first, { token_type: 'DPoP', refresh_token: /./ })
  t.match(await refresh(first['refresh_token']), { error: 'invalid_grant' })
  t.match(await refresh(first['refresh_token'], proofOf(createProofKey())), { error: 'invalid_grant' })
  const second = await refresh(first['refresh_token'], proofOf(key))
  t.match(second, { token_type: 'DPoP' })
  const token = String(second['access_token'])
  t.match(await server.authz.verifyAccessToken(token, { ...expect, dpop: { proof: key.prove('GET', `${server.issuer}/v1/x`, token), method: 'GET', target: '/v1/x' } }), { kind: 'verified' })
  t.match(await refresh(second['refresh_token']), { error: 'invalid_grant' }, 'so is the next')
})

await t.test('by certificate: without it and with another it is refused and stays good; with its own it is exchanged for one bound alike', async (t) => {
  const [own, other] = [await server.issueCertificate('public client'), await server.issueCertificate('somebody else')]
  const [mutual, strange] = [createFetch(server, own), createFetch(server, other)]
  t.teardown(async () => { await mutual.close(); await strange.close() })
  const url = `${server.mtlsOrigin}/oauth/token`
  const first = await redeem(mutual, url, {})
  t.match(await refresh(first['refresh_token']), { error: 'invalid_grant' })
  t.match(await refresh(first['refresh_token'], {}, strange, url), { error: 'invalid_grant' })
  const second = await refresh(first['refresh_token'], {}, mutual, url)
  t.match(await server.authz.verifyAccessToken(String(second['access_token']), { ...expect, certificateThumbprint: own.thumbprint }), { kind: 'verified' })
  t.match(await refresh(second['refresh_token'], {}, strange, url), { error: 'invalid_grant' }, 'so is the next')
})

await t.test('a code that was asked for with dpop_jkt is redeemed with that key alone (RFC 9449 §10)', async (t) => {
  const key = createProofKey()
  const { callback, verifier } = await authorize(new Browser(web), configuration, { user: 'amira', parameters: { dpop_jkt: key.jkt } })
  const form = { grant_type: 'authorization_code', client_id: client.clientId, code: callback.searchParams.get('code') ?? '', redirect_uri: REDIRECT_URI, code_verifier: verifier }
  t.match((await postForm(web, endpoint, form, proofOf(createProofKey()))).json, { error: 'invalid_grant' })
})
