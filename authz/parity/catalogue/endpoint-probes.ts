import { generateKeyPairSync, sign } from 'node:crypto'
import type { HttpRequest } from '../probe/http-client.ts'
import type { Probe } from '../probe/probe.ts'
import type { Session } from '../probe/session.ts'
import { locateMetadata } from '../probe/metadata.ts'
import { encodeForm, requestProbe, type RequestProbe } from './request-probe.ts'

const made = 'sandgate-parity-made-up'

/** Where the parameters are sent by the client, by nobody, or by an unknown client. */
function formProbe (id: string, title: string, endpoint: string, form: string, who: 'client' | 'nobody' | 'unknown' = 'client'): Probe {
  const request: RequestProbe['request'] = async (session) => who === 'client' ? await session.postAsClient(endpoint, form) : session.post(endpoint, who === 'nobody' ? form : `${form}&client_id=sandgate-parity-unknown`)
  return requestProbe({ id, title, endpoint, ...(who === 'client' ? { needs: ['client'] } : {}), request })
}

function bearerProbe (id: string, title: string, endpoint: string, change: (session: Session) => Partial<HttpRequest>): Probe {
  return requestProbe({ id, title, endpoint, request: (session) => ({ method: 'GET', url: session.endpoint(endpoint), ...change(session) }) })
}

/** RFC 7662 §2.3. */
const introspection: readonly Probe[] = [
  formProbe('introspection_without_client', 'introspection without a client', 'introspection', `token=${made}`, 'nobody'),
  formProbe('introspection_of_unknown_client', 'introspection by an unknown client', 'introspection', `token=${made}`, 'unknown'),
  formProbe('introspection_of_unknown_token', 'introspection of a made-up token', 'introspection', `token=${made}`),
  formProbe('introspection_without_token', 'introspection without a token', 'introspection', ''),
  formProbe('introspection_unknown_hint', 'introspection with a token_type_hint that nobody has', 'introspection', `token=${made}&token_type_hint=sandgate`),
  requestProbe({ id: 'introspection_json', title: 'introspection in JSON', endpoint: 'introspection', request: (session) => ({ method: 'POST', url: session.endpoint('introspection'), headers: [['content-type', 'application/json']], body: `{"token":"${made}"}` }) }),
]

/** RFC 7009 §2.2.1. */
const revocation: readonly Probe[] = [
  formProbe('revocation_without_client', 'revocation without a client', 'revocation', `token=${made}`, 'nobody'),
  formProbe('revocation_of_unknown_client', 'revocation by an unknown client', 'revocation', `token=${made}`, 'unknown'),
  formProbe('revocation_of_unknown_token', 'revocation of a made-up token', 'revocation', `token=${made}`),
  formProbe('revocation_without_token', 'revocation without a token', 'revocation', ''),
  formProbe('revocation_unknown_hint', 'revocation with a token_type_hint that nobody has', 'revocation', `token=${made}&token_type_hint=sandgate`),
]

/** RFC 6750 §2, §3.1. */
const userinfo: readonly Probe[] = [
  bearerProbe('userinfo_without_token', 'userinfo without a token', 'userinfo', () => ({})),
  bearerProbe('userinfo_unknown_token', 'userinfo with a made-up token', 'userinfo', () => ({ headers: [['authorization', `Bearer ${made}`]] })),
  bearerProbe('userinfo_expired_token', 'userinfo with an expired token of nobody', 'userinfo', (session) => ({ headers: [['authorization', `Bearer ${foreignToken(session.side.issuer)}`]] })),
  bearerProbe('userinfo_empty_token', 'userinfo with an empty token', 'userinfo', () => ({ headers: [['authorization', 'Bearer']] })),
  bearerProbe('userinfo_basic', 'userinfo with Basic instead of Bearer', 'userinfo', () => ({ headers: [['authorization', 'Basic bWFkZTp1cA==']] })),
  bearerProbe('userinfo_lower_case_scheme', 'userinfo with the scheme in lower case', 'userinfo', () => ({ headers: [['authorization', `bearer ${made}`]] })),
  bearerProbe('userinfo_dpop_scheme', 'userinfo with the DPoP scheme', 'userinfo', () => ({ headers: [['authorization', `DPoP ${made}`]] })),
  bearerProbe('userinfo_token_in_query', 'userinfo with the token in the query', 'userinfo', (session) => ({ url: `${session.endpoint('userinfo')}?access_token=${made}` })),
  bearerProbe('userinfo_token_twice', 'userinfo with a token in the header and in the query', 'userinfo', (session) => ({ url: `${session.endpoint('userinfo')}?access_token=${made}`, headers: [['authorization', `Bearer ${made}`]] })),
  requestProbe({ id: 'userinfo_token_in_body', title: 'userinfo with the token in a form', endpoint: 'userinfo', request: (session) => session.post('userinfo', `access_token=${made}`) }),
]

