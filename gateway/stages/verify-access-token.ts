import { pass, refuse, whenSettled, type Caller, type ErrorCode, type Verdict } from '../../kernel/index.ts'
import type { TokenVerdict } from '../../authz/index.ts'
import type { Arrival, CallerFacts, CertificateFacts, TargetFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/** Who can tell a credential's worth. */
export interface VerifyAccessTokenDeps {
  readonly verifyToken: (token: string, expect: { readonly audiences: readonly string[], readonly certificateThumbprint?: string, readonly requireBound: boolean }) => TokenVerdict | Promise<TokenVerdict>
  /** The holder of a sandbox key or an operator's token; undefined when the credential is neither or unknown. */
  readonly findKeyHolder: (key: string) => Caller | undefined | Promise<Caller | undefined>
}

/**
 * Proves who calls: an access token of this issuer (RFC 6750, RFC 9068) with its signature, audience, life on the
 * sandbox's clock, revocation and certificate binding (RFC 8705 §3); on the control surface also a sandbox key or the
 * operator's token. The credential alone decides which sandbox the request reaches.
 *
 * @refuses token_missing 401 · token_malformed 401 · token_signature_invalid 401 · token_expired 401 and their kin ·
 * credential_not_accepted 403
 */
export function verifyAccessToken (deps: VerifyAccessTokenDeps): Stage<Arrival & TargetFacts & CertificateFacts, CallerFacts> {
  return {
    name: 'verify-access-token',
    phase: 'arrival',
    onFault: 'refuse',
    decide: ({ request, target, certificate }) => {
      const credential = readBearer(request.headers.authorization)
      if (typeof credential !== 'string') return refuse(credential)
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

function readBearer (header: string | undefined): string | { readonly code: ErrorCode, readonly internalDetail: string } {
  if (header === undefined) return { code: 'token_missing', internalDetail: 'no Authorization header' }
  if (header.length > 7 && header.slice(0, 7).toLowerCase() === 'bearer ') return header.slice(7)
  const scheme = KNOWN_SCHEME.exec(header)?.[0] ?? 'none that is known'
  return { code: 'token_missing', internalDetail: `the Authorization scheme is ${scheme}, not Bearer` }
}

/** Only these are repeated: what stands first in the header may be a secret that was sent without its scheme. */
const KNOWN_SCHEME = /^(?:basic|bearer|digest|dpop|gnap|hoba|mutual|negotiate|privatetoken|scram-sha-256|vapid)(?= |$)/i

function ofToken (verdict: TokenVerdict, credentials: ReadonlyArray<Caller['kind']>): Verdict<CallerFacts> {
  if (verdict.kind === 'refused') {
    return refuse({ code: verdict.code, internalDetail: verdict.detail, ...(verdict.claimedClientId === undefined ? {} : { claimedClientId: verdict.claimedClientId }) })
  }
  return accept(verdict.caller, credentials)
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
