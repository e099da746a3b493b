import { AUTHENTICATED_ROUTES, type CatalogueEntry } from './catalogue-entry.ts'
import type { FailureFacts } from './failure-facts.ts'
import { peekJwt } from './peek-jwt.ts'
import { show, showAll, showSeconds, showSkew } from './show.ts'

const shared = { error: 'invalid_client', at: AUTHENTICATED_ROUTES, isUnproven: true } as const
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Client authentication by an assertion: private_key_jwt and client_secret_jwt (RFC 7523 §3, OpenID Connect Core §9). */
export const CLIENT_ASSERTIONS: readonly CatalogueEntry[] = [
  {
    ...shared,
    code: 'assertion_unreadable',
    error: ['invalid_request', 'invalid_client'],
    says: /^(?:invalid client_assertion format|Invalid Token or Protected Header formatting)$/,
    clause: 'RFC 7523 §3',
    cause: 'The client_assertion is no signed JWT in compact form.',
    expected: 'three base64url parts with dots between them',
    fix: 'Send the JWT exactly as the signing library returned it, form-encoded.',
  },
  {
    ...shared,
    code: 'assertion_type_missing',
    error: 'invalid_request',
    says: 'client_assertion_type must be provided',
    clause: 'RFC 7521 §4.2',
    cause: 'A client_assertion was sent without its type.',
    seen: 'no client_assertion_type',
    expected: TYPE,
    fix: `Send client_assertion_type=${TYPE}.`,
  },
  {
    ...shared,
    code: 'assertion_type_wrong',
    error: 'invalid_request',
    says: /^client_assertion_type must have value /,
    clause: 'RFC 7523 §2.2',
    cause: 'The client_assertion_type is not the one of a JWT.',
    seen: ({ parameter }) => /^urn:[\w:-]{1,100}$/.test(parameter('client_assertion_type') ?? '') ? parameter('client_assertion_type') : 'something that is no URN (not repeated, because it may be the assertion)',
    expected: TYPE,
    fix: `Send client_assertion_type=${TYPE}.`,
  },
  {
    ...shared,
    code: 'assertion_subject_missing',
    says: 'sub (JWT subject) must be provided in the client_assertion JWT',
    clause: 'RFC 7523 §3',
    cause: 'The assertion names no subject.',
    seen: 'no sub',
    expected: 'sub: the client_id',
    fix: 'Set sub and iss of the assertion to the client_id.',
  },
  {
    ...shared,
    code: 'assertion_algorithm',
    says: 'alg mismatch',
    clause: 'RFC 7523 §5',
    cause: 'The assertion is signed with an algorithm that this client may not use.',
    seen: (facts) => `alg ${show(assertion(facts).header['alg'])}`,
    expected: ({ client, offered }) => `alg ${client?.clientAuthSigningAlg ?? (client?.clientAuthMethod === 'client_secret_jwt' ? 'HS256, HS384 or HS512' : showAll(offered.clientAlgorithms, 'an asymmetric one'))}`,
    fix: 'Sign with an algorithm that fits the registered method, or register token_endpoint_auth_signing_alg anew.',
  },
  ...missingClaims(),
  {
    ...shared,
    code: 'assertion_issuer_wrong',
    says: 'iss (JWT issuer) must be the client_id',
    clause: 'RFC 7523 §3',
    cause: 'The issuer of the assertion is not the client.',
    seen: (facts) => `iss ${show(assertion(facts).payload['iss'])}`,
    expected: ({ client }) => `iss ${show(client?.clientId)}`,
    fix: 'Set iss and sub of the assertion to the client_id.',
  },
  {
    ...shared,
    code: 'assertion_audience_wrong',
    says: /^(?:list of )?audience \(aud\) must (?:include|equal) the endpoint url, issuer identifier or token endpoint url$/,
    clause: 'RFC 7523 §3',
    cause: 'The assertion is meant for another server.',
    seen: (facts) => `aud ${show(assertion(facts).payload['aud'])}`,
    expected: ({ issuer, url }) => `aud ${issuer} or ${url}`,
    fix: 'Set aud to the issuer of the discovery document, character by character; the path, the port and a trailing slash count.',
  },
  {
    ...shared,
    code: 'assertion_audience_not_issuer',
    says: 'audience (aud) must equal the issuer identifier url',
    clause: 'FAPI 2.0 Security Profile §5.3.2.1',
    cause: 'Under FAPI 2.0 the assertion must be for the issuer alone.',
    seen: (facts) => `aud ${show(assertion(facts).payload['aud'])}`,
    expected: ({ issuer }) => `aud ${issuer}, as text and not as a list`,
    fix: 'Set aud to the issuer of the discovery document.',
  },
  {
    ...shared,
    code: 'assertion_expired',
    says: 'jwt expired',
    clause: 'RFC 7523 §3',
    cause: 'The assertion has expired.',
    seen: (facts) => `exp ${showSeconds(assertion(facts).payload['exp'])} (${showSkew(assertion(facts).payload['exp'], facts.nowMs)})`,
    expected: ({ nowMs }) => `exp after ${showSeconds(Math.floor(nowMs / 1000))}`,
    fix: 'Make a new assertion for each request, and set the clock of the client by NTP.',
  },
  {
    ...shared,
    code: 'assertion_not_yet_valid',
    says: 'jwt not active yet',
    clause: 'RFC 7523 §3',
    cause: 'The assertion is used before its nbf.',
    seen: (facts) => `nbf ${showSeconds(assertion(facts).payload['nbf'])} (${showSkew(assertion(facts).payload['nbf'], facts.nowMs)})`,
    expected: ({ nowMs }) => `nbf of ${showSeconds(Math.floor(nowMs / 1000))} or earlier`,
    fix: 'Set the clock of the client by NTP, or leave nbf out.',
  },
  {
    ...shared,
    code: 'assertion_claim_malformed',
    says: /^invalid (nbf|iat|exp|jti|iss|aud) value$/,
    clause: 'RFC 7519 §4.1',
    cause: (_facts, [, claim]) => `The claim ${claim ?? ''} of the assertion is of the wrong type.`,
    seen: (facts, [, claim = '']) => `${claim} ${show(assertion(facts).payload[claim])}`,
    expected: (_facts, [, claim = '']) => ['nbf', 'iat', 'exp'].includes(claim) ? `${claim} as a number of seconds` : `${claim} as text`,
    fix: 'Make the assertion with a JWT library; times are numbers, not text.',
  },
  {
    ...shared,
    code: 'assertion_signature_invalid',
    says: 'signature verification failed',
    clause: 'RFC 7523 §3',
    cause: ({ client }) => client?.clientAuthMethod === 'client_secret_jwt' ? 'The assertion was not signed with the secret of the client.' : 'The assertion was not signed with the key that it names.',
    seen: (facts) => `kid ${show(assertion(facts).header['kid'])}, alg ${show(assertion(facts).header['alg'])}`,
    expected: keysOf,
    fix: 'Sign with the private key whose public half is registered (jwks or jwks_uri); a rotated key must be published before it signs.',
  },
  {
    ...shared,
    code: 'assertion_key_unknown',
    says: 'no applicable key found in the JSON Web Key Set',
    clause: 'RFC 7515 §4.1.4',
    cause: 'None of the keys of the client fits the kid and alg of the assertion.',
    seen: (facts) => `kid ${show(assertion(facts).header['kid'])}, alg ${show(assertion(facts).header['alg'])}`,
    expected: keysOf,
    fix: 'Use the kid of a registered key, or leave kid out; register the key with a matching alg and use=sig.',
  },
  {
    ...shared,
    code: 'assertion_replayed',
    says: 'client assertion tokens must only be used once',
    clause: 'RFC 7523 §3',
    cause: 'An assertion with this jti was used before.',
    seen: (facts) => `jti ${show(assertion(facts).payload['jti'], 80)}, a second time`,
    expected: 'a jti that was never used',
    fix: 'Make a new assertion with a new jti for each request, retries included.',
  },
  {
    ...shared,
    code: 'client_keys_unreachable',
    error: ['invalid_client', 'invalid_client_metadata'],
    says: /^(?:client JSON Web Key Set failed to be refreshed|invalid_client_metadata)$/,
    clause: 'RFC 7591 §2',
    cause: 'The keys of the client could not be loaded from its jwks_uri.',
    seen: ({ client }) => `jwks_uri ${show(client?.jwksUri)} did not answer with a JSON Web Key Set`,
    expected: '200 with a JSON Web Key Set, from an address that this server may reach',
    fix: 'Serve the key set at jwks_uri, or register the keys as jwks.',
  },
]

