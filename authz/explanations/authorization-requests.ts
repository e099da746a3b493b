import { REQUEST_ROUTES, type CatalogueEntry } from './catalogue-entry.ts'
import { compareUris } from './compare-uris.ts'
import { show, showAll } from './show.ts'

const shared = { error: 'invalid_request', at: REQUEST_ROUTES } as const

/** What is wrong with an authorization request: where it leads, what it asks for, how it is protected (RFC 6749 §4.1.1). */
export const AUTHORIZATION_REQUESTS: readonly CatalogueEntry[] = [
  {
    code: 'redirect_uri_mismatch',
    error: ['invalid_redirect_uri', 'invalid_request'],
    at: ['authorization', 'pushed_authorization_request'],
    says: 'redirect_uri did not match any of the client\'s registered redirect_uris',
    clause: 'RFC 9700 §4.1.3',
    cause: (facts) => `The redirect_uri is not registered for the client: ${compareUris(facts.parameter('redirect_uri') ?? '', facts.client?.redirectUris ?? []).difference}.`,
    seen: (facts) => compareUris(facts.parameter('redirect_uri') ?? '', []).seen,
    expected: (facts) => compareUris('', facts.client?.redirectUris ?? []).expected,
    fix: 'Register the redirect_uri exactly as it is sent, or send it exactly as it is registered. Nobody is sent to an address that is not registered, so the error was shown on a page.',
  },
  {
    code: 'response_type_unsupported',
    error: 'unsupported_response_type',
    at: REQUEST_ROUTES,
    says: 'unsupported response_type requested',
    clause: 'RFC 6749 §3.1.1',
    cause: 'This server does not answer with the response_type that was asked for.',
    seen: ({ parameter }) => `response_type ${show(parameter('response_type'), 100)}`,
    expected: ({ offered }) => showAll(offered.responseTypes, 'one of response_types_supported in the discovery document'),
    fix: 'Use response_type=code (RFC 9700 §2.1.2 advises against tokens in the address).',
  },
  {
    ...shared,
    code: 'response_type_not_allowed',
    says: 'requested response_type is not allowed for this client',
    clause: 'RFC 7591 §2',
    cause: 'The client is not registered for this response_type.',
    seen: ({ parameter }) => `response_type ${show(parameter('response_type'), 100)}`,
    expected: ({ client }) => showAll(client?.responseTypes, 'none: the client is registered for grants without a browser'),
    fix: 'Register the client for the grant authorization_code and the response type code.',
  },
  {
    code: 'response_mode_unsupported',
    error: 'unsupported_response_mode',
    at: REQUEST_ROUTES,
    says: 'unsupported response_mode requested',
    clause: 'OAuth 2.0 Response Types §2.1',
    cause: 'This server does not know the response_mode that was asked for.',
    expected: 'one of response_modes_supported in the discovery document',
    fix: 'Leave response_mode out, or use one that the discovery document lists.',
  },
  {
    ...shared,
    code: 'response_mode_not_allowed',
    says: /^requested response_mode is not allowed for (?:this client or request|the requested response_type(?: unless encrypted)?)$/,
    clause: 'OAuth 2.0 Response Types §5',
    cause: 'The response_mode does not go with the response_type, the client or the security profile.',
    seen: ({ parameter }) => `response_mode ${show(parameter('response_mode') ?? 'by default', 60)} with response_type ${show(parameter('response_type'), 60)}`,
    expected: 'query with code; fragment or form_post where an ID token is in the answer; jwt where the profile wants signed answers',
    fix: 'Leave response_mode out, or use jwt under FAPI message signing.',
  },
  {
    code: 'pkce_required',
    error: 'invalid_request',
    at: REQUEST_ROUTES,
    says: 'Authorization Server policy requires PKCE to be used for this request',
    clause: 'RFC 9700 §2.1.1',
    cause: 'The request has no PKCE challenge, and this server wants one.',
    seen: 'no code_challenge',
    expected: 'code_challenge with code_challenge_method=S256',
    fix: 'Send code_challenge = BASE64URL(SHA256(code_verifier)) and code_challenge_method=S256 (RFC 7636 §4.3).',
  },
  {
    ...shared,
    code: 'pkce_method_missing',
    says: 'code_challenge_method must be provided',
    clause: 'RFC 7636 §4.3',
    cause: 'A code_challenge was sent without its method, which would mean plain.',
    seen: 'no code_challenge_method',
    expected: 'S256',
    fix: 'Send code_challenge_method=S256.',
  },
  {
    ...shared,
    code: 'pkce_method_unsupported',
    says: 'not supported value of code_challenge_method',
    clause: 'RFC 9700 §2.1.1',
    cause: 'This server takes no other PKCE method than S256.',
    seen: ({ parameter }) => `code_challenge_method ${show(parameter('code_challenge_method'), 40)}`,
    expected: 'S256',
    fix: 'Send code_challenge_method=S256 and the digest as code_challenge.',
  },
  {
    ...shared,
    code: 'pkce_challenge_missing',
    says: 'code_challenge must be provided with code_challenge_method',
    clause: 'RFC 7636 §4.3',
    cause: 'A code_challenge_method was sent without a challenge.',
    seen: 'no code_challenge',
    expected: 'both or neither',
    fix: 'Send code_challenge.',
  },
  {
    ...shared,
    code: 'prompt_unsupported',
    says: 'unsupported prompt value requested',
    clause: 'OpenID Connect Core §3.1.2.1',
    cause: 'A value of prompt is not known here.',
    seen: ({ parameter }) => `prompt ${show(parameter('prompt'), 100)}`,
    expected: 'none, login, consent; several with spaces between',
    fix: 'Use values that prompt_values_supported of the discovery document lists.',
  },
  {
    ...shared,
    code: 'prompt_none_combined',
    says: 'prompt none must only be used alone',
    clause: 'OpenID Connect Core §3.1.2.1',
    cause: 'prompt=none forbids pages, and another value asks for one.',
    seen: ({ parameter }) => `prompt ${show(parameter('prompt'), 100)}`,
    expected: 'none alone, or the others without it',
    fix: 'Take none out.',
  },
  {
    ...shared,
    code: 'max_age_malformed',
    says: 'invalid max_age parameter value',
    clause: 'OpenID Connect Core §3.1.2.1',
    cause: 'max_age is no number of seconds.',
    seen: ({ parameter }) => `max_age ${show(parameter('max_age'), 40)}`,
    expected: 'a whole number, 0 or more',
    fix: 'Send max_age as whole seconds.',
  },
  {
    code: 'registration_parameter',
    error: 'registration_not_supported',
    at: REQUEST_ROUTES,
    says: '',
    clause: 'OpenID Connect Core §7.2.1',
    cause: 'The request has the parameter registration, which only self-issued providers read.',
    seen: 'registration',
    expected: 'a registered client_id',
    fix: 'Leave the parameter registration out, and register the client.',
  },
  ...scopesAndHints(),
  ...claimsRequests(),
]

