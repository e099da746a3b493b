import { whenSettled, type Caller, type ClientId, type Clock, type ErrorCode, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import type { MaybePromise } from '../../stores/ports.ts'
import type { ClientDirectory } from '../clients/client-directory.ts'
import { decodeToken } from './decode-token.ts'
import { createGenerationCache } from '../generation-cache.ts'
import type { IssuedTokens } from './issued-tokens.ts'
import type { VerificationKey } from './signing-keys.ts'
import { readTokenClaims, type TokenClaims } from './token-claims.ts'

/** What the verifier found. */
export type TokenVerdict =
  | { readonly kind: 'verified', readonly caller: Caller, readonly expiresAtMs: number }
  | TokenRefusal

export interface TokenRefusal { readonly kind: 'refused', readonly code: ErrorCode, readonly detail: string, readonly claimedClientId?: string }

/** What the place that a token is shown at expects of it. */
export interface TokenExpectation {
  /** The token must be for one of these. */
  readonly audiences: readonly string[]
  /** Of the verified certificate that the caller presents, if any. */
  readonly certificateThumbprint?: string
  /** True: a token that is not bound to a certificate is refused (RFC 8705 §3). */
  readonly requireBound: boolean
}

export interface AccessTokenVerifier {
  readonly verify: (token: string, expect: TokenExpectation) => MaybePromise<TokenVerdict>
  /** The claims of a token that is good except for audience and binding; undefined otherwise. For introspection and userinfo. */
  readonly readLiveClaims: (token: string) => MaybePromise<TokenClaims | undefined>
}

export interface VerifierDeps {
  readonly issuer: string
  readonly keys: ReadonlyMap<string, VerificationKey>
  readonly clock: Clock
  readonly clients: ClientDirectory
  readonly issued: IssuedTokens
  readonly tokenAgeAdvanceMs: (sandboxId: SandboxId, issuedAtMs: number) => number
  readonly findOpaque: (token: string) => Promise<TokenClaims | undefined>
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
 * not-before, audience, certificate binding, revocation and the existence of its client are checked at every use.
 *
 * Synchronous whenever the store is. Only successes are kept. A store that does not answer makes it throw StoreUnavailable.
 */
export function createAccessTokenVerifier (deps: VerifierDeps): AccessTokenVerifier {
  const { clock, clients, issued } = deps
  const verified = createGenerationCache<Admitted>(deps.cachedMax ?? 50_000)

  function admit (token: string): MaybePromise<Admitted | TokenRefusal> {
    if (!token.includes('.')) return deps.findOpaque(token).then((claims) => claims === undefined ? refuse('token_malformed', 'the token is neither a JWT nor an opaque token of this server') : settle(token, claims))
    const authentic = authenticate(deps, token)
    return authentic.kind === 'refused' ? attribute(authentic, authentic.clientId) : settle(token, authentic.claims)
  }

  function settle (token: string, claims: TokenClaims): MaybePromise<Admitted | TokenRefusal> {
    return whenSettled(clients.find(claims.clientId), (client) => {
      if (client === undefined) return refuse('token_revoked', `the token's client ${claims.clientId} does not exist any more`)
      const { sandboxId } = client
      const aged = judgeTimes(deps, claims, sandboxId)
      if (aged !== undefined) return { ...aged, claimedClientId: client.clientId }
      return whenSettled(claims.isOpaque === true ? true : issued.find(claims.jti), (record) => {
        if (record === undefined) return { ...refuse('token_revoked', `the token ${claims.jti} or its grant was revoked`), claimedClientId: client.clientId }
        return { kind: 'admitted', token, claims, sandboxId, caller: callerOf(claims, sandboxId), checkedAtMs: clock.nowMs() }
      })
    })
  }

  function judge (entry: Admitted, expect: TokenExpectation): MaybePromise<TokenVerdict> {
    return whenSettled(clients.find(entry.claims.clientId), (client) => {
      const refusal = client === undefined
        ? refuse('token_revoked', `the token's client ${entry.claims.clientId} does not exist any more`)
        : judgeStanding(deps, entry.claims) ?? judgeTimes(deps, entry.claims, entry.sandboxId) ?? judgeUse(entry.claims, expect)
      if (refusal === undefined) return { kind: 'verified', caller: entry.caller, expiresAtMs: entry.claims.expMs }
      return client === undefined ? refusal : { ...refusal, claimedClientId: client.clientId }
    })
  }

  function attribute (refusal: TokenRefusal, clientId: string | undefined): MaybePromise<TokenRefusal> {
    if (clientId === undefined) return refusal
    const { kind, code, detail } = refusal
    return whenSettled(clients.find(clientId), (client) => client === undefined ? { kind, code, detail } : { kind, code, detail, claimedClientId: client.clientId })
  }

  function verify (token: string, expect: TokenExpectation): MaybePromise<TokenVerdict> {
    const key = token.slice(-KEY_LENGTH)
    const known = verified.get(key)
    if (known?.token === token && clock.nowMs() - known.checkedAtMs < RECHECK_MS) return judge(known, expect)
    return whenSettled(known?.token === token ? settle(token, known.claims) : admit(token), (outcome) => {
      if (outcome.kind === 'refused') return outcome
      verified.set(key, outcome)
      return judge(outcome, expect)
    })
  }

  return {
    verify,
    readLiveClaims: (token) => whenSettled(admit(token), (outcome) => outcome.kind === 'refused' || issued.isKnownRevoked(outcome.claims.jti) ? undefined : outcome.claims),
  }
}

/** Header, signature and issuer: what needs no store. */
function authenticate (deps: VerifierDeps, token: string): { readonly kind: 'authentic', readonly claims: TokenClaims } | TokenRefusal & { readonly clientId?: string } {
  const decoded = decodeToken(token)
  if (decoded.kind === 'malformed') return refuse('token_malformed', decoded.detail)
  const { header, payload } = decoded
  const clientId = typeof payload['client_id'] === 'string' ? { clientId: payload['client_id'] } : {}
  const key = selectKey(deps, header, payload)
  if (key.kind === 'refused') return { ...key, ...clientId }
  if (!key.key.verifies(decoded.signingInput, decoded.signature)) return { ...refuse('token_signature_invalid', `the signature does not match under key ${key.key.kid}`), ...clientId }
  if (payload['iss'] !== deps.issuer) return { ...refuse('token_issuer_invalid', `iss is ${show(payload['iss'])}, expected ${deps.issuer}`), ...clientId }
  const claims = readTokenClaims(payload)
  return claims.kind === 'malformed' ? { ...refuse('token_malformed', claims.detail), ...clientId } : { kind: 'authentic', claims: claims.claims }
}

/** Header parameters that would let a token bring its own key (RFC 8725 §3.10), or that we do not understand (RFC 7515 §4.1.11). */
const FORBIDDEN_PARAMETERS = ['crit', 'jku', 'jwk', 'x5u', 'x5c', 'b64', 'zip', 'enc'] as const

function selectKey (deps: VerifierDeps, header: JsonObject, payload: JsonObject): { readonly kind: 'selected', readonly key: VerificationKey } | TokenRefusal {
  const { alg, kid, typ } = header
  const algorithms = [...new Set([...deps.keys.values()].map((key) => key.alg))]
  if (typeof alg !== 'string' || !algorithms.includes(alg)) return refuse('token_algorithm_refused', `alg is ${show(alg)}, expected ${algorithms.join(' or ')}`)
  const forbidden = FORBIDDEN_PARAMETERS.find((name) => Object.hasOwn(header, name))
  if (forbidden !== undefined) return refuse('token_malformed', `the header has the parameter ${forbidden}, which is not accepted`)
  if (typeof typ !== 'string' || !/^(application\/)?at\+jwt$/i.test(typ)) return refuse('token_malformed', `typ is ${show(typ)}, expected at+jwt (an ID token is no access token)`)
  const key = typeof kid === 'string' ? deps.keys.get(kid) : undefined
  if (key === undefined && payload['iss'] !== deps.issuer) return refuse('token_issuer_invalid', `iss is ${show(payload['iss'])}, expected ${deps.issuer}`)
  if (key === undefined) return refuse('token_signature_invalid', `kid ${show(kid)} names no signing key of this server`)
  if (key.alg !== alg) return refuse('token_algorithm_refused', `alg is ${alg}, but key ${key.kid} is for ${key.alg}`)
  return { kind: 'selected', key }
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
  const bound = claims.thumbprint
  if (bound === undefined) return expect.requireBound ? refuse('token_binding_missing', 'the token has no cnf.x5t#S256, and only certificate-bound tokens are taken here') : undefined
  if (bound === expect.certificateThumbprint) return undefined
  return refuse('token_binding_mismatch', `the token is bound to the certificate ${bound}, the caller presented ${expect.certificateThumbprint ?? 'none'}`)
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

function show (value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 200)
}

function iso (ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : String(ms)
}
