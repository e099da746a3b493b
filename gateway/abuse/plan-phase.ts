import type { Mode } from '../../kernel/index.ts'
import type { CompiledRule } from './compile-rules.ts'
import type { CompiledSignal } from './compile-signals.ts'
import type { Phase } from './rule-definition.ts'

/**
 * What there is to do in a phase: the rules to judge, and the signals to observe, each once however many rules share it
 * (a copy of a rule with another threshold starts with the counts of its original).
 */
export function planPhase (active: ReadonlyArray<{ readonly rule: CompiledRule, readonly mode: Mode }>, phase: Phase): PhasePlan {
  const signals = new Map<string, CompiledSignal>()
  for (const { rule } of active) {
    for (const signal of rule.signals) if (signal.phase === phase && !signals.has(signal.hash)) signals.set(signal.hash, signal)
  }
  const order = [...signals.keys()]
  const planned = active.map(({ rule, mode }) => ({ rule, mode, slots: rule.signals.map(({ hash }) => order.indexOf(hash)) }))
  const rules = planned.filter(({ rule }) => rule.phase === phase)
  const observed = [...signals.values()].map((signal) => ({ signal, users: planned.filter(({ rule }) => rule.signals.some(({ hash }) => hash === signal.hash)) }))
  return { rules, observed, isEmpty: rules.length === 0 && observed.length === 0 }
}

/** A rule with where its signals' values are found: indices into what was observed, -1 for what must be read. */
export interface PlannedRule {
  readonly rule: CompiledRule
  readonly mode: Mode
  readonly slots: readonly number[]
}

/** A signal and the rules that share it. */
export interface SharedSignal { readonly signal: CompiledSignal, readonly users: readonly PlannedRule[] }

export interface PhasePlan { readonly rules: readonly PlannedRule[], readonly observed: readonly SharedSignal[], readonly isEmpty: boolean }
