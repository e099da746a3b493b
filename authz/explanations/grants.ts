import type { CatalogueEntry } from './catalogue-entry.ts'
import { withholdValues } from './compare-uris.ts'
import type { FailureFacts } from './failure-facts.ts'
import { show, showSeconds, showSkew } from './show.ts'

const shared = { error: 'invalid_grant', at: ['token'] } as const
const REFRESH = 'RFC 6749 §6'

/** What is wrong with a code, a refresh token or another grant (RFC 6749 §5.2, RFC 7636 §4.6, RFC 9700 §4.14). */
export const GRANTS: readonly CatalogueEntry[] = [
  {
    ...shared,
    code: 'grant_artifact_unknown',
    says: /^(authorization code|refresh token|device code|backchannel authentication request) not found$/,
    clause: clauseOfGrant,
    cause: (_facts, [, what = 'grant']) => `The ${what} is not one that stands: it was never issued, was revoked with its whole grant, or ended longer ago than it is remembered.`,
    seen: (_facts, [, what]) => `a ${what ?? 'value'} that is not stored (never shown)`,
    expected: (_facts, [, what]) => `a ${what ?? 'value'} that this server issued and nobody revoked`,
    fix: (_facts, [, what]) => what === 'refresh token' ? 'Start a new authorization. If the token was used twice before, its family was revoked: its time line says when (`sandgate token`).' : 'Start the grant again. Check that the value is sent whole and decoded once.',
  },
  {
    ...shared,
    code: 'grant_of_other_client',
    says: 'client mismatch',
    clause: clauseOfGrant,
    cause: 'The grant was issued to another client than the one that redeems it.',
    seen: ({ client }) => `client ${show(client?.clientId)}`,
    expected: 'the client that started the grant',
    fix: 'Redeem with the client_id of the authorization request; check that two environments do not share a store of tokens.',
  },
  {
    ...shared,
    code: 'grant_artifact_expired',
    error: ['invalid_grant', 'expired_token'],
    says: /^(authorization code|refresh token|device code|backchannel authentication request|grant) is expired$/,
    clause: ({ error, ...facts }) => error === 'expired_token' ? 'RFC 8628 §3.5' : clauseOfGrant({ error, ...facts }),
    cause: (_facts, [, what]) => `The ${what ?? 'grant'} has expired.`,
    seen: ({ artifact, nowMs }, [, what]) => artifact?.exp === undefined || what === 'grant' ? 'a grant past its life' : `exp ${showSeconds(artifact.exp)} (${showSkew(artifact.exp, nowMs)})`,
    expected: 'a redemption before it expires; the clock of the sandbox counts, if it was advanced',
    fix: (_facts, [, what]) => what === 'authorization code' ? 'Redeem the code at once: it lives for a minute or so.' : 'Start the grant again.',
  },
  {
    ...shared,
    code: 'grant_artifact_replayed',
    says: /^(authorization code|device code|backchannel authentication request) already consumed$/,
    clause: 'RFC 6749 §4.1.2',
    cause: (_facts, [, what]) => `The ${what ?? 'code'} was used before. All tokens that came of it were revoked, because one of the two uses may be a theft.`,
    seen: ({ artifact }) => typeof artifact?.consumed === 'number' ? `a second use; the first was at ${showSeconds(artifact.consumed)}` : 'a second use',
    expected: 'one use',
    fix: 'Start the grant again. Look for a retry, a page that is loaded twice, or two workers that handle one callback.',
  },
  {
    ...shared,
    code: 'grant_artifact_raced',
    says: /^\w+ was used by another request at the same time$/,
    clause: 'RFC 6749 §4.1.2',
    cause: 'Two requests redeemed the same value at the same time; the other one won.',
    seen: 'a second use within the same moment',
    expected: 'one use',
    fix: 'Let one worker refresh and share the result with the others.',
  },
  {
    ...shared,
    code: 'grant_revoked',
    says: /^(?:grant not found|the grant was revoked meanwhile)$/,
    clause: clauseOfGrant,
    cause: 'The grant that it belongs to was revoked, or ended.',
    seen: 'a value whose grant is gone',
    expected: 'a standing grant',
    fix: 'Start a new authorization. The time line of the token says who revoked the grant (`sandgate token`).',
  },
  {
    ...shared,
    code: 'grant_account_missing',
    says: /^(?:(?:authorization code|refresh token|device code|backchannel authentication request) invalid \(referenced account not found\)|the subject is no test user of the client's sandbox)$/,
    clause: clauseOfGrant,
    cause: 'The user who granted it does not exist any more, or is not of the sandbox of this client.',
    seen: 'a grant of a user that is not known',
    expected: 'a test user of the sandbox',
    fix: 'Start the grant again with a test user that exists.',
  },
  {
    ...shared,
    code: 'code_redirect_uri_mismatch',
    says: 'authorization code redirect_uri mismatch',
    clause: 'RFC 6749 §4.1.3',
    cause: 'The redirect_uri at the token endpoint is not the one of the authorization request.',
    seen: ({ parameter }) => withholdValues(parameter('redirect_uri') ?? ''),
    expected: ({ artifact }) => artifact?.redirectUri === undefined ? 'the redirect_uri of the authorization request' : withholdValues(artifact.redirectUri),
    fix: 'Send the same redirect_uri, character by character, in both requests.',
  },
  {
    ...shared,
    code: 'pkce_verifier_missing',
    says: 'code_verifier must be provided',
    clause: 'RFC 7636 §4.5',
    cause: 'The authorization request had a code_challenge, and the token request has no code_verifier.',
    seen: 'no code_verifier',
    expected: 'the code_verifier that the challenge was made of',
    fix: 'Keep the verifier with the state of the login, and send it with the code.',
  },
  {
    ...shared,
    code: 'pkce_verifier_mismatch',
    says: 'code_verifier does not match code_challenge',
    clause: 'RFC 7636 §4.6',
    cause: 'The code_verifier is not the one that the code_challenge was made of.',
    seen: 'a code_verifier with another S256 digest (never shown)',
    expected: 'BASE64URL(SHA256(ASCII(code_verifier))) equal to the code_challenge, without padding',
    fix: 'Send the verifier of this very login (two tabs overwrite each other\'s), and hash its text, not its decoded bytes.',
  },
  {
    ...shared,
    code: 'pkce_verifier_uncalled',
    says: 'unsupported code_challenge_method',
    clause: 'RFC 9700 §2.1.1',
    cause: 'A code_verifier was sent, but the authorization request had no code_challenge.',
    seen: 'a code_verifier (never shown)',
    expected: 'a code_challenge in the authorization request, or no code_verifier',
    fix: 'Send code_challenge and code_challenge_method=S256 with the authorization request.',
  },
  {
    code: 'pkce_malformed',
    error: 'invalid_request',
    says: /^(code_verifier|code_challenge) (?:must be a string with a (?:min|max)imum length of \d+ characters|contains invalid characters)$/,
    clause: (facts) => facts.endpoint === 'token' ? 'RFC 7636 §4.1' : 'RFC 7636 §4.2',
    cause: (_facts, [, name]) => `The ${name ?? ''} is not written as one.`,
    seen: ({ parameter }, [, name = '']) => `${parameter(name)?.length ?? 0} characters${/^[\w.~-]*$/.test(parameter(name) ?? '') ? '' : ', some outside A–Z a–z 0–9 - . _ ~'}`,
    expected: '43 to 128 characters of A–Z a–z 0–9 - . _ ~',
    fix: 'Use 32 random bytes in base64url without padding as verifier, and its SHA-256 in base64url as challenge.',
  },
  ...refreshing(),
]

function refreshing (): CatalogueEntry[] {
  return [
    {
      ...shared,
      code: 'refresh_token_reused',
      says: 'refresh token already used',
      clause: 'RFC 9700 §4.14.2',
      cause: ({ artifact }) => `The refresh token had been rotated: it was used${typeof artifact?.consumed === 'number' ? ` at ${showSeconds(artifact.consumed)}` : ' before'}, and a newer one took its place. Because a reuse may be a theft, the whole family was revoked now: every refresh and access token of this grant.`,
      seen: 'a refresh token that was used before (never shown)',
      expected: 'the refresh_token of the newest token response',
      fix: 'Start a new authorization. Store the new refresh_token of every response before anything else, and let one worker refresh at a time.',
    },
    {
      ...shared,
      code: 'refresh_certificate_missing',
      says: 'mutual TLS client certificate not provided',
      clause: 'RFC 8705 §3',
      cause: 'Tokens of this client or grant are bound to a certificate, and the connection has none.',
      seen: 'no client certificate',
      expected: 'the certificate at the mutual-TLS door',
      fix: 'Use the token endpoint of mtls_endpoint_aliases with the certificate.',
    },
    {
      ...shared,
      code: 'refresh_certificate_mismatch',
      says: 'failed x5t#S256 verification',
      clause: 'RFC 8705 §4',
      cause: 'The refresh token is bound to another certificate than the connection has.',
      seen: ({ certificate }) => `x5t#S256 ${show(certificate?.thumbprint)}`,
      expected: ({ artifact }) => `x5t#S256 ${show(artifact?.['x5t#S256'])}`,
      fix: 'Refresh with the certificate of the first token request. After a renewal of the certificate, public clients start a new authorization.',
    },
    {
      code: 'refresh_scope_exceeded',
      error: 'invalid_scope',
      says: /^refresh token missing requested scopes?$/,
      clause: REFRESH,
      cause: ({ scope }) => `The refresh token was not granted ${show(scope, 200)}.`,
      seen: ({ parameter }) => `scope ${show(parameter('scope'), 200)}`,
      expected: ({ artifact }) => `some of ${show(artifact?.scope, 300)}`,
      fix: 'Leave scope out, or ask for fewer; more needs a new authorization.',
    },
  ]
}

const GRANT_CLAUSES: Readonly<Record<string, string>> = {
  authorization_code: 'RFC 6749 §4.1.3',
  refresh_token: REFRESH,
  'urn:ietf:params:oauth:grant-type:device_code': 'RFC 8628 §3.4',
  'urn:openid:params:grant-type:ciba': 'OpenID Connect CIBA §10.1',
}

function clauseOfGrant ({ parameter }: FailureFacts): string {
  return GRANT_CLAUSES[parameter('grant_type') ?? ''] ?? 'RFC 6749 §5.2'
}
