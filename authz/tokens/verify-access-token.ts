import { showClaim } from './show-claim.ts'
import { whenSettled, type Caller, type ClientId, type Clock, type ErrorCode, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import type { MaybePromise } from '../../stores/ports.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import type { DpopPresentation, ProofExpectation, ProofVerdict } from '../dpop/verify-proof.ts'
import { decodeToken, type DecodedToken } from './decode-token.ts'
import { createGenerationCache } from '../generation-cache.ts'
import { opaqueTokenId, type IssuedTokens } from './issued-tokens.ts'
import type { VerificationKey } from './jws-algorithms.ts'
import type { KeyRing } from './key-ring.ts'
import { readTokenClaims, type TokenClaims } from './token-claims.ts'

/** What the verifier found. */
export type TokenVerdict =
  | { readonly kind: 'verified', readonly caller: Caller, readonly expiresAtMs: number, readonly dpopNonce?: string }
  | TokenRefusal

/** `dpopNonce` is the nonce that the client's next DPoP proof should carry (RFC 9449 §8.2, §9). */
export interface TokenRefusal { readonly kind: 'refused', readonly code: ErrorCode, readonly detail: string, readonly claimedClientId?: string, readonly dpopNonce?: string }

/** What the place that a token is shown at expects of it. */
export interface TokenExpectation {
  /** The token must be for one of these. */
  readonly audiences: readonly string[]
  /** Of the verified certificate that the caller presents, if any. */
  readonly certificateThumbprint?: string
  /** True: a token that is bound to neither a certificate (RFC 8705 §3) nor a DPoP key (RFC 9449 §6) is refused. */
  readonly requireBound: boolean
  /** The token came with the DPoP scheme; absent: as Bearer. */
  readonly dpop?: DpopPresentation
}

export interface AccessTokenVerifier {
  readonly verify: (token: string, expect: TokenExpectation) => MaybePromise<TokenVerdict>
  /** The claims of a token that is good except for audience and binding; undefined otherwise. For introspection and userinfo. */
  readonly readLiveClaims: (token: string) => MaybePromise<TokenClaims | undefined>
}

/** Told how access tokens fare at the API, by their `jti` or the digest of an opaque one. It must be quick and not throw. */
export interface TokenUseWatch {
  readonly used: (sandboxId: SandboxId, name: string) => void
  /** Its signature, or its place in the store, was good. */
  readonly refused: (sandboxId: SandboxId, name: string, code: string) => void
}

export interface VerifierDeps {
  readonly issuer: string
  readonly keys: Pick<KeyRing, 'algorithms' | 'find'>
  readonly clock: Clock
  readonly clients: ClientDirectory
  readonly issued: IssuedTokens
  readonly tokenAgeAdvanceMs: (sandboxId: SandboxId, issuedAtMs: number) => number
  readonly findOpaque: (token: string) => MaybePromise<TokenClaims | undefined>
  readonly verifyProof: (presented: DpopPresentation, expect: ProofExpectation) => MaybePromise<ProofVerdict>
  readonly watch?: TokenUseWatch
  /** Verified tokens kept; default 50,000. */
  readonly cachedMax?: number
}

interface Admitted {
  readonly kind: 'admitted'
  readonly token: string
  readonly claims: TokenClaims
  readonly caller: Caller
  readonly sandboxId: SandboxId
  checkedAtMs: number
}

/** How long a verified token is believed without asking the store again whether it still stands; bounds what a lost notice costs. */
const RECHECK_MS = 30_000
/** Characters of the signature that a verified token is filed under; the whole text is compared. */
const KEY_LENGTH = 32

/**
 * Verifies access tokens (RFC 9068 §4, RFC 8725). The signature of a token is checked once; expiry on the sandbox's clock,
 * not-before, audience, binding to a certificate or DPoP key, revocation and the existence of its client are checked at every use.
 *
 * Synchronous whenever the store is. Only successes are kept. A store that does not answer makes it throw StoreUnavailable.
 */
export function createAccessTokenVerifier (deps: VerifierDeps): AccessTokenVerifier {
  const { clock, clients, issued } = deps
  const verified = createGenerationCache<Admitted>(deps.cachedMax ?? 50_000)

  function admit (token: string): MaybePromise<Admitted | TokenRefusal> {
    if (!token.includes('.')) return whenSettled(deps.findOpaque(token), (claims) => claims === undefined ? refuseUnknown(deps, token) : settle(token, claims, claims))
    return whenSettled(authenticate(deps, token), (authentic) => authentic.kind === 'refused' ? attribute(deps, authentic, authentic.clientId) : settle(token, authentic.claims))
  }

  /** `standing` is given when the token has just been found to stand. */
  function settle (token: string, claims: TokenClaims, standing?: TokenClaims): MaybePromise<Admitted | TokenRefusal> {
    return whenSettled(clients.find(claims.clientId), (client) => {
      if (client === undefined) return refuse('token_revoked', `the token's client ${claims.clientId} does not exist any more`)
      const { sandboxId } = client
      const aged = judgeTimes(deps, claims, sandboxId)
      if (aged !== undefined) return noteRefusal(deps, { ...aged, claimedClientId: client.clientId }, sandboxId, claims)
      return whenSettled(standing ?? (claims.isOpaque === true ? deps.findOpaque(token) : issued.find(claims.jti)), (record) => {
        if (record === undefined) return noteRefusal(deps, { ...refuse('token_revoked', `the token ${claims.jti} or its grant was revoked`), claimedClientId: client.clientId }, sandboxId, claims)
        return { kind: 'admitted', token, claims, sandboxId, caller: callerOf(claims, sandboxId), checkedAtMs: clock.nowMs() }
      })
    })
  }

  function judge (entry: Admitted, expect: TokenExpectation): MaybePromise<TokenVerdict> {
    return whenSettled(clients.find(entry.claims.clientId), (client) => {
      const refusal = client === undefined
        ? refuse('token_revoked', `the token's client ${entry.claims.clientId} does not exist any more`)
        : judgeStanding(deps, entry.claims) ?? judgeTimes(deps, entry.claims, entry.sandboxId) ?? judgeUse(entry.claims, expect)
      if (refusal !== undefined) return client === undefined ? refusal : { ...refusal, claimedClientId: client.clientId }
      const { jkt } = entry.claims
      if (jkt !== undefined && expect.dpop !== undefined) return prove(deps, entry, jkt, expect.dpop)
      return { kind: 'verified', caller: entry.caller, expiresAtMs: entry.claims.expMs }
    })
  }

  function verify (token: string, expect: TokenExpectation): MaybePromise<TokenVerdict> {
    const key = token.slice(-KEY_LENGTH)
    const known = verified.get(key)
    if (known?.token === token && clock.nowMs() - known.checkedAtMs < RECHECK_MS) return note(deps, known, judge(known, expect))
    return whenSettled(known?.token === token ? settle(token, known.claims) : admit(token), (outcome) => {
      if (outcome.kind === 'refused') return outcome
      verified.set(key, outcome)
      return note(deps, outcome, judge(outcome, expect))
    })
  }

  return {
    verify,
    readLiveClaims: (token) => whenSettled(admit(token), (outcome) => outcome.kind === 'refused' || issued.isKnownRevoked(outcome.claims.jti) ? undefined : outcome.claims),
  }
}

function note (deps: VerifierDeps, entry: Admitted, verdict: MaybePromise<TokenVerdict>): MaybePromise<TokenVerdict> {
  if (deps.watch === undefined) return verdict
  if (verdict instanceof Promise) return verdict.then((settled) => note(deps, entry, settled))
  if (verdict.kind === 'refused') return noteRefusal(deps, verdict, entry.sandboxId, entry.claims)
  deps.watch.used(entry.sandboxId, entry.claims.jti)
  return verdict
}

function noteRefusal ({ watch }: VerifierDeps, refusal: TokenRefusal, sandboxId: SandboxId, { jti }: TokenClaims): TokenRefusal {
  watch?.refused(sandboxId, jti, refusal.code)
  return refusal
}

/** A client that exists owns the explanation of what was refused in its name. */
function attribute ({ clients }: VerifierDeps, refusal: TokenRefusal, clientId: string | undefined): MaybePromise<TokenRefusal> {
  if (clientId === undefined) return refusal
  const { kind, code, detail } = refusal
  return whenSettled(clients.find(clientId), (client) => client === undefined ? { kind, code, detail } : { kind, code, detail, claimedClientId: client.clientId })
}

function prove ({ verifyProof }: VerifierDeps, { token, claims, caller, sandboxId }: Admitted, jkt: string, presented: DpopPresentation): MaybePromise<TokenVerdict> {
  return whenSettled(verifyProof(presented, { token, jkt, sandboxId }), (proof) => {
    const nonce = proof.nonce === undefined ? {} : { dpopNonce: proof.nonce }
    if (proof.kind === 'refused') return { ...refuse(proof.code, proof.detail), claimedClientId: claims.clientId, ...nonce }
    return { kind: 'verified', caller, expiresAtMs: claims.expMs, ...nonce }
  })
}

function refuseUnknown ({ issued }: VerifierDeps, token: string): TokenRefusal {
  return issued.isKnownRevoked(opaqueTokenId(token))
    ? refuse('token_revoked', 'the opaque token or its grant was revoked')
    : refuse('token_malformed', 'the token is neither a JWT nor an opaque token that this server knows: it never was, or was revoked')
}

type Authentic = { readonly kind: 'authentic', readonly claims: TokenClaims } | TokenRefusal & { readonly clientId?: string }

/** Header, signature and issuer. Needs the store only for a key that another instance has just made. */
function authenticate (deps: VerifierDeps, token: string): MaybePromise<Authentic> {
  const decoded = decodeToken(token)
  if (decoded.kind === 'malformed') return refuse('token_malformed', decoded.detail)
  const { header, payload } = decoded
  const { kid } = header
  const clientId = typeof payload['client_id'] === 'string' ? { clientId: payload['client_id'] } : {}
  const refusal = judgeHeader(deps, header, payload)
  if (refusal !== undefined) return { ...refusal, ...clientId }
  return whenSettled(typeof kid === 'string' ? deps.keys.find(kid) : undefined, (key) => ({ ...readAuthentic(deps, decoded, key), ...clientId }))
}

/** Header parameters that would let a token bring its own key (RFC 8725 §3.10), or that we do not understand (RFC 7515 §4.1.11). */
const FORBIDDEN_PARAMETERS = ['crit', 'jku', 'jwk', 'x5u', 'x5c', 'b64', 'zip', 'enc'] as const

function judgeHeader ({ keys, issuer }: VerifierDeps, header: JsonObject, payload: JsonObject): TokenRefusal | undefined {
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || !keys.algorithms.includes(alg)) return refuse('token_algorithm_refused', `alg is ${showClaim(alg)}, expected ${keys.algorithms.join(' or ')}`)
  const forbidden = FORBIDDEN_PARAMETERS.find((name) => Object.hasOwn(header, name))
  if (forbidden !== undefined) return refuse('token_malformed', `the header has the parameter ${forbidden}, which is not accepted`)
  if (typeof typ !== 'string' || !/^(application\/)?at\+jwt$/i.test(typ)) return refuse('token_malformed', `typ is ${showClaim(typ)}, expected at+jwt (an ID token is no access token)`)
  if (payload['iss'] !== issuer && typeof kid !== 'string') return refuse('token_issuer_invalid', `iss is ${showClaim(payload['iss'])}, expected ${issuer}`)
  return typeof kid === 'string' ? undefined : refuse('token_signature_invalid', `kid ${showClaim(kid)} names no signing key of this server`)
}

