import { PASS, refuse } from '../../kernel/index.ts'
import type { Arrival, CallerFacts, TargetFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/**
 * Requires every scope that the operation names (RFC 6749 §3.3). Keys and the operator's token carry no scopes and are
 * judged by what the route accepts instead.
 *
 * @refuses scope_insufficient 403
 */
export function judgeScope (): Stage<Arrival & TargetFacts & CallerFacts, object> {
  return {
    name: 'judge-scope',
    phase: 'arrival',
    onFault: 'refuse',
    decide: ({ target, caller }) => {
      if (caller.kind !== 'client') return PASS
      const missing = target.scopes.filter((scope) => !caller.scopes.includes(scope))
      if (missing.length === 0) return PASS
      return refuse({ code: 'scope_insufficient', internalDetail: `the token has the scopes "${caller.scopes.join(' ')}"; ${target.operationId} needs also "${missing.join(' ')}"` })
    },
  }
}
