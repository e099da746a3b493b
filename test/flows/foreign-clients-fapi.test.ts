import * as oauth from 'oauth4webapi'
import t, { type Test } from 'tap'
import { createFetch } from '../support/authz-client.ts'
import { openForeignWorld } from '../support/foreign-world.ts'
import { oauthError } from '../support/oauth-error.ts'

const REDIRECT_URI = 'https://client.example/callback'
const API_AUDIENCE = 'https://api.payments.example'

/** A bank's client on oauth4webapi, whose author certifies clients for FAPI: all that it sends and checks is the library's. */
async function openBank (t: Test, settings: Readonly<Record<string, unknown>>) {
  const world = await openForeignWorld(t, settings)
  const { sandgate } = world
  const fetcher = createFetch({ issuer: sandgate.publicUrl, ca: sandgate.authorityPem })
  t.teardown(fetcher.close)
  const via = { [oauth.customFetch]: fetcher as never }
  const issuer = new URL(sandgate.publicUrl)
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...via }))
  const keys = await oauth.generateKeyPair('PS256', { extractable: true })
  const jwk = { ...await crypto.subtle.exportKey('jwk', keys.publicKey), kid: 'bank', alg: 'PS256', use: 'sig', key_ops: undefined, ext: undefined }
  const { id } = await world.register('private_key_jwt', { jwks: { keys: [JSON.parse(JSON.stringify(jwk))] }, token_endpoint_auth_signing_alg: 'PS256', grant_types: ['authorization_code', 'refresh_token'], redirect_uris: [REDIRECT_URI], scope: 'openid offline_access profile payments:read payments:write', headless_login: true })
  const client: oauth.Client = { client_id: id, id_token_signed_response_alg: 'ES256', authorization_signed_response_alg: 'ES256' }
  const auth = oauth.PrivateKeyJwt({ key: keys.privateKey, kid: 'bank' })
  const newProofs = async (): Promise<oauth.DPoPHandle> => oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  /** Sends once more, with the nonce, when the server asks for one. */
  const withNonce = async <Value>(send: () => Promise<Value>): Promise<Value> => {
    try {
      return await send()
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      return await send()
    }
  }
  return { ...world, fetcher, via, as, client, auth, keys, newProofs, withNonce }
}

type Bank = Awaited<ReturnType<typeof openBank>>
interface Authorization { readonly callback: URL, readonly verifier: string, readonly nonce: string, readonly state: string }

/** Pushes a request, signed where asked for, and takes it to the authorization endpoint as a browser would. */
async function authorize ({ as, client, auth, keys, fetcher, via, withNonce }: Bank, DPoP: oauth.DPoPHandle, { isSigned = false } = {}): Promise<Authorization> {
  const [verifier, nonce, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomNonce(), oauth.generateRandomState()]
  const parameters = new URLSearchParams({ response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid offline_access profile payments:read payments:write', prompt: 'consent', nonce, state, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', sandgate_login: 'amira', ...(isSigned ? { response_mode: 'jwt' } : {}) })
  const sent = isSigned ? { request: await oauth.issueRequestObject(as, client, parameters, { key: keys.privateKey, kid: 'bank' }) } : parameters
  const pushed = await withNonce(async () => await oauth.processPushedAuthorizationResponse(as, client, await oauth.pushedAuthorizationRequest(as, client, auth, sent, { DPoP, ...via })))
  const url = new URL(as.authorization_endpoint ?? '')
  url.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri }).toString()
  const { headers } = await fetcher(url)
  return { callback: new URL(headers.get('location') ?? '', url), verifier, nonce, state }
}

async function redeem ({ as, client, auth, via, withNonce }: Bank, answer: URLSearchParams, { verifier, nonce }: Authorization, DPoP: oauth.DPoPHandle): Promise<oauth.TokenEndpointResponse> {
  return await withNonce(async () => await oauth.processAuthorizationCodeResponse(as, client, await oauth.authorizationCodeGrantRequest(as, client, auth, answer, REDIRECT_URI, verifier, { DPoP, ...via }), { expectedNonce: nonce, requireIdToken: true }))
}

