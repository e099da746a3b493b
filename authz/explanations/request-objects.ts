import { REQUEST_ROUTES, type CatalogueEntry } from './catalogue-entry.ts'
import type { FailureFacts } from './failure-facts.ts'
import { peekJwt } from './peek-jwt.ts'
import { show, showAll, showSeconds, showSkew } from './show.ts'

/** CIBA and pushed requests answer invalid_request where the authorization endpoint says invalid_request_object. */
const shared = { error: ['invalid_request_object', 'invalid_request'], at: REQUEST_ROUTES } as const

/** Signed requests (RFC 9101) and pushed ones (RFC 9126). */
export const REQUEST_OBJECTS: readonly CatalogueEntry[] = [
  {
    code: 'pushed_request_required',
    error: 'invalid_request',
    at: REQUEST_ROUTES,
    says: 'Pushed Authorization Request must be used',
    clause: 'RFC 9126 §5',
    cause: 'The parameters came through the browser, and this client or server takes pushed requests only.',
    seen: 'parameters in the address',
    expected: 'client_id and the request_uri of a pushed request',
    fix: 'POST the parameters to pushed_authorization_request_endpoint, then send the browser with client_id and request_uri.',
  },
  {
    code: 'request_object_required',
    error: 'invalid_request',
    at: REQUEST_ROUTES,
    says: 'Request Object must be used by this client',
    clause: 'RFC 9101 §10.5',
    cause: 'The parameters are not signed, and this client or server takes signed requests only.',
    seen: 'plain parameters',
    expected: 'the parameter request with a signed JWT of them',
    fix: 'Sign the parameters as a request object.',
  },
  {
    code: 'request_uri_invalid',
    error: 'invalid_request_uri',
    at: ['authorization', 'resume'],
    says: /^(?:invalid request_uri|request_uri is invalid, expired, or was already used)$/,
    clause: 'RFC 9126 §4',
    cause: 'The request_uri is not one that stands: it has expired, was used, or was never given out.',
    seen: ({ artifact }) => artifact?.exp === undefined ? 'a request_uri that is not stored' : artifact.consumed === undefined ? `one that expired at ${showSeconds(artifact.exp)}` : 'one that was used before',
    expected: 'the request_uri of the last pushed request, once, within its expires_in',
    fix: 'Push a new request for each login and send the browser at once.',
  },
  {
    code: 'request_uri_unsupported',
    error: 'request_uri_not_supported',
    at: REQUEST_ROUTES,
    says: '',
    clause: 'RFC 9101 §5.2',
    cause: 'The request_uri is an address to fetch, which this server does not do.',
    seen: 'a request_uri that no pushed request returned',
    expected: 'urn:ietf:params:oauth:request_uri:… from pushed_authorization_request_endpoint, at the authorization endpoint',
    fix: 'Push the request (RFC 9126), or send it by value in the parameter request.',
  },
  {
    code: 'request_unsupported',
    error: 'request_not_supported',
    at: REQUEST_ROUTES,
    says: '',
    clause: 'RFC 9101 §6',
    cause: 'This server does not take signed requests.',
    seen: 'the parameter request',
    expected: 'plain parameters',
    fix: 'Send plain parameters, or use a profile with request objects.',
  },
  {
    code: 'request_twice',
    error: 'invalid_request',
    at: REQUEST_ROUTES,
    says: 'request and request_uri parameters MUST NOT be used together',
    clause: 'RFC 9101 §5',
    cause: 'The request was sent by value and by reference.',
    seen: 'request and request_uri',
    expected: 'one of them',
    fix: 'Send request_uri alone after pushing the request.',
  },
  ...decryption(),
  {
    ...shared,
    code: 'request_object_unreadable',
    says: 'could not parse Request Object',
    clause: 'RFC 9101 §6.1',
    cause: 'The parameter request is no JWT.',
    expected: 'a signed JWT in compact form',
    fix: 'Send the JWT exactly as the signing library returned it, form-encoded.',
  },
  {
    ...shared,
    code: 'request_object_nested',
    says: 'Request Object must not contain request or request_uri properties',
    clause: 'RFC 9101 §4',
    cause: 'The request object holds another request.',
    seen: 'the claim request or request_uri',
    expected: 'the parameters themselves as claims',
    fix: 'Leave request and request_uri out of the claims.',
  },
  {
    ...shared,
    code: 'request_object_response_type',
    says: 'request response_type must equal the one in request parameters',
    clause: 'OpenID Connect Core §6.1',
    cause: 'The response_type in the request object is not the one beside it.',
    seen: (facts) => `response_type ${show(object(facts).payload['response_type'], 60)} in the object`,
    expected: 'the same in both places',
    fix: 'Send the same response_type in both, or only in the object.',
  },
  {
    ...shared,
    code: 'request_object_client',
    says: /^request client_id (?:must equal the one in request parameters|must equal the authenticated client's client_id|mismatch)$/,
    clause: 'RFC 9101 §5',
    cause: 'The request object is not of this client.',
    seen: (facts) => object(facts).payload['client_id'] === undefined ? 'no client_id in the object' : 'another client_id in the object',
    expected: ({ client }) => `client_id ${show(client?.clientId)}`,
    fix: 'Set client_id in the object to the client that sends it.',
  },
  {
    ...shared,
    code: 'request_object_algorithm',
    says: /^(?:unsupported signed request alg|the preregistered alg must be used in request or request_uri)$/,
    clause: 'RFC 9101 §10.1',
    cause: 'The request object is signed with an algorithm that is not taken.',
    seen: (facts) => `alg ${show(object(facts).header['alg'], 40)}`,
    expected: ({ client, endpoint, offered }) => `alg ${(endpoint === 'backchannel_authentication' ? client?.backchannelAuthenticationRequestSigningAlg : client?.requestObjectSigningAlg) ?? showAll(offered.clientAlgorithms, 'of the discovery document')}`,
    fix: 'Sign with the algorithm that the client is registered for (request_object_signing_alg); none is not taken.',
  },
  ...claimsOfObjects(),
]

function decryption (): CatalogueEntry[] {
  return [
    {
      ...shared,
      code: 'request_object_undecryptable',
      says: 'could not decrypt request object',
      clause: 'RFC 9101 §6.1',
      cause: 'The request object cannot be decrypted with any key of this server.',
      seen: (facts) => `alg ${show(object(facts).header['alg'], 40)}, enc ${show(object(facts).header['enc'], 40)}`,
      expected: 'a JWE for an encryption key of the JWKS, with an alg and enc that the discovery document lists',
      fix: 'Fetch the JWKS again and encrypt for its key with use=enc.',
    },
    {
      code: 'request_object_encrypted',
      error: 'invalid_request',
      at: ['backchannel_authentication'],
      says: 'Encrypted Request Objects are not supported by CIBA',
      clause: 'OpenID Connect CIBA §7.1.1',
      cause: 'The request object is encrypted; CIBA takes signed ones only.',
      seen: 'a JWE',
      expected: 'a JWS',
      fix: 'Sign the request and do not encrypt it.',
    },
  ]
}

/** Claims and signature: the same rules as for any JWT (RFC 7519 §4.1). */
function claimsOfObjects (): CatalogueEntry[] {
  return [
    {
      ...shared,
      code: 'request_object_claims',
      says: 'Request Object claims are invalid',
      clause: 'RFC 9101 §6.3',
      cause: ({ detail }) => `A claim of the request object does not hold: ${reasonOf(detail)}.`,
      seen: claimSeen,
      expected: ({ issuer, client, nowMs }) => `iss ${show(client?.clientId)}, aud ${issuer}, exp after and nbf before ${showSeconds(Math.floor(nowMs / 1000))}`,
      fix: 'Set iss to the client_id, aud to the issuer, and times from a clock that NTP sets.',
    },
    {
      ...shared,
      code: 'request_object_signature',
      says: 'could not validate Request Object',
      clause: 'RFC 9101 §6.2',
      cause: ({ detail }) => /no applicable key/.test(detail) ? 'None of the keys of the client fits the kid and alg of the request object.' : 'The request object was not signed with the key that it names.',
      seen: (facts) => `kid ${show(object(facts).header['kid'], 80)}, alg ${show(object(facts).header['alg'], 40)}`,
      expected: ({ client }) => `one of the registered keys: ${showAll([...client?.asymmetricKeyStore ?? []].map(({ kid }) => `kid ${show(kid)}`), 'the client has none')}`,
      fix: 'Sign with the private key whose public half is registered (jwks or jwks_uri).',
      isUnproven: true,
    },
    {
      ...shared,
      code: 'request_object_claim_missing',
      says: /^Request Object is missing the '(\w+)' claim$/,
      clause: ({ endpoint }) => endpoint === 'backchannel_authentication' ? 'OpenID Connect CIBA §7.1.1' : 'FAPI 1.0 Advanced §5.2.2',
      cause: (_facts, [, claim]) => `The request object lacks the claim ${claim ?? ''}, which this endpoint or profile demands.`,
      seen: (_facts, [, claim]) => `no ${claim ?? ''}`,
      expected: 'exp, aud and nbf; for CIBA also iat and jti',
      fix: 'Set the claim.',
    },
    {
      ...shared,
      code: 'request_object_life',
      says: "Request Object 'exp' claim too far from 'nbf' claim",
      clause: 'FAPI 1.0 Advanced §5.2.2',
      cause: 'The request object lives for more than an hour, or ends before it begins.',
      seen: (facts) => `nbf ${showSeconds(object(facts).payload['nbf'])}, exp ${showSeconds(object(facts).payload['exp'])}`,
      expected: 'exp at most 3600 s after nbf',
      fix: 'Set exp a few minutes after nbf.',
    },
  ]
}

function reasonOf (detail: string): string {
  if (detail.startsWith('jwt audience missing')) return 'aud is not this server'
  return { 'jwt expired': 'it has expired', 'jwt not active yet': 'it is used before its nbf', 'jwt issued in the future': 'iat is in the future', 'jwt issuer invalid': 'iss is not the client' }[detail] ?? show(detail, 80)
}

function claimSeen (facts: FailureFacts): string {
  const { iss, aud, exp, nbf, iat } = object(facts).payload
  if (facts.detail === 'jwt expired') return `exp ${showSeconds(exp)} (${showSkew(exp, facts.nowMs)})`
  if (facts.detail === 'jwt not active yet') return `nbf ${showSeconds(nbf)} (${showSkew(nbf, facts.nowMs)})`
  if (facts.detail === 'jwt issued in the future') return `iat ${showSeconds(iat)} (${showSkew(iat, facts.nowMs)})`
  return `iss ${show(iss, 100)}, aud ${show(aud, 100)}, exp ${showSeconds(exp)}`
}

function object ({ parameter }: FailureFacts): ReturnType<typeof peekJwt> {
  return peekJwt(parameter('request'))
}
