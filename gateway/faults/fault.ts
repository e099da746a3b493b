import type { Json } from '../../kernel/index.ts'

/** Failures that a developer may ask for. */
export const FAULT_KINDS = ['oauth_error', 'api_error', 'token_expired', 'token_revoked', 'token_binding_lost', 'slow', 'drop', 'rate_limited', 'dpop_nonce_required'] as const
export type FaultKind = typeof FAULT_KINDS[number]

/** Where a fault strikes. `jwks` and the discovery document are asked for by nobody in particular, so there the address decides. */
export const FAULT_ENDPOINTS = ['token', 'authorization', 'introspection', 'revocation', 'userinfo', 'jwks', 'pushed_authorization_request', 'device_authorization', 'backchannel_authentication', 'api'] as const
export type FaultEndpoint = typeof FAULT_ENDPOINTS[number]

/** What is asked for. */
export interface FaultOrder {
  readonly kind: FaultKind
  readonly endpoint: FaultEndpoint
  /** Only requests of this client. */
  readonly clientId?: string
  /** Only this operation of the API, by its operationId. */
  readonly operation?: string
  /** `error` and `error_description` (RFC 6749 §5.2), of `oauth_error`. */
  readonly error?: string
  readonly errorDescription?: string
  /** HTTP status of `oauth_error` and `api_error`. */
  readonly status?: number
  /** Body of `api_error`; production's own error document. */
  readonly body?: Json
  /** Of `slow`. */
  readonly delayMs?: number
  /** Of `rate_limited`. */
  readonly retryAfterSeconds?: number
  /** How often it strikes. */
  readonly times: number
  /** How long it lasts, whatever is left of `times`. */
  readonly forMs: number
}

/** A fault in force in one sandbox. */
export interface Fault extends FaultOrder {
  readonly id: string
  readonly sandboxId: string
  readonly createdAtMs: number
  readonly endsAtMs: number
  /** The address that asked for it; decides for requests that carry no credential. */
  readonly address: string
}

/** The request that a fault may strike. */
export interface FaultTarget {
  readonly endpoint: FaultEndpoint
  readonly clientId?: string | undefined
  readonly operation?: string | undefined
}

/** True when the fault is meant for such a request. */
export function isStruckBy (target: FaultTarget, fault: Fault): boolean {
  return fault.endpoint === target.endpoint &&
    (fault.clientId === undefined || fault.clientId === target.clientId) &&
    (fault.operation === undefined || fault.operation === target.operation)
}
