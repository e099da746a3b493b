import { errorEntry, type Refusal } from '../../kernel/index.ts'
import type { Failure } from '../pipeline/facts.ts'

/** Why a request failed, in the words of the record: for the owner of the client, never for the wire. */
export interface Explanation {
  readonly cause: string
  readonly fix: string
}

/**
 * What the owner of a client is told about a refused or failed request.
 *
 * @returns undefined when nothing went wrong
 */
export function explain (refusal: Refusal | undefined, failure: Failure | undefined): Explanation | undefined {
  if (refusal !== undefined) return { cause: refusal.internalDetail, fix: errorEntry(refusal.code).fix }
  if (failure !== undefined) return { cause: failure.detail, fix: OAUTH_FIXES.get(failure.error) ?? 'Compare the request with the API\'s documentation of this error code.' }
  return undefined
}

const OAUTH_FIXES: ReadonlyMap<string, string> = new Map(Object.entries({
  invalid_client: 'Authenticate with the method the client is registered for, with its current secret, key or certificate (RFC 6749 §2.3, RFC 8705 §2).',
  invalid_grant: 'The code or refresh token is unknown, used before, expired, or was issued to another client, redirect_uri or certificate: start the grant again (RFC 6749 §5.2).',
  invalid_request: 'Correct the parameter that the cause names; each may be sent once (RFC 6749 §5.2).',
  invalid_scope: 'Ask only for scopes that the client is registered for (RFC 6749 §3.3).',
  invalid_target: 'Ask for the audience of a configured API (RFC 8707 §2).',
  invalid_token: 'Request a new access token (RFC 6750 §3.1).',
  unauthorized_client: 'The client is not registered for this grant: register it, or use another client.',
  unsupported_grant_type: 'Use a grant that production supports; the discovery document lists them.',
  unsupported_response_type: 'Use response_type=code.',
  access_denied: 'The user or the authorization server declined; ask again, or choose Allow on the consent page.',
  invalid_redirect_uri: 'Register the redirect_uri for the client exactly as it is sent.',
  redirect_uri_mismatch: 'Register the redirect_uri for the client exactly as it is sent.',
  login_required: 'The user must log in: leave out prompt=none.',
  consent_required: 'The user must consent: leave out prompt=none.',
  interaction_required: 'The user must interact: leave out prompt=none.',
  session_not_found: 'The login page was open for too long or belongs to another browser: start the authorization again.',
  server_error: 'Report the request id to the operator.',
}))
