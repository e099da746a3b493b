import { errorEntry, type ErrorCode, type Explanation, type Refusal } from '../../kernel/index.ts'
import type { Failure } from '../pipeline/facts.ts'

/**
 * What the owner of a client is told about a refused or failed request: in the words of the stage that refused it, or of the part
 * that it was dispatched to.
 *
 * @returns undefined when nothing went wrong
 */
export function explain (refusal: (Refusal & { readonly stage?: string }) | undefined, failure: Failure | undefined): Explanation | undefined {
  if (refusal !== undefined) return explainRefusal(refusal)
  if (failure === undefined) return undefined
  return failure.explanation ?? { code: failure.error, cause: failure.detail, fix: FIXES.get(failure.error) ?? 'Compare the request with the API\'s documentation of this error code.' }
}

function explainRefusal ({ code, stage, internalDetail }: Refusal & { readonly stage?: string }): Explanation {
  const { clause, fix } = errorEntry(code)
  const sides = sidesOf(code, internalDetail)
  return { code, ...(stage === undefined ? {} : { stage }), cause: internalDetail, ...sides, ...(clause === undefined ? {} : { clause }), fix }
}

interface Sides { readonly seen?: string, readonly expected?: string }

/**
 * What was seen and what was expected, from a refusal's cause. Causes name both in words of their own; these are the forms. A
 * cause of another form stands for itself.
 */
function sidesOf (code: ErrorCode, cause: string): Sides {
  for (const { codes, form, sides } of FORMS) {
    const match = codes === undefined || codes.includes(code) ? form.exec(cause)?.groups : undefined
    if (match !== undefined) return sides(match)
  }
  return {}
}

interface Form { readonly codes?: readonly ErrorCode[], readonly form: RegExp, readonly sides: (groups: Readonly<Record<string, string | undefined>>) => Sides }

const FORMS: readonly Form[] = [
  // `aud is a, expected b`: how the verifier of tokens states a claim.
  { form: /^(?<name>\w+) is (?<seen>.+), expected (?<expected>.+)$/s, sides: ({ name = '', seen = '', expected = '' }) => ({ seen: `${name} ${seen}`, expected: `${name} ${expected}` }) },
  { codes: ['token_expired'], form: /^expired at (?<end>\S+); it is (?<now>[^,]+)(?:, and (?<advance>.+))?$/, sides: ({ end = '', now = '', advance }) => ({ seen: `exp ${end}`, expected: `exp after ${now}${advance === undefined ? '' : ` (${advance})`}` }) },
  { codes: ['token_not_yet_valid'], form: /^not valid before (?<start>\S+); it is (?<now>[^,]+)/, sides: ({ start = '', now = '' }) => ({ seen: `nbf ${start}`, expected: `nbf of ${now} or earlier` }) },
  { codes: ['token_binding_mismatch'], form: /bound to the certificate (?<expected>\S+), the caller presented (?<seen>\S+)$/, sides: ({ expected = '', seen = '' }) => ({ seen: seen === 'none' ? 'no client certificate' : `x5t#S256 ${seen}`, expected: `x5t#S256 ${expected}` }) },
  { codes: ['token_algorithm_refused'], form: /^alg is (?<seen>.+), but key (?<kid>.+) is for (?<expected>\S+)$/, sides: ({ seen = '', kid = '', expected = '' }) => ({ seen: `alg ${seen}`, expected: `alg ${expected} for key ${kid}` }) },
  { codes: ['scope_insufficient'], form: /^the token has the scopes "(?<seen>.*)"; (?<operation>\S+) needs also "(?<expected>.+)"$/, sides: ({ seen = '', expected = '' }) => ({ seen: `scope ${seen === '' ? 'empty' : seen}`, expected: `also ${expected}` }) },
  { codes: ['method_not_allowed'], form: /^(?<template>\S+) serves (?<expected>.+), not (?<seen>\S+)$/, sides: ({ seen = '', expected = '' }) => ({ seen, expected }) },
  { codes: ['media_type_unsupported'], form: /^Content-Type (?<seen>.+); \S+ takes (?<expected>.+)$/, sides: ({ seen = '', expected = '' }) => ({ seen: `Content-Type ${seen}`, expected }) },
  { codes: ['token_missing'], form: /^the Authorization scheme is (?<seen>.+), not (?<expected>.+)$/, sides: ({ seen = '', expected = '' }) => ({ seen: `the scheme ${seen}`, expected: `the scheme ${expected}` }) },
]

/** For errors that come without an explanation of their own: pages, and parts that state a code and a cause. */
const FIXES: ReadonlyMap<string, string> = new Map(Object.entries({
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
  login_required: 'The user must log in: leave out prompt=none.',
  consent_required: 'The user must consent: leave out prompt=none.',
  interaction_required: 'The user must interact: leave out prompt=none.',
  session_not_found: 'The login page was open for too long or belongs to another browser: start the authorization again.',
  slow_down: 'Add five seconds to the interval between polls at every slow_down (RFC 8628 §3.5).',
  server_error: 'Report the request id to the operator.',
}))
