import type { Probe } from '../probe/probe.ts'
import type { Session } from '../probe/session.ts'
import { ownForm } from '../probe/session.ts'
import { encodeForm, requestProbe } from './request-probe.ts'

type Row = readonly [id: string, title: string, form: string | ((session: Session) => string), needs?: readonly string[]]

const made = 'sandgate-parity-made-up'
const codeForm = (session: Session, ...without: readonly string[]): string => encodeForm(...Object.entries({ grant_type: 'authorization_code', code: made, redirect_uri: session.side.client?.redirectUri ?? '', code_verifier: 'v'.repeat(43) }).filter(([name]) => !without.includes(name)))
const own = (session: Session): string => ownForm(session.side.client)

/** Requests of the authenticated test client that are wrong in one way, or unusual in one. */
const ROWS: readonly Row[] = [
  ['missing_grant', 'a token request without grant_type', ''],
  ['empty_grant', 'a token request with an empty grant_type', 'grant_type='],
  ['unsupported_grant', 'a token request with a grant_type that nobody has', encodeForm(['grant_type', 'urn:sandgate:parity'])],
  ['duplicate_grant', 'a token request with grant_type twice', 'grant_type=client_credentials&grant_type=client_credentials', ['grant:client_credentials']],
  ['password_grant', 'the password grant with a made-up user', encodeForm(['grant_type', 'password'], ['username', made], ['password', made])],
  ['bad_scope', 'client_credentials with an unknown scope', encodeForm(['grant_type', 'client_credentials'], ['scope', 'sandgate-parity-none']), ['grant:client_credentials']],
  ['bad_scope_characters', 'client_credentials with a scope of characters that scopes may not have', encodeForm(['grant_type', 'client_credentials'], ['scope', '"\\']), ['grant:client_credentials']],
  ['empty_scope', 'client_credentials with an empty scope', 'grant_type=client_credentials&scope=', ['grant:client_credentials']],
  ['duplicate_scope', 'client_credentials with scope twice', (session) => `${own(session)}&scope=a&scope=b`, ['grant:client_credentials']],
  ['unknown_resource', 'client_credentials for a resource that nobody has', encodeForm(['grant_type', 'client_credentials'], ['resource', 'https://resource.parity.example/']), ['grant:client_credentials']],
  ['malformed_resource', 'client_credentials for a resource that is no URI', encodeForm(['grant_type', 'client_credentials'], ['resource', 'not a uri']), ['grant:client_credentials']],
  ['unknown_audience', 'client_credentials with an audience that nobody has', encodeForm(['grant_type', 'client_credentials'], ['audience', 'https://resource.parity.example/']), ['grant:client_credentials']],
  ['unknown_parameter', 'client_credentials with a parameter that nobody knows', (session) => `${own(session)}&sandgate_parity=1`, ['grant:client_credentials']],
  ['missing_code', 'authorization_code without a code', (session) => codeForm(session, 'code'), ['grant:authorization_code']],
  ['empty_code', 'authorization_code with an empty code', (session) => `${codeForm(session, 'code')}&code=`, ['grant:authorization_code']],
  ['unknown_code', 'a made-up code', (session) => codeForm(session), ['grant:authorization_code']],
  ['unknown_code_without_redirect_uri', 'a made-up code without redirect_uri', (session) => codeForm(session, 'redirect_uri'), ['grant:authorization_code']],
  ['unknown_code_without_verifier', 'a made-up code without code_verifier', (session) => codeForm(session, 'code_verifier'), ['grant:authorization_code']],
  ['short_verifier', 'a made-up code with a code_verifier that is too short', (session) => `${codeForm(session, 'code_verifier')}&code_verifier=short`, ['grant:authorization_code']],
  ['missing_refresh_token', 'refresh_token without a refresh token', 'grant_type=refresh_token', ['grant:refresh_token']],
  ['unknown_refresh_token', 'a made-up refresh token', encodeForm(['grant_type', 'refresh_token'], ['refresh_token', made]), ['grant:refresh_token']],
  ['unknown_device_code', 'a made-up device code', encodeForm(['grant_type', 'urn:ietf:params:oauth:grant-type:device_code'], ['device_code', made]), ['grant:urn:ietf:params:oauth:grant-type:device_code']],
  ['unknown_auth_req_id', 'a made-up auth_req_id', encodeForm(['grant_type', 'urn:openid:params:grant-type:ciba'], ['auth_req_id', made]), ['grant:urn:openid:params:grant-type:ciba']],
  ['exchange_without_token', 'token exchange without a subject_token', encodeForm(['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange']), ['grant:urn:ietf:params:oauth:grant-type:token-exchange']],
  ['exchange_of_unknown_token', 'token exchange of a made-up token', encodeForm(['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'], ['subject_token', made], ['subject_token_type', 'urn:ietf:params:oauth:token-type:access_token']), ['grant:urn:ietf:params:oauth:grant-type:token-exchange']],
  ['jwt_bearer_without_assertion', 'JWT bearer without an assertion', encodeForm(['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer']), ['grant:urn:ietf:params:oauth:grant-type:jwt-bearer']],
  ['jwt_bearer_malformed', 'JWT bearer with an assertion that is no JWT', encodeForm(['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'], ['assertion', made]), ['grant:urn:ietf:params:oauth:grant-type:jwt-bearer']],
]

/** Token requests of the test client (RFC 6749 §5.2 and the grants' own documents). */
export const tokenProbes: readonly Probe[] = [
  ...ROWS.map(([id, title, form, needs = []]) => requestProbe({
    id,
    title,
    endpoint: 'token',
    needs: ['client', ...needs],
    request: async (session) => await session.postAsClient('token', typeof form === 'string' ? form : form(session)),
  })),
  requestProbe({
    id: 'malformed_dpop',
    title: 'client_credentials with a DPoP proof that is none (RFC 9449 §4.3)',
    endpoint: 'token',
    needs: ['client', 'grant:client_credentials', 'member:dpop_signing_alg_values_supported'],
    request: async (session) => await withHeaders(session, ['dpop', made]),
  }),
  requestProbe({
    id: 'duplicate_dpop',
    title: 'client_credentials with two DPoP headers',
    endpoint: 'token',
    needs: ['client', 'grant:client_credentials', 'member:dpop_signing_alg_values_supported'],
    request: async (session) => await withHeaders(session, ['dpop', made], ['dpop', made]),
  }),
]

async function withHeaders (session: Session, ...headers: ReadonlyArray<readonly [string, string]>) {
  const request = await session.postAsClient('token', own(session))
  return { ...request, headers: [...request.headers ?? [], ...headers] }
}