function readAuthentic (deps: VerifierDeps, { header, payload, signingInput, signature }: DecodedToken, key: VerificationKey | undefined): Authentic {
  const foreign = payload['iss'] === deps.issuer ? undefined : refuse('token_issuer_invalid', `iss is ${showClaim(payload['iss'])}, expected ${deps.issuer}`)
  if (key === undefined) return foreign ?? refuse('token_signature_invalid', `kid ${showClaim(header['kid'])} names no signing key of this server`)
  if (key.alg !== header['alg']) return refuse('token_algorithm_refused', `alg is ${showClaim(header['alg'])}, but key ${key.kid} is for ${key.alg}`)
  if (!key.verifies(signingInput, signature)) return refuse('token_signature_invalid', `the signature does not match under key ${key.kid}`)
  if (foreign !== undefined) return foreign
  const claims = readTokenClaims(payload)
  return claims.kind === 'malformed' ? refuse('token_malformed', claims.detail) : { kind: 'authentic', claims: claims.claims }
}

function judgeStanding ({ issued }: VerifierDeps, { jti }: TokenClaims): TokenRefusal | undefined {
  return issued.isKnownRevoked(jti) ? refuse('token_revoked', `the token ${jti} or its grant was revoked`) : undefined
}

/** On the sandbox's clock: real age plus what the clock was advanced since the token was issued. */
function judgeTimes ({ clock, tokenAgeAdvanceMs }: VerifierDeps, claims: TokenClaims, sandboxId: SandboxId): TokenRefusal | undefined {
  const nowMs = clock.nowMs()
  const advancedMs = tokenAgeAdvanceMs(sandboxId, claims.issuedAtMs)
  const advance = advancedMs > 0 ? `, and the sandbox's clock was advanced by ${advancedMs} ms since the token was issued` : ''
  if (nowMs + advancedMs >= claims.expMs) return refuse('token_expired', `expired at ${iso(claims.expMs)}; it is ${iso(nowMs)}${advance}`)
  if (claims.nbfMs !== undefined && nowMs + advancedMs < claims.nbfMs) return refuse('token_not_yet_valid', `not valid before ${iso(claims.nbfMs)}; it is ${iso(nowMs)}${advance}`)
  return undefined
}

