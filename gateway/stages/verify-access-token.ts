import { pass, refuse, whenSettled, type Caller, type ErrorCode, type Verdict } from '../../kernel/index.ts'
import type { TokenExpectation, TokenVerdict } from '../../authz/index.ts'
import type { Arrival, CallerFacts, CertificateFacts, TargetFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/** Who can tell a credential's worth. */
export interface VerifyAccessTokenDeps {
  readonly verifyToken: (token: string, expect: TokenExpectation) => TokenVerdict | Promise<TokenVerdict>
  /** The holder of a sandbox key or an operator's token; undefined when the credential is neither or unknown. */
  readonly findKeyHolder: (key: string) => Caller | undefined | Promise<Caller | undefined>
}

/**
 * Proves who calls: an access token of this issuer (RFC 6750, RFC 9068) with its signature, audience, life on the
 * sandbox's clock, revocation and binding to a certificate (RFC 8705 §3) or to a DPoP key (RFC 9449 §7); on the control
 * surface also a sandbox key or the operator's token. The credential alone decides which sandbox the request reaches.
 *
 * @refuses token_missing 401 · token_malformed 401 · token_signature_invalid 401 · token_expired 401 · token_proof_missing 401 ·
 * token_proof_invalid 401 · token_proof_replayed 401 · token_nonce_required 401 and their kin ·
 * credential_not_accepted 403
 */
export function verifyAccessToken (deps: VerifyAccessTokenDeps): Stage<Arrival & TargetFacts & CertificateFacts, CallerFacts> {
  return {
    name: 'verify-access-token',
    phase: 'arrival',
    onFault: 'refuse',
    decide: (seen) => {
      const { request, target, certificate } = seen
      const credential = readCredential(request.headers.authorization)
      if (typeof credential !== 'string') return 'code' in credential ? refuse(credential) : whenSettled(verifyDpop(deps, credential.token, seen), (settled) => ofToken(settled, target.credentials))
      if (target.credentials.length > 0 && KEY.test(credential)) return whenSettled(deps.findKeyHolder(credential), (caller) => ofKeyHolder(caller, target.credentials))
      const verdict = deps.verifyToken(credential, {
        audiences: target.audiences,
        requireBound: target.requireBoundToken,
        ...(certificate === undefined ? {} : { certificateThumbprint: certificate.thumbprint }),
      })
      return whenSettled(verdict, (settled) => ofToken(settled, target.credentials))
    },
  }
}

const KEY = /^sg(?:sk|op)_/

type Credential = string | { readonly token: string } | { readonly code: ErrorCode, readonly internalDetail: string }

/** A text is a Bearer credential (RFC 6750 §2.1), a token one of the DPoP scheme (RFC 9449 §7.1). */
function readCredential (header: string | undefined): Credential {
  if (header === undefined) return { code: 'token_missing', internalDetail: 'no Authorization header' }
  if (header.length > 7 && header.slice(0, 7).toLowerCase() === 'bearer ') return header.slice(7)
  if (header.length > 5 && header.slice(0, 5).toLowerCase() === 'dpop ') return { token: header.slice(5) }
  const scheme = KNOWN_SCHEME.exec(header)?.[0] ?? 'none that is known'
  return { code: 'token_missing', internalDetail: `the Authorization scheme is ${scheme}, not Bearer or DPoP` }
}

function verifyDpop ({ verifyToken }: VerifyAccessTokenDeps, token: string, { request, method, url, target, certificate }: Arrival & TargetFacts & CertificateFacts): TokenVerdict | Promise<TokenVerdict> {
  // Node joins headers of one name by a comma, which no proof holds: so two of them are seen.
  const { dpop } = request.headers
  return verifyToken(token, {
    audiences: target.audiences,
    requireBound: target.requireBoundToken,
    dpop: { proof: typeof dpop === 'string' ? dpop : dpop?.join(), method, target: url },
    ...(certificate === undefined ? {} : { certificateThumbprint: certificate.thumbprint }),
  })
}

/** Only these are repeated: what stands first in the header may be a secret that was sent without its scheme. */
const KNOWN_SCHEME = /^(?:basic|bearer|digest|dpop|gnap|hoba|mutual|negotiate|privatetoken|scram-sha-256|vapid)(?= |$)/i

function ofToken (verdict: TokenVerdict, credentials: ReadonlyArray<Caller['kind']>): Verdict<CallerFacts> {
  if (verdict.kind === 'refused') {
    const { code, detail, claimedClientId, dpopNonce } = verdict
    return refuse({ code, internalDetail: detail, ...(claimedClientId === undefined ? {} : { claimedClientId }), ...(dpopNonce === undefined ? {} : { dpopNonce }) })
  }
  const accepted = accept(verdict.caller, credentials)
  return verdict.dpopNonce === undefined || accepted.kind === 'refuse' ? accepted : pass({ ...accepted.adds, dpopNonce: verdict.dpopNonce })
}

function ofKeyHolder (caller: Caller | undefined, credentials: ReadonlyArray<Caller['kind']>): Verdict<CallerFacts> {
  if (caller === undefined) return refuse({ code: 'token_malformed', internalDetail: 'the key is not one that this installation has issued' })
  return accept(caller, credentials)
}

function accept (caller: Caller, credentials: ReadonlyArray<Caller['kind']>): Verdict<CallerFacts> {
  if (credentials.length > 0 && !credentials.includes(caller.kind)) {
    return refuse({ code: 'credential_not_accepted', internalDetail: `a credential of kind ${caller.kind} was used where ${credentials.join(' or ')} is taken` })
  }
  return pass({ caller, clientKey: caller.clientId ?? caller.sandboxId ?? 'operator' })
}