t.test('FAPI 2.0 Security Profile: PAR, PKCE, private_key_jwt and DPoP with nonces, to the API', async (t) => {
  const bank = await openBank(t, { 'profile.security': 'fapi-2-security', 'profile.dpop_nonces': 'required' })
  const { sandgate, as, client, auth, via, withNonce, newProofs, explanationsOf } = bank
  const api = new URL('/v1/customers', sandgate.publicUrl)
  const callApi = async (token: string, DPoP?: oauth.DPoPHandle): Promise<Response> => await withNonce(async () => await oauth.protectedResourceRequest(token, 'GET', api, undefined, undefined, { ...via, ...(DPoP === undefined ? {} : { DPoP }) }))
  const DPoP = await newProofs()
  const request = await authorize(bank, DPoP)
  const answer = oauth.validateAuthResponse(as, client, request.callback, request.state)
  const tokens = await redeem(bank, answer, request, DPoP)

  t.test('the token opens the API with a proof of its key', async (t) => {
    t.equal(tokens.token_type, 'dpop')
    t.match(oauth.getValidatedIdTokenClaims(tokens), { iss: sandgate.publicUrl, aud: client.client_id })
    t.equal((await callApi(tokens.access_token, DPoP)).status, 200)
    const info = await withNonce(async () => await oauth.processUserInfoResponse(as, client, oauth.getValidatedIdTokenClaims(tokens)?.sub ?? '', await oauth.userInfoRequest(as, client, tokens.access_token, { DPoP, ...via })))
    t.match(info, { name: 'Amira Haddad' })
  })

  t.test('and nothing without it, or with a proof of another key', async (t) => {
    await t.rejects(callApi(tokens.access_token), { code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 })
    await t.rejects(callApi(tokens.access_token, await newProofs()), { code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 })
    t.match((await explanationsOf(client.client_id)).slice(-2), [/"token_proof_missing"/, /"token_proof_mismatch"/])
  })

  t.test('a resource server on the same library accepts the token for this API and for no other', async (t) => {
    const asked: Request[] = []
    const capture = async (url: string, { method, headers }: { method: string, headers: Record<string, string> }): Promise<Response> => {
      asked.push(new Request(url, { method, headers }))
      return new Response()
    }
    await oauth.protectedResourceRequest(tokens.access_token, 'GET', api, undefined, undefined, { DPoP, [oauth.customFetch]: capture as never })
    const [seen] = asked
    if (seen === undefined) throw new Error('nothing was sent')
    t.match(await oauth.validateJwtAccessToken(as, seen.clone(), API_AUDIENCE, via), { iss: sandgate.publicUrl, client_id: client.client_id, scope: /payments:read/ })
    await t.rejects(oauth.validateJwtAccessToken(as, seen, 'https://api.other.example', via), /aud/)
  })

  t.test('a code is refused with the proof of another key, without a verifier, and the second time', async (t) => {
    const proofs = await newProofs()
    const stolen = await authorize(bank, proofs)
    const code = oauth.validateAuthResponse(as, client, stolen.callback, stolen.state)
    await t.rejects(redeem(bank, code, stolen, await newProofs()), oauthError('invalid_grant'))
    const other = await authorize(bank, DPoP)
    const theirs = oauth.validateAuthResponse(as, client, other.callback, other.state)
    await t.rejects(redeem(bank, theirs, { ...other, verifier: oauth.generateRandomCodeVerifier() }, DPoP), oauthError('invalid_grant'))
    await t.rejects(redeem(bank, answer, request, DPoP), oauthError('invalid_grant'))
  })

  t.test('an assertion for the token endpoint, not the issuer, is invalid_client', async (t) => {
    const misdirected = oauth.PrivateKeyJwt({ key: bank.keys.privateKey, kid: 'bank' }, { [oauth.modifyAssertion]: (_header, payload) => { payload['aud'] = as.token_endpoint ?? '' } })
    await t.rejects(withNonce(async () => await oauth.processPushedAuthorizationResponse(as, client, await oauth.pushedAuthorizationRequest(as, client, misdirected, { response_type: 'code' }, { DPoP, ...via }))), oauthError('invalid_client'))
  })

  t.test('refreshed with its key, introspected, revoked', async (t) => {
    const proofs = await newProofs()
    const started = await authorize(bank, proofs)
    const { refresh_token: refreshToken = '' } = await redeem(bank, oauth.validateAuthResponse(as, client, started.callback, started.state), started, proofs)
    const refresh = async (handle: oauth.DPoPHandle): Promise<oauth.TokenEndpointResponse> => await withNonce(async () => await oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, auth, refreshToken, { DPoP: handle, ...via })))
    const renewed = await refresh(proofs)
    t.equal((await callApi(renewed.access_token, proofs)).status, 200)
    const introspect = async (): Promise<oauth.IntrospectionResponse> => await oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, auth, renewed.access_token, via))
    t.match(await introspect(), { active: true, cnf: { jkt: await proofs.calculateThumbprint() } })
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, renewed.access_token, via))
    t.match(await introspect(), { active: false })
    await t.rejects(callApi(renewed.access_token, proofs), { code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 })
  })
})

t.test('FAPI 2.0 Message Signing: a signed request, a signed answer', async (t) => {
  const bank = await openBank(t, { 'profile.security': 'fapi-2-message-signing' })
  const { sandgate, as, client, via, newProofs } = bank
  const DPoP = await newProofs()
  await t.rejects(authorize(bank, DPoP), oauthError('invalid_request'), 'an unsigned request is refused')
  const request = await authorize(bank, DPoP, { isSigned: true })
  await t.rejects(oauth.validateJwtAuthResponse(as, { ...client, client_id: 'somebody-else' }, request.callback, request.state, via), /aud/)
  const answer = await oauth.validateJwtAuthResponse(as, client, request.callback, request.state, via)
  const tokens = await redeem(bank, answer, request, DPoP)
  const answered = await oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL('/v1/customers', sandgate.publicUrl), undefined, undefined, { DPoP, ...via })
  t.equal(answered.status, 200)
})
