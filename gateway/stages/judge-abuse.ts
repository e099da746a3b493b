import { PASS, whenSettled, type Finding, type Verdict } from '../../kernel/index.ts'
import type { RuleOutcome } from '../abuse/index.ts'
import type { AnyFacts, Arrival } from '../pipeline/facts.ts'
import type { Phase, Stage } from '../pipeline/stage.ts'

/** Judges a request by the rules in force; composed with the signals and the bans. */
export interface JudgeAbuseDeps {
  readonly judge: (seen: AnyFacts) => readonly RuleOutcome[] | Promise<readonly RuleOutcome[]>
  /** The token surface is judged on arrival, because its body is the authorization server's to read. */
  readonly phase: Extract<Phase, 'arrival' | 'payload'>
}

/**
 * Applies the abuse rules (CEL over the request and signals over time). A rule in enforce mode refuses; in report mode it
 * leaves a finding and changes nothing.
 *
 * @refuses abuse_detected 429
 */
export function judgeAbuse ({ judge, phase }: JudgeAbuseDeps): Stage<Arrival & { readonly clientKey: string }, object> {
  return {
    name: 'judge-abuse',
    phase,
    onFault: 'pass-and-report',
    decide: (seen) => whenSettled(judge(seen), verdictOfRules),
  }
}

function verdictOfRules (outcomes: readonly RuleOutcome[]): Verdict<object> {
  if (outcomes.length === 0) return PASS
  const findings: Finding[] = outcomes.map(({ ruleId, explanation }) => ({ stage: 'judge-abuse', code: ruleId, detail: explanation }))
  const refusing = outcomes.filter((outcome) => outcome.effect !== 'none')
  if (refusing.length === 0) return { kind: 'pass', adds: {}, findings }
  return {
    kind: 'refuse',
    findings,
    refusal: {
      code: 'abuse_detected',
      internalDetail: refusing.map((outcome) => `${outcome.message} (${outcome.explanation})`).join('; '),
      violatedPolicies: refusing.map((outcome) => outcome.ruleId),
      evidence: { rules: refusing.map(({ ruleId, signals }) => ({ rule: ruleId, signals })) },
    },
  }
}
