import { randomToken } from '../../../kernel/index.ts'
import { authorizationUrl } from '../probe/log-in.ts'
import type { Probe } from '../probe/probe.ts'
import type { Session } from '../probe/session.ts'
import { requestProbe } from './request-probe.ts'

interface Change { readonly drop?: readonly string[], readonly set?: Readonly<Record<string, string>>, readonly append?: string }
type Row = readonly [id: string, title: string, change: Change, needs?: readonly string[]]

const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"response_type":"code"}').toString('base64url')}.`
const LONG_STATE_LENGTH = 4000

/** Authorization requests of the test client that are wrong in one way, or unusual in one (RFC 6749 §4.1.2.1, RFC 7636 §4.4.1). */
const ROWS: readonly Row[] = [
  ['good_authorization', 'an authorization request as it should be, without a session', {}],
  ['missing_response_type', 'an authorization request without response_type', { drop: ['response_type'] }],
  ['bad_response_type', 'a response_type that nobody has', { set: { response_type: 'sandgate' } }],
  ['implicit_response_type', 'response_type=token', { set: { response_type: 'token' } }],
  ['missing_redirect_uri', 'an authorization request without redirect_uri', { drop: ['redirect_uri'] }],
  ['wrong_redirect_uri', 'a redirect_uri that is not registered', { set: { redirect_uri: 'https://redirect.parity.example/' } }],
  ['malformed_redirect_uri', 'a redirect_uri that is no URI', { set: { redirect_uri: 'not a uri' } }],
  ['missing_scope', 'an authorization request without scope', { drop: ['scope'] }],
  ['unknown_scope', 'an authorization request with an unknown scope', { set: { scope: 'sandgate-parity-none' } }],
  ['missing_state', 'an authorization request without state', { drop: ['state'], set: { prompt: 'none' } }],
  ['empty_state', 'an authorization request with an empty state', { set: { state: '', prompt: 'none' } }],
  ['long_state', `a state of ${LONG_STATE_LENGTH} characters`, { set: { state: 's'.repeat(LONG_STATE_LENGTH), prompt: 'none' } }],
  ['missing_pkce', 'an authorization request without PKCE', { drop: ['code_challenge', 'code_challenge_method'] }],
  ['plain_pkce', 'PKCE with the plain method', { set: { code_challenge_method: 'plain' } }],
  ['unknown_pkce_method', 'PKCE with a method that nobody has', { set: { code_challenge_method: 'S1' } }],
  ['short_challenge', 'a code_challenge that is too short', { set: { code_challenge: 'short' } }],
  ['bad_response_mode', 'a response_mode that nobody has', { set: { response_mode: 'sandgate' } }],
  ['bad_prompt', 'a prompt that nobody has', { set: { prompt: 'sandgate' } }],
  ['contradictory_prompt', 'prompt=none with another prompt', { set: { prompt: 'none login' } }],
  ['silent_without_session', 'prompt=none without a session', { set: { prompt: 'none' } }],
  ['bad_max_age', 'a max_age that is no number', { set: { max_age: 'long' } }],
  ['bad_claims', 'a claims request that is no JSON', { set: { claims: '{' } }],
  ['bad_id_token_hint', 'an id_token_hint that is no token', { set: { id_token_hint: 'made-up' } }],
  ['duplicate_state', 'an authorization request with state twice', { append: '&state=second' }],
  ['duplicate_authorization_scope', 'an authorization request with scope twice', { append: '&scope=openid' }],
  ['unknown_authorization_parameter', 'an authorization request with a parameter that nobody knows', { set: { sandgate_parity: '1', prompt: 'none' } }],
  ['bad_request_object', 'a request object that is no JWT (RFC 9101)', { set: { request: 'made-up' } }],
  ['unsigned_request_object', 'a request object that nobody signed', { set: { request: unsigned } }],
  ['bad_request_uri', 'a request_uri that nobody gave out (RFC 9126)', { set: { request_uri: 'urn:ietf:params:oauth:request_uri:made-up' } }],
  ['foreign_request_uri', 'a request_uri on another host', { set: { request_uri: 'https://request.parity.example/object' } }],
  ['bad_authorization_details', 'authorization_details that are no JSON (RFC 9396)', { set: { authorization_details: '{' } }, ['member:authorization_details_types_supported']],
  ['unknown_authorization_resource', 'an authorization request for a resource that nobody has', { set: { resource: 'https://resource.parity.example/' } }],
  ['wrong_client', 'the authorization request of an unknown client', { set: { client_id: 'sandgate-parity-unknown' } }],
]

/** Authorization requests, answered by a page or by a redirect to the client. */
export const authorizationProbes: readonly Probe[] = [
  ...ROWS.map(([id, title, change, needs = []]) => requestProbe({ id, title, endpoint: 'authorization', needs: ['client:redirect', ...needs], request: (session) => ({ method: 'GET', url: changedUrl(session, change), headers: [['accept', 'text/html']] }) })),
  requestProbe({ id: 'authorization_by_form', title: 'an authorization request by POST', endpoint: 'authorization', needs: ['client:redirect'], request: (session) => ({ ...session.post('authorization', new URL(changedUrl(session, { set: { prompt: 'none' } })).search.slice(1)) }) }),
  requestProbe({ id: 'authorization_without_parameters', title: 'an authorization request without parameters', endpoint: 'authorization', request: (session) => ({ method: 'GET', url: session.endpoint('authorization'), headers: [['accept', 'text/html']] }) }),
  requestProbe({ id: 'authorization_of_unknown_client', title: 'an authorization request of an unknown client', endpoint: 'authorization', request: (session) => ({ method: 'GET', url: `${session.endpoint('authorization')}?client_id=sandgate-parity-unknown&response_type=code&redirect_uri=https%3A%2F%2Fredirect.parity.example%2F`, headers: [['accept', 'text/html']] }) }),
  requestProbe({ id: 'authorization_error_as_json', title: 'a wrong authorization request that asks for JSON', endpoint: 'authorization', request: (session) => ({ method: 'GET', url: session.endpoint('authorization'), headers: [['accept', 'application/json']] }) }),
]

function changedUrl (session: Session, { drop = [], set = {}, append = '' }: Change): string {
  const state = randomToken(16)
  session.redactor.remember(state)
  // The hint that lets a client in is left out: a request that is wrong must be refused before anybody is let in.
  const { login: _, ...client } = session.side.client ?? { clientId: '', auth: { method: 'none' as const } }
  const url = new URL(authorizationUrl({ side: { ...session.side, client }, endpoint: session.endpoint('authorization') }, randomToken(32), state))
  for (const name of drop) url.searchParams.delete(name)
  for (const [name, value] of Object.entries(set)) url.searchParams.set(name, value)
  return `${url.href}${append}`
}
