import { showClaim } from '../tokens/show-claim.ts'
import { hash } from 'node:crypto'
import { whenSettled, type Clock, type ErrorCode, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise } from '../../stores/ports.ts'
import { createGenerationCache } from '../generation-cache.ts'
import { decodeJws, parseStrictObject } from '../tokens/compact-jws.ts'
import type { DpopNonces } from './dpop-nonces.ts'
import { readProofKey, type ProofKey } from './proof-key.ts'
import { normaliseTargetUri } from './target-uri.ts'

/** A request that was made with the DPoP scheme (RFC 9449 §7.1). One object for one request. */
export interface DpopPresentation {
  /** The `DPoP` header as it came; undefined when there was none. */
  readonly proof: string | undefined
  readonly method: string
  /** The request target as sent: its path is what counts. */
  readonly target: string
}

export type ProofVerdict =
  /** `nonce` is set when the client should use another one from now on (§8.2). */
  | { readonly kind: 'proved', readonly nonce?: string }
  | { readonly kind: 'refused', readonly code: ErrorCode, readonly detail: string, readonly nonce?: string }

interface Opened { readonly kind: 'opened', readonly thumbprint: string, readonly claims: JsonObject }
type Refused = Extract<ProofVerdict, { kind: 'refused' }>

/** What a token says about the proof that must come with it. */
export interface ProofExpectation { readonly token: string, readonly jkt: string, readonly sandboxId: SandboxId }

export interface ProofVerifierDeps {
  readonly clock: Clock
  readonly keyValue: KeyValue
  readonly nonces: DpopNonces
  /** Origins that the API is reached at: those of both doors. */
  readonly origins: readonly string[]
  readonly algorithms: readonly string[]
  readonly isNonceRequired: (sandboxId: SandboxId) => boolean
}

/** How far `iat` may be from now when no nonce says that the proof is fresh: as at the token endpoint. */
export const PROOF_AGE_MS_MAX = 300_000
const HEADERS_MAX = 5000
const JTI_LENGTH_MAX = 256

/**
 * Verifies DPoP proofs at a protected resource (RFC 9449 §4.3): signature by the key that the token is bound to, method and
 * URI of this request, the token's hash, freshness, nonce, and that no proof is used twice on any instance.
 *
 * Synchronous whenever the store is. A store that does not answer makes it throw StoreUnavailable.
 */
export function createProofVerifier (deps: ProofVerifierDeps) {
  const keys = createGenerationCache<ProofKey>(HEADERS_MAX)
  const origins = [...new Set(deps.origins.map((origin) => new URL(origin).origin))]
  const proved = new WeakMap<DpopPresentation, ProofVerdict>()

  function keyOf (header: JsonObject, segment: string): ProofKey {
    const known = keys.get(segment)
    if (known !== undefined) return known
    const read = readProofKey(header, deps.algorithms)
    if (read.kind === 'key') keys.set(segment, read)
    return read
  }

  function open (proof: string): Opened | Refused {
    const decoded = proof.includes(',') ? undefined : decodeJws(proof)
    if (decoded === undefined) return invalid('there is more than one DPoP header')
    if (decoded.kind === 'malformed') return invalid(decoded.detail)
    const key = keyOf(decoded.header, decoded.headerSegment)
    if (key.kind === 'refused') return invalid(key.detail)
    if (!key.key.verifies(decoded.signingInput, decoded.signature)) return invalid('the signature does not match under the key in jwk')
    const claims = parseStrictObject(decoded.payload)
    return claims === undefined ? invalid('the payload is not a JSON object, or names a member twice') : { kind: 'opened', thumbprint: key.thumbprint, claims }
  }

  return function verifyProof (presented: DpopPresentation, expect: ProofExpectation): MaybePromise<ProofVerdict> {
    const known = proved.get(presented)
    if (known !== undefined) return known
    if (presented.proof === undefined || presented.proof === '') return refuse('token_proof_missing', 'the DPoP scheme was used without a DPoP header')
    const opened = open(presented.proof)
    if (opened.kind === 'refused') return opened
    const { claims, thumbprint } = opened
    const refusal = judgeRequest(claims, presented, expect.token, origins) ??
      (thumbprint === expect.jkt ? undefined : refuse('token_proof_mismatch', `the token is bound to the key ${expect.jkt}, the proof is by ${thumbprint}`)) ??
      judgeFreshness(deps, claims, expect.sandboxId)
    if (refusal !== undefined) return refusal
    return whenSettled(claimProof(deps, thumbprint, claims), (isFirst) => {
      if (!isFirst) return refuse('token_proof_replayed', `a proof with the jti ${showClaim(claims['jti'])} was used before`)
      const current = deps.nonces.current()
      const verdict: ProofVerdict = { kind: 'proved', ...(claims['nonce'] === undefined || claims['nonce'] === current ? {} : { nonce: current }) }
      proved.set(presented, verdict)
      return verdict
    })
  }
}