function scopesAndHints (): CatalogueEntry[] {
  return [
    {
      ...shared,
      code: 'openid_scope_missing',
      says: /^openid scope must be requested (.+)$/,
      clause: 'OpenID Connect Core §3.1.2.1',
      cause: (_facts, [, why = '']) => `The request is one of OpenID Connect and lacks the scope openid: it must be asked for ${why}.`,
      seen: ({ parameter }) => `scope ${show(parameter('scope'), 200)}`,
      expected: 'openid among the scopes',
      fix: 'Add openid to scope, or leave out what only OpenID Connect has (nonce, max_age, claims, id_token_hint, acr_values).',
    },
    {
      code: 'id_token_hint_invalid',
      error: 'invalid_request',
      says: /^could not (?:validate|decode) id_token_hint$/,
      clause: (facts) => facts.endpoint.startsWith('end_session') ? 'OpenID Connect RP-Initiated Logout §2' : 'OpenID Connect Core §3.1.2.1',
      cause: ({ detail }) => `The id_token_hint is no ID token of this server for this client${hintReason(detail)}.`,
      seen: 'an id_token_hint (never shown)',
      expected: ({ issuer, client }) => `an ID token with iss ${issuer} and aud ${show(client?.clientId)}`,
      fix: 'Send an ID token that this server issued to this client; it may have expired. An access token or one of another environment is none.',
    },
  ]
}

/** The library's own words, where they name no value. */
function hintReason (detail: string): string {
  return /^(?:signature verification failed|jwt issuer invalid|Invalid JWT|no applicable key found in the JSON Web Key Set)$/.test(detail) ? ` (${detail})` : /^jwt audience missing/.test(detail) ? ' (it was issued to another client)' : ''
}

/** The claims parameter (OpenID Connect Core §5.5). */
function claimsRequests (): CatalogueEntry[] {
  const claims = { ...shared, clause: 'OpenID Connect Core §5.5' } as const
  return [
    {
      ...claims,
      code: 'claims_unreadable',
      says: 'could not parse the claims parameter JSON',
      cause: 'The parameter claims is no JSON.',
      expected: '{"id_token": {…}, "userinfo": {…}}',
      fix: 'Encode the claims request as JSON, then as a form value.',
    },
    {
      ...claims,
      code: 'claims_malformed',
      says: /^claims parameter should (?:be a JSON object|have userinfo or id_token properties)$|^claims\.(?:userinfo|id_token) (?:should be an object|members must be null or objects)$|^invalid claims\.id_token\.acr\.values type$/,
      cause: ({ description }) => `The parameter claims is not of its form: ${show(description, 120)}.`,
      expected: '{"id_token": {"name": null | {…}}, "userinfo": {…}}',
      fix: 'Send an object with the members userinfo or id_token, whose members are null or objects.',
    },
    {
      ...claims,
      code: 'claims_not_applicable',
      says: /^claims parameter should not be combined with response_type none$|^claims\.userinfo should not be used (?:since userinfo endpoint is not supported|if access_token is not issued)$/,
      cause: ({ description }) => `The parameter claims asks for what the answer cannot hold: ${show(description, 120)}.`,
      seen: ({ parameter }) => `claims with response_type ${show(parameter('response_type'), 60)}`,
      expected: 'claims that the response_type can deliver',
      fix: 'Use response_type=code, or ask for id_token claims alone.',
    },
  ]
}
