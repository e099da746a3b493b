import type { Mode } from '../../kernel/index.ts'
import type { CompiledAction, CompiledRule } from './compile-rules.ts'

/** A rule that fired, or that failed. */
export interface RuleOutcome {
  readonly ruleId: string
  /** `report` for a rule that failed, whatever its own mode is. */
  readonly mode: Exclude<Mode, 'off'>
  /** What the rule asks for. */
  readonly action: CompiledAction
  /** What was done: `none` in report mode and for a rule that failed. In phase request, anything else refuses the request. */
  readonly effect: 'none' | 'refuse' | 'ban'
  /** True when the rule could not be judged. */
  readonly isFault: boolean
  /** Why: the rule, each signal with its value and definition, and the condition. For the record, never for the wire. */
  readonly explanation: string
  /** The rule's message to the client's owner. */
  readonly message: string
  readonly signals: Readonly<Record<string, number>>
  /** Milliseconds of the ban that is in force now; of `effect` ban alone. */
  readonly banEndsInMs?: number
}

/** `rule card-testing (enforce): cards = 21 (distinct of … by … in 1h); fired as signals.cards >= 20; banned the client for 1h`. */
export function explainFiring (rule: CompiledRule, mode: Mode, numbers: readonly number[], consequence: string): string {
  const values = rule.signals.map(({ name, summary }, index) => `${name} = ${round(numbers[index] as number)} (${summary}); `).join('')
  return `rule ${rule.definition.id} (${mode}): ${values}fired as ${collapse(rule.definition.when)}; ${consequence}`
}

/** `rule card-testing could not be judged: No such key: amount`. */
export function explainFault (rule: CompiledRule, detail: string): string {
  return `rule ${rule.definition.id} could not be judged: ${detail}`
}

function round (value: number): number {
  return Math.round(value * 1000) / 1000
}

function collapse (text: string): string {
  return text.trim().replace(/\s+/g, ' ')
}