/** `jti`, `htm`, `htu` and `ath`: that the proof was made for this request with this token. */
function judgeRequest (claims: JsonObject, presented: DpopPresentation, token: string, origins: readonly string[]): Refused | undefined {
  const { jti, htm, htu, ath } = claims
  if (typeof jti !== 'string' || jti === '' || jti.length > JTI_LENGTH_MAX) return invalid(`jti is ${showClaim(jti)}, expected a text of 1 to ${JTI_LENGTH_MAX} characters`)
  if (htm !== presented.method) return invalid(`htm is ${showClaim(htm)}, the request's method is ${presented.method}`)
  const path = presented.target.split(/[?#]/, 1)[0] ?? ''
  const targets = origins.map((origin) => normaliseTargetUri(`${origin}${path}`))
  const proved = typeof htu === 'string' ? normaliseTargetUri(htu) : undefined
  if (proved === undefined || !targets.includes(proved)) return invalid(`htu is ${showClaim(htu)}, expected ${targets.join(' or ')}`)
  if (ath === undefined) return invalid('ath is missing, expected the hash of the access token (RFC 9449 §4.2)')
  return ath === hash('sha256', token, 'base64url') ? undefined : invalid('ath is not the hash of the access token that came with the proof')
}

function judgeFreshness ({ clock, nonces, isNonceRequired }: ProofVerifierDeps, { iat, nonce }: JsonObject, sandboxId: SandboxId): Refused | undefined {
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return invalid(`iat is ${showClaim(iat)}, expected a number of seconds`)
  if (nonce !== undefined && typeof nonce !== 'string') return invalid(`nonce is ${showClaim(nonce)}, expected a text`)
  if (nonce === undefined) {
    if (isNonceRequired(sandboxId)) return { ...refuse('token_nonce_required', 'the proof has no nonce, and this server wants one'), nonce: nonces.current() }
    const ageMs = clock.nowMs() - iat * 1000
    if (Math.abs(ageMs) <= PROOF_AGE_MS_MAX) return undefined
    return invalid(`iat is ${Math.abs(Math.round(ageMs / 1000))} s ${ageMs > 0 ? 'ago' : 'ahead'}, at most ${PROOF_AGE_MS_MAX / 1000} s are accepted: check the clock`)
  }
  return nonces.accepts(nonce) ? undefined : { ...refuse('token_nonce_required', 'the nonce of the proof is not one of this server, or is too old'), nonce: nonces.current() }
}

/** True for exactly one of any number of uses, on all instances, for as long as the proof could be used again. */
function claimProof ({ keyValue, clock }: ProofVerifierDeps, thumbprint: string, { jti, iat }: JsonObject): MaybePromise<boolean> {
  const aheadMs = Math.min(PROOF_AGE_MS_MAX, Math.max(0, Number(iat) * 1000 - clock.nowMs()))
  return keyValue.putIfAbsent('dpop-proof', hash('sha256', `${thumbprint}\0${JSON.stringify(jti)}`, 'base64url'), true, { ttlMs: Math.ceil(PROOF_AGE_MS_MAX + aheadMs) + 1000 })
}

function invalid (detail: string): Refused {
  return refuse('token_proof_invalid', detail)
}

function refuse (code: ErrorCode, detail: string): Refused {
  return { kind: 'refused', code, detail }
}
