import type { CompiledRule } from './compile-rules.ts'
import type { PlannedRule } from './plan-phase.ts'
import type { Context } from './variables.ts'

/** An exemption that fails at run time exempts nobody; it is evaluated when first asked for. */
export function createExemptions (context: Context, nowMs: number): Exemptions {
  let known: Map<CompiledRule, boolean> | undefined
  function holds ({ rule }: PlannedRule): boolean {
    if (rule.exemptions.length === 0) return false
    const answer = known?.get(rule)
    if (answer !== undefined) return answer
    const isExempt = rule.exemptions.some(({ where, endsAtMs }) => nowMs < endsAtMs && isTrue(() => where.evaluate(context)))
    known = (known ?? new Map()).set(rule, isExempt)
    return isExempt
  }
  return { holds }
}

/** Whether a rule exempts the request at hand. */
export interface Exemptions { readonly holds: (planned: PlannedRule) => boolean }

function isTrue (evaluate: () => unknown): boolean {
  try {
    return evaluate() === true
  } catch {
    return false
  }
}