/** RFC 7591 §3.2.2, RFC 9126 §2.3, RFC 8628 §3.1, CIBA §7.3, RP-Initiated Logout §2. */
const others: readonly Probe[] = [
  requestProbe({ id: 'registration_without_token', title: 'registration without a token', endpoint: 'registration', request: (session) => ({ method: 'POST', url: session.endpoint('registration'), headers: [['content-type', 'application/json']], body: '{"redirect_uris":"wrong"}' }) }),
  requestProbe({ id: 'registration_unknown_token', title: 'registration with a made-up token', endpoint: 'registration', request: (session) => ({ method: 'POST', url: session.endpoint('registration'), headers: [['content-type', 'application/json'], ['authorization', `Bearer ${made}`]], body: '{"redirect_uris":"wrong"}' }) }),
  requestProbe({ id: 'registration_malformed', title: 'registration with a body that is no JSON', endpoint: 'registration', request: (session) => ({ method: 'POST', url: session.endpoint('registration'), headers: [['content-type', 'application/json']], body: '{' }) }),
  formProbe('par_without_client', 'a pushed authorization request without a client', 'par', 'response_type=code', 'nobody'),
  formProbe('par_of_unknown_client', 'a pushed authorization request of an unknown client', 'par', 'response_type=code', 'unknown'),
  formProbe('par_without_parameters', 'a pushed authorization request without parameters', 'par', ''),
  formProbe('par_wrong_redirect_uri', 'a pushed authorization request with a redirect_uri that is not registered', 'par', encodeForm(['response_type', 'code'], ['redirect_uri', 'https://redirect.parity.example/'], ['scope', 'openid'])),
  formProbe('par_with_request_uri', 'a pushed authorization request that refers to another', 'par', encodeForm(['request_uri', 'urn:ietf:params:oauth:request_uri:made-up'])),
  formProbe('par_bad_request_object', 'a pushed request object that is no JWT', 'par', `request=${made}`),
  formProbe('device_without_client', 'device authorization without a client', 'device', 'scope=openid', 'nobody'),
  formProbe('device_of_unknown_client', 'device authorization of an unknown client', 'device', 'scope=openid', 'unknown'),
  formProbe('device_unknown_scope', 'device authorization with an unknown scope', 'device', 'scope=sandgate-parity-none'),
  formProbe('ciba_without_client', 'a backchannel authentication request without a client', 'ciba', 'scope=openid', 'nobody'),
  formProbe('ciba_without_hint', 'a backchannel authentication request without a hint', 'ciba', 'scope=openid'),
  formProbe('ciba_unknown_user', 'a backchannel authentication request for a made-up user', 'ciba', `scope=openid&login_hint=${made}`),
  bearerProbe('logout_without_parameters', 'a logout without parameters', 'end_session', () => ({ headers: [['accept', 'text/html']] })),
  bearerProbe('logout_bad_hint', 'a logout with an id_token_hint that is no token', 'end_session', (session) => ({ url: `${session.endpoint('end_session')}?id_token_hint=${made}`, headers: [['accept', 'text/html']] })),
  bearerProbe('logout_wrong_redirect', 'a logout with a post_logout_redirect_uri that is not registered', 'end_session', (session) => ({ url: `${session.endpoint('end_session')}?post_logout_redirect_uri=https%3A%2F%2Fredirect.parity.example%2F`, headers: [['accept', 'text/html']] })),
  requestProbe({ id: 'unknown_well_known', title: 'a well-known document that nobody has', endpoint: 'discovery', request: (session) => ({ method: 'GET', url: locateMetadata(session.side.issuer).openid.replace('openid-configuration', 'sandgate-parity') }) }),
]

export const endpointProbes: readonly Probe[] = [...introspection, ...revocation, ...userinfo, ...others, ...methodProbes()]

/** Methods that an endpoint may not know (RFC 9110 §15.5.6): 404, 405 with Allow, or an answer. */
function methodProbes (): Probe[] {
  const wrong: ReadonlyArray<readonly [endpoint: string, methods: readonly string[]]> = [
    ['token', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']], ['authorization', ['HEAD', 'PUT', 'DELETE', 'OPTIONS']], ['introspection', ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']],
    ['revocation', ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']], ['userinfo', ['HEAD', 'PUT', 'DELETE', 'OPTIONS']], ['jwks', ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']],
    ['discovery', ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']], ['par', ['GET', 'DELETE', 'OPTIONS']], ['device', ['GET', 'DELETE', 'OPTIONS']], ['registration', ['GET', 'PUT', 'OPTIONS']], ['ciba', ['GET', 'OPTIONS']], ['end_session', ['HEAD', 'PUT', 'DELETE']],
  ]
  return wrong.flatMap(([endpoint, methods]) => methods.map((method) => requestProbe({
    id: `${endpoint}_${method.toLowerCase()}`,
    title: `${method} at the ${endpoint} endpoint`,
    endpoint,
    request: (session) => ({ method, url: endpoint === 'discovery' ? locateMetadata(session.side.issuer).openid : session.endpoint(endpoint) }),
  })))
}

/** A token that looks right, has expired, and was signed by nobody that the server knows. */
function foreignToken (issuer: string): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${encode({ alg: 'ES256', typ: 'at+jwt', kid: 'parity' })}.${encode({ iss: issuer, sub: 'parity', aud: issuer, client_id: 'parity', iat: 1_000_000_000, exp: 1_000_000_060, jti: 'parity', scope: 'openid' })}`
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return `${body}.${sign('sha256', Buffer.from(body), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