function missingClaims (): CatalogueEntry[] {
  const claims = [
    ['exp', 'expiration must be specified in the client_assertion JWT', 'a time a minute or so ahead'],
    ['jti', 'unique jti (JWT ID) must be provided in the client_assertion JWT', 'a value that was never used'],
    ['iss', 'iss (JWT issuer) must be provided in the client_assertion JWT', 'the client_id'],
    ['aud', 'aud (JWT audience) must be provided in the client_assertion JWT', 'the issuer of the discovery document'],
  ] as const
  return claims.map(([claim, says, value]) => ({
    ...shared,
    code: `assertion_${claim}_missing`,
    says,
    clause: 'RFC 7523 §3',
    cause: `The assertion has no ${claim}.`,
    seen: `no ${claim}`,
    expected: `${claim}: ${value}`,
    fix: `Set ${claim} in the assertion.`,
  }))
}

function assertion ({ parameter }: FailureFacts): ReturnType<typeof peekJwt> {
  return peekJwt(parameter('client_assertion'))
}

function keysOf ({ client }: FailureFacts): string {
  if (client?.clientAuthMethod === 'client_secret_jwt') return 'HMAC with the client secret'
  const keys = [...client?.asymmetricKeyStore ?? []].map(({ kid, alg }) => `kid ${show(kid)}${alg === undefined ? '' : ` for ${show(alg)}`}`)
  return keys.length === 0 ? 'a registered key; the client has none' : `one of the registered keys: ${showAll(keys)}`
}