function judgeUse (claims: TokenClaims, expect: TokenExpectation): TokenRefusal | undefined {
  if (!claims.audiences.some((audience) => expect.audiences.includes(audience))) return refuse('token_audience_invalid', `aud is ${claims.audiences.join(', ') || 'missing'}, expected ${expect.audiences.join(' or ')}`)
  const { thumbprint, jkt } = claims
  if (thumbprint === undefined && jkt === undefined && expect.requireBound) return refuse('token_binding_missing', 'the token has neither cnf.x5t#S256 nor cnf.jkt, and only bound tokens are taken here')
  if (jkt === undefined && expect.dpop !== undefined) return refuse('token_proof_unexpected', 'the token has no cnf.jkt, and came with the DPoP scheme')
  if (jkt !== undefined && expect.dpop === undefined) return refuse('token_proof_missing', `the token is bound to the DPoP key ${jkt}, and came with the Bearer scheme`)
  if (thumbprint === undefined || thumbprint === expect.certificateThumbprint) return undefined
  return refuse('token_binding_mismatch', `the token is bound to the certificate ${thumbprint}, the caller presented ${expect.certificateThumbprint ?? 'none'}`)
}

function callerOf (claims: TokenClaims, sandboxId: SandboxId): Caller {
  const clientId = claims.clientId as ClientId
  return Object.freeze({
    kind: 'client', sandboxId, clientId, scopes: claims.scopes, ...(claims.subject === undefined ? {} : { subject: claims.subject }),
  })
}

function refuse (code: ErrorCode, detail: string): TokenRefusal {
  return { kind: 'refused', code, detail }
}

function iso (ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : String(ms)
}
