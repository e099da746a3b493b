import type { CatalogueEntry } from './catalogue-entry.ts'
import { withholdValues } from './compare-uris.ts'
import type { FailureFacts } from './failure-facts.ts'
import { peekJwt } from './peek-jwt.ts'
import { show, showAll, showSeconds, showSkew } from './show.ts'

const shared = { error: ['invalid_dpop_proof', 'invalid_token'] } as const
const CHECKING = 'RFC 9449 §4.3'

/** DPoP proofs (RFC 9449), at the endpoints that take them. */
export const PROOFS: readonly CatalogueEntry[] = [
  ...unacceptableProofs(),
  {
    ...shared,
    code: 'dpop_iat_missing',
    says: 'DPoP proof must have a iat number property',
    clause: 'RFC 9449 §4.2',
    cause: 'The DPoP proof has no iat, or one that is no number.',
    seen: (facts) => `iat ${show(proof(facts).payload['iat'])}`,
    expected: 'iat as a number of seconds',
    fix: 'Set iat to the present time in each proof.',
  },
  {
    ...shared,
    code: 'dpop_jti_missing',
    says: 'DPoP proof must have a jti string property',
    clause: 'RFC 9449 §4.2',
    cause: 'The DPoP proof has no jti.',
    seen: 'no jti',
    expected: 'jti: a value that was never used',
    fix: 'Set a new random jti in each proof.',
  },
  {
    code: 'dpop_iat_skewed',
    error: ['invalid_dpop_proof', 'use_dpop_nonce'],
    says: /^DPoP proof iat is not recent enough(?:, use a DPoP nonce instead)?$/,
    clause: 'RFC 9449 §11.1',
    cause: 'The DPoP proof was not made just now.',
    seen: (facts) => `iat ${showSeconds(proof(facts).payload['iat'])} (${showSkew(proof(facts).payload['iat'], facts.nowMs)})`,
    expected: ({ nowMs }) => `iat within 300 s of ${showSeconds(Math.floor(nowMs / 1000))}`,
    fix: 'Set the clock of the client by NTP and make a proof for each request; or put the nonce of the DPoP-Nonce header into it.',
  },
  {
    ...shared,
    code: 'dpop_nonce_malformed',
    says: 'DPoP proof nonce must be a string',
    clause: 'RFC 9449 §4.2',
    cause: 'The nonce of the DPoP proof is no text.',
    expected: 'nonce as text, or no nonce',
    fix: 'Copy the value of the DPoP-Nonce header into the claim nonce.',
  },
  {
    ...shared,
    code: 'dpop_nonce_unsupported',
    says: 'DPoP nonces are not supported',
    clause: 'RFC 9449 §8',
    cause: 'The DPoP proof has a nonce, and this server never gave one.',
    seen: 'a nonce',
    expected: 'no nonce',
    fix: 'Take the nonce only from a DPoP-Nonce header of this server.',
  },
  {
    code: 'dpop_nonce_missing',
    error: 'use_dpop_nonce',
    says: 'nonce is required in the DPoP proof',
    clause: 'RFC 9449 §8',
    cause: 'This server wants a nonce in each DPoP proof, and the proof has none. Every client meets this once.',
    seen: 'no nonce',
    expected: 'the value of the DPoP-Nonce header of this answer',
    fix: 'Make a new proof with that nonce and send the request again; most libraries do so by themselves.',
  },
  {
    code: 'dpop_nonce_stale',
    error: 'use_dpop_nonce',
    says: 'invalid nonce in DPoP proof',
    clause: 'RFC 9449 §8.2',
    cause: 'The nonce of the DPoP proof is not one of this server, or is a few minutes old.',
    seen: 'another nonce (never shown)',
    expected: 'the value of the DPoP-Nonce header of this answer',
    fix: 'Always keep the newest DPoP-Nonce, one for each server, and send the request again with it.',
  },
  {
    ...shared,
    code: 'dpop_method_mismatch',
    says: 'DPoP proof htm mismatch',
    clause: CHECKING,
    cause: 'The DPoP proof was made for another HTTP method.',
    seen: (facts) => `htm ${show(proof(facts).payload['htm'], 40)}`,
    expected: ({ method }) => `htm ${method}`,
    fix: 'Set htm to the method of the request, in capitals.',
  },
  {
    ...shared,
    code: 'dpop_uri_mismatch',
    says: 'DPoP proof htu mismatch',
    clause: CHECKING,
    cause: 'The DPoP proof was made for another address.',
    seen: (facts) => `htu ${typeof proof(facts).payload['htu'] === 'string' ? withholdValues(proof(facts).payload['htu'] as string) : show(proof(facts).payload['htu'])}`,
    expected: ({ url }) => `htu ${url}`,
    fix: 'Set htu to the URL that is called, without query and fragment; at the mutual-TLS door it is that of the alias.',
  },
  {
    ...shared,
    code: 'dpop_token_hash_mismatch',
    says: 'DPoP proof ath mismatch',
    clause: CHECKING,
    cause: 'The DPoP proof was not made for the access token beside it.',
    seen: (facts) => proof(facts).payload['ath'] === undefined ? 'no ath' : 'another ath',
    expected: 'ath: BASE64URL(SHA256(ASCII(access token)))',
    fix: 'Hash the access token of this very request into ath.',
  },
  {
    code: 'dpop_proof_replayed',
    error: ['invalid_grant', 'invalid_token', 'invalid_request'],
    says: 'DPoP proof JWT Replay detected',
    clause: 'RFC 9449 §11.1',
    cause: 'A DPoP proof with this jti was used before.',
    seen: (facts) => `jti ${show(proof(facts).payload['jti'], 80)}, a second time`,
    expected: 'a jti that was never used',
    fix: 'Make a new proof for each request, retries included.',
  },
  {
    code: 'dpop_proof_missing',
    error: 'invalid_grant',
    says: /^(?:DPoP proof JWT not provided|missing DPoP proof JWT)$/,
    clause: 'RFC 9449 §5.2',
    cause: ({ artifact }) => artifact?.dpopJkt === undefined ? 'The client is registered for DPoP-bound tokens, and the request has no proof.' : 'The authorization request named a DPoP key (dpop_jkt), and the token request has no proof of it.',
    seen: 'no DPoP header',
    expected: 'a DPoP header with a proof of the key',
    fix: 'Send a DPoP proof with each token request.',
  },
  {
    code: 'dpop_key_not_announced',
    error: ['invalid_grant', 'invalid_request'],
    says: 'DPoP proof key thumbprint does not match dpop_jkt',
    clause: 'RFC 9449 §10',
    cause: 'The DPoP proof is of another key than the authorization request announced.',
    seen: 'a proof of another key',
    expected: ({ artifact, parameter }) => `the key with the thumbprint ${show(artifact?.dpopJkt ?? parameter('dpop_jkt'))}`,
    fix: 'Use one key from the authorization request to the token request.',
  },
  {
    code: 'dpop_key_mismatch',
    error: ['invalid_grant', 'invalid_token'],
    says: 'failed jkt verification',
    clause: (facts) => facts.endpoint === 'token' ? 'RFC 9449 §5' : 'RFC 9449 §7.1',
    cause: 'The token is bound to another DPoP key than the proof is of.',
    seen: (facts) => facts.header('dpop') === undefined ? 'no DPoP proof' : 'a proof of another key',
    expected: ({ artifact }) => `the key with the thumbprint ${show(artifact?.jkt)}`,
    fix: 'Keep the DPoP key as long as the tokens that are bound to it.',
  },
]

