import type { Mode } from '../../kernel/index.ts'

/**
 * A rule as written in config/rules/*.yaml, after the structural check against its schema (config/schema/rule.ts) and
 * before its expressions are compiled. docs/rules.md explains every member.
 */
export interface RuleDefinition {
  readonly id: string
  readonly description: string
  /** OWASP Automated Threats id, `OAT-008`. */
  readonly threat: string
  readonly mode: Mode
  readonly phase: Phase
  readonly signals?: { readonly [name: string]: SignalDefinition }
  /** CEL, bool. */
  readonly when: string
  readonly action: ActionDefinition
  readonly message: string
  readonly exemptions?: readonly ExemptionDefinition[]
}

/** When a rule is judged, or a signal observed: before dispatch, or when the answer is known. */
export type Phase = 'request' | 'outcome'

export interface SignalDefinition {
  readonly kind: 'count' | 'distinct' | 'sum'
  /** Default: the rule's phase. */
  readonly phase?: Phase
  /** CEL, bool: which requests are observed. Default: all. */
  readonly where?: string
  /** CEL: string or list of strings for `distinct`, a number for `sum`; not for `count`. */
  readonly of?: string
  /** CEL strings: the aggregate is kept apart for each combination. A request for which one is empty is not observed. */
  readonly by: readonly string[]
  readonly window: string
}

export type ActionDefinition =
  | { readonly kind: 'refuse' }
  | { readonly kind: 'ban', readonly scope: BanScope, readonly for: string }

export type BanScope = 'client' | 'address'

export interface ExemptionDefinition {
  /** CEL, bool, over the request alone. */
  readonly where: string
  readonly owner: string
  readonly reason: string
  /** The day (UTC) that it ends with, `2027-01-31`. */
  readonly until: string
}

/** Something wrong with a rule, found at load. */
export interface RuleProblem {
  readonly file: string
  readonly ruleId: string
  /** Members and indices from the root of the file to what is wrong. */
  readonly path: ReadonlyArray<string | number>
  readonly message: string
  readonly hint?: string
}
