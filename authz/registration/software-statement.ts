import { createLocalJWKSet, errors, jwtVerify, type JWK, type JWTPayload } from 'jose'
import type { Clock, JsonObject } from '../../kernel/index.ts'
import { RegistrationRefused } from './registration-refused.ts'

export interface SoftwareStatementsDeps {
  readonly clock: Clock
  /** Keys of those whose statements are trusted; empty: nobody's are. */
  readonly trustedKeys: readonly JWK[]
  readonly isRequired: boolean
}

/** Applies the software statement of a registration request. Rejects with RegistrationRefused. */
export type ApplySoftwareStatement = (metadata: JsonObject) => Promise<JsonObject>

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
/** Of the statement as a token, not of the client (RFC 7519 §4.1). */
const TOKEN_CLAIMS = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])
/** Clocks differ. */
const TOLERANCE_SECONDS = 60
const LENGTH_MAX = 32_768

/**
 * Makes the function that verifies a software statement (RFC 7591 §2.3) and lays its claims over the metadata sent beside it:
 * what a trusted party says goes before what the client says. It needs `iss` and `iat`, and holds to `exp` and `nbf`.
 *
 * A statement that is no JWT, altered or over is `invalid_software_statement`; one of a signer that is not trusted here is
 * `unapproved_software_statement`.
 */
export function createSoftwareStatements (deps: SoftwareStatementsDeps): ApplySoftwareStatement {
  const keys = createLocalJWKSet({ keys: [...deps.trustedKeys] })
  return async (metadata) => {
    const { software_statement: statement } = metadata
    if (statement === undefined || statement === null) {
      if (deps.isRequired) throw new RegistrationRefused('invalid_software_statement', 'a software_statement is required (RFC 7591 §2.3)')
      return metadata
    }
    if (typeof statement !== 'string' || statement.length > LENGTH_MAX) throw new RegistrationRefused('invalid_software_statement', 'software_statement must be a JSON Web Token')
    const claims = await verify(statement, keys, deps.clock)
    return { ...metadata, ...Object.fromEntries(Object.entries(claims).filter(([claim]) => !TOKEN_CLAIMS.has(claim))) as JsonObject, software_statement: statement }
  }
}

async function verify (statement: string, keys: ReturnType<typeof createLocalJWKSet>, clock: Clock): Promise<JWTPayload> {
  const nowMs = clock.nowMs()
  try {
    const { payload } = await jwtVerify(statement, keys, { algorithms: ALGORITHMS, currentDate: new Date(nowMs), clockTolerance: TOLERANCE_SECONDS, requiredClaims: ['iss', 'iat'] })
    if (typeof payload.iat !== 'number' || payload.iat > nowMs / 1000 + TOLERANCE_SECONDS) throw new RegistrationRefused('invalid_software_statement', 'the software statement was issued in the future')
    return payload
  } catch (error) {
    if (error instanceof RegistrationRefused) throw error
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw new RegistrationRefused('unapproved_software_statement', 'the software statement is signed by nobody who is trusted here', { cause: error, detail: `no key of profile.software_statement_jwks_file has the kid and algorithm of the statement: ${error.message}` })
    if (error instanceof errors.JOSEError) throw new RegistrationRefused('invalid_software_statement', `the software statement is not valid: ${sayCause(error)}`, { cause: error })
    // What node:crypto throws at a key that does not fit its algorithm.
    throw new RegistrationRefused('invalid_software_statement', 'the software statement is not valid', { cause: error, detail: String(error) })
  }
}

function sayCause (error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature does not match'
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim ${error.claim} is missing or not acceptable`
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not accepted'
  return 'it is no signed JSON Web Token'
}