/** What jose says of a proof that is no valid DPoP JWT; the library hands it on as the detail. */
function unacceptableProofs (): CatalogueEntry[] {
  const proofShared = { error: 'invalid_dpop_proof', clause: CHECKING } as const
  return [
    {
      ...proofShared,
      code: 'dpop_type_wrong',
      says: /^unexpected "typ" JWT header value$/,
      cause: 'The DPoP proof does not say that it is one.',
      seen: (facts) => `typ ${show(proof(facts).header['typ'], 80)}`,
      expected: 'typ dpop+jwt',
      fix: 'Set typ in the header of the proof.',
    },
    {
      ...proofShared,
      code: 'dpop_algorithm_refused',
      says: /^"alg" \(Algorithm\) Header Parameter value not allowed$/,
      cause: 'The DPoP proof is signed with an algorithm that is not taken here.',
      seen: (facts) => `alg ${show(proof(facts).header['alg'], 40)}`,
      expected: ({ offered }) => `alg ${showAll(offered.clientAlgorithms, 'of dpop_signing_alg_values_supported in the discovery document')}`,
      fix: 'Sign proofs with an asymmetric algorithm that the discovery document lists.',
    },
    {
      ...proofShared,
      code: 'dpop_signature_invalid',
      says: 'signature verification failed',
      cause: 'The DPoP proof is not signed by the key in its header.',
      seen: 'a signature that does not verify under jwk',
      expected: 'a signature by the private half of jwk',
      fix: 'Put the public half of the signing key into the header.',
    },
    {
      ...proofShared,
      code: 'dpop_key_unusable',
      says: /^"jwk" \(JSON Web Key\) Header Parameter/,
      cause: 'The header of the DPoP proof has no usable public key.',
      seen: (facts) => proof(facts).header['jwk'] === undefined ? 'no jwk' : 'a jwk that is no public key',
      expected: 'jwk: the public key, without its private members',
      fix: 'Put the public half of the signing key into the header; never the private one.',
    },
    {
      ...proofShared,
      code: 'dpop_proof_unreadable',
      says: /^Invalid Compact JWS$|^JWS Protected Header is invalid$|^JWT Claims Set must be a top-level JSON object$/,
      cause: 'The DPoP header holds no signed JWT in compact form.',
      expected: 'one proof: three base64url parts with dots between them',
      fix: 'Send exactly one DPoP header with the proof as the library returned it.',
    },
    {
      ...proofShared,
      code: 'dpop_proof_invalid',
      says: 'invalid DPoP key binding',
      cause: ({ detail }) => `The DPoP proof does not hold: ${show(detail, 160)}.`,
      seen: (facts) => showAll(Object.keys(proof(facts).payload).map((name) => `${name} ${show(proof(facts).payload[name], 60)}`)),
      expected: 'a proof of this request, with typ, alg and jwk in its header, and jti, htm, htu and iat as claims',
      fix: 'Leave claims out that a proof does not need; make it by a library for DPoP.',
    },
  ]
}

function proof ({ header }: FailureFacts): ReturnType<typeof peekJwt> {
  return peekJwt(header('dpop'))
}
