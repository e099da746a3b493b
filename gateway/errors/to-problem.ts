import { errorEntry } from '../../kernel/index.ts'
import { challengeOf, retryHeaders, type ChallengeOptions, type RefusalRenderer } from './error-renderer.ts'

const IANA_PROBLEM_TYPES = 'https://iana.org/assignments/http-problem-types#'

/**
 * Renders refusals as problem documents (RFC 9457). Exhausted quotas and abuse use the registered types of
 * draft-ietf-httpapi-ratelimit-headers §7; all others point at this installation's own page for the code.
 */
export function createProblemRenderer (options: { readonly documentationUrl: string } & ChallengeOptions): RefusalRenderer {
  return (refusal, context) => {
    const entry = errorEntry(refusal.code)
    const problem = {
      type: problemType(refusal.code, options.documentationUrl),
      title: entry.title,
      status: entry.status,
      ...(refusal.publicDetail === undefined ? {} : { detail: refusal.publicDetail }),
      code: refusal.code,
      request_id: context.requestId,
      ...(refusal.pointers === undefined ? {} : { errors: refusal.pointers.map((pointer) => ({ pointer })) }),
      ...(refusal.violatedPolicies === undefined ? {} : { 'violated-policies': refusal.violatedPolicies }),
    }
    return {
      status: entry.status,
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        ...challengeOf(refusal, context, options),
        ...retryHeaders(refusal),
      },
      text: JSON.stringify(problem),
    }
  }
}

function problemType (code: string, documentationUrl: string): string {
  if (code === 'address_limit_exceeded' || code === 'client_limit_exceeded') return `${IANA_PROBLEM_TYPES}quota-exceeded`
  if (code === 'abuse_detected') return `${IANA_PROBLEM_TYPES}abnormal-usage-detected`
  if (code === 'dependency_unavailable') return `${IANA_PROBLEM_TYPES}temporary-reduced-capacity`
  return `${documentationUrl}${code}`
}
