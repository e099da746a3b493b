import type { CatalogueEntry } from './catalogue-entry.ts'
import type { FailureFacts } from './failure-facts.ts'
import { peekJwt } from './peek-jwt.ts'
import { show, showAll, showSeconds } from './show.ts'

const at = ['token']
const exchange = { error: 'invalid_request', at, clause: 'RFC 8693 §2.1' } as const
const bearer = { error: 'invalid_grant', at, clause: 'RFC 7523 §3' } as const

/** Token exchange (RFC 8693) and assertions as grants (RFC 7523 §2.1), which are ours and not the library's; and binding at large. */
export const EXCHANGED_AND_ASSERTED: readonly CatalogueEntry[] = [
  {
    ...exchange,
    code: 'exchange_type_unsupported',
    says: /^(requested_token_type|subject_token_type|actor_token_type) .* is not supported; (.+)$/s,
    cause: (_facts, [, name]) => `The ${name ?? 'token type'} is not one that can be exchanged here.`,
    seen: ({ parameter }, [, name = '']) => `${name} ${show(parameter(name), 120)}`,
    expected: (_facts, [, , offered = '']) => offered.replace(/ (?:is|are)$/, ''),
    fix: 'Use urn:ietf:params:oauth:token-type:access_token.',
  },
  {
    ...exchange,
    code: 'exchange_token_invalid',
    says: /^(subject_token|actor_token) is invalid, expired or revoked$/,
    cause: (_facts, [, name]) => `The ${name ?? 'token'} is not one that stands: it has expired, was revoked, is not of this server, or is of another sandbox.`,
    seen: (_facts, [, name]) => `a ${name ?? 'token'} (never shown)`,
    expected: 'an access token or ID token of this server, for a client of the same sandbox, within its life',
    fix: 'Get a new token of the user. The time line of the token says what became of it (`sandgate token`).',
  },
  {
    ...exchange,
    code: 'exchange_pair_incomplete',
    says: /^(subject_token|actor_token) and \w+ go together$/,
    cause: (_facts, [, name]) => `Of ${name ?? 'the token'} and its type only one was sent.`,
    seen: ({ parameter }, [, name = '']) => parameter(name) === undefined ? `${name}_type alone` : `${name} alone`,
    expected: (_facts, [, name]) => `${name ?? ''} and ${name ?? ''}_type`,
    fix: 'Send both or neither.',
  },
  {
    ...exchange,
    code: 'exchange_without_user',
    says: /^(subject_token|actor_token) has no end-user; /,
    cause: (_facts, [, name]) => `The ${name ?? 'token'} is a client's own token, and only a user's can be exchanged.`,
    seen: 'a token of client_credentials',
    expected: 'a token that a user has granted',
    fix: 'Use an access token of a login.',
  },
  {
    code: 'exchange_scope_exceeded',
    error: 'invalid_scope',
    at,
    says: 'requested scope exceeds what the subject was granted',
    clause: 'RFC 8693 §2.1',
    cause: ({ scope }) => `The subject was not granted ${show(scope, 200)}.`,
    seen: ({ parameter }) => `scope ${show(parameter('scope'), 200)}`,
    expected: 'no scope beyond those of the subject token and of the client',
    fix: 'Leave scope out, or ask for fewer.',
  },
  {
    ...bearer,
    code: 'bearer_assertion_refused',
    says: /^the assertion is refused: (.+)$/s,
    cause: (_facts, [, reason]) => `The assertion does not hold: ${show(reason, 160)}.`,
    seen: claimsOf,
    expected: ({ issuer, client, offered }) => `iss ${show(client?.clientId)}, aud ${issuer}, sub a test user, exp ahead, a new jti, signed by a registered key with ${showAll(offered.clientAlgorithms)}`,
    fix: 'Correct the claim that the cause names; sign with the private key whose public half is registered.',
  },
  {
    ...bearer,
    code: 'bearer_assertion_without_keys',
    says: 'the client has registered no keys to verify an assertion with',
    cause: 'The client has no key set.',
    seen: 'no jwks',
    expected: 'the public key of the assertions as jwks of the client',
    fix: 'Register jwks for the client.',
  },
  {
    ...bearer,
    code: 'bearer_assertion_subject',
    says: /^the assertion's sub .* is no test user of the client's sandbox$/s,
    cause: 'The subject of the assertion is no test user of the sandbox.',
    seen: (facts) => `sub ${show(peekJwt(facts.parameter('assertion')).payload['sub'], 100)}`,
    expected: 'sub: the sub or the username of a test user',
    fix: 'Make the test user, or name one that exists.',
  },
  {
    ...bearer,
    code: 'bearer_assertion_life',
    says: /^the assertion lives (\d+) s; at most (\d+) s are taken$/,
    cause: 'The assertion lives for too long.',
    seen: (_facts, [, seconds]) => `${seconds ?? ''} s from iat to exp`,
    expected: (_facts, [, , seconds]) => `at most ${seconds ?? ''} s`,
    fix: 'Set exp a minute or so after iat.',
  },
  {
    ...bearer,
    code: 'bearer_assertion_replayed',
    says: 'the assertion was used before (jti)',
    cause: 'An assertion with this jti was used before.',
    seen: (facts) => `jti ${show(peekJwt(facts.parameter('assertion')).payload['jti'], 80)}, a second time`,
    expected: 'a jti that was never used',
    fix: 'Make a new assertion for each request, retries included.',
  },
  {
    code: 'binding_required',
    error: 'invalid_request',
    says: /^access tokens must be sender-constrained: /,
    clause: 'FAPI 2.0 Security Profile §5.3.2.1',
    cause: 'This server issues bound tokens only, and the request has nothing to bind one to.',
    seen: 'neither a client certificate nor a DPoP proof',
    expected: 'a client certificate (RFC 8705) or a DPoP proof (RFC 9449)',
    fix: 'Call the endpoint of mtls_endpoint_aliases with the certificate, or send a DPoP header.',
  },
]

function claimsOf (facts: FailureFacts): string {
  const { header, payload } = peekJwt(facts.parameter('assertion'))
  return `iss ${show(payload['iss'], 80)}, aud ${show(payload['aud'], 120)}, exp ${showSeconds(payload['exp'])}, alg ${show(header['alg'], 20)}, kid ${show(header['kid'], 60)}`
}
