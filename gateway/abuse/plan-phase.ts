import type { Mode } from '../../kernel/index.ts'
import type { CompiledRule } from './compile-rules.ts'
import type { CompiledSignal } from './compile-signals.ts'
import type { Expression } from './expression.ts'
import { createKnownGroups, type KnownGroups } from './known-groups.ts'
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
  const observed = [...signals.values()].map((signal, index) => ({ signal, index, users: planned.filter(({ rule }) => rule.signals.some(({ hash }) => hash === signal.hash)) }))
  const groups = groupByWhere(observed)
  return { rules, groups, groupsOf: createKnownGroups(groups), signalCount: observed.length, isCounting: rules.every(({ slots }) => slots.some((slot) => slot >= 0)), isEmpty: rules.length === 0 && observed.length === 0 }
}

/** A rule with where its signals' values are found: indices into what was observed, -1 for what must be read. */
export interface PlannedRule {
  readonly rule: CompiledRule
  readonly mode: Mode
  readonly slots: readonly number[]
}

/** A signal, its index among those observed in the phase, and the rules that share it. */
export interface SharedSignal { readonly signal: CompiledSignal, readonly index: number, readonly users: readonly PlannedRule[] }

/** Signals with one `where`, which is evaluated once for all of them. */
export interface SignalGroup { readonly where: Expression | undefined, readonly signals: readonly SharedSignal[] }

export interface PhasePlan {
  readonly rules: readonly PlannedRule[]
  readonly groups: readonly SignalGroup[]
  /** Those of `groups` that may concern a request. */
  readonly groupsOf: KnownGroups
  /** How many signals are observed in the phase. */
  readonly signalCount: number
  /** True when every rule counts in this phase, so that none is concerned by a request that is not observed. */
  readonly isCounting: boolean
  readonly isEmpty: boolean
}

function groupByWhere (shared: readonly SharedSignal[]): SignalGroup[] {
  const groups = new Map<string, SharedSignal[]>()
  for (const one of shared) {
    const where = one.signal.where?.canonical ?? ''
    groups.set(where, [...groups.get(where) ?? [], one])
  }
  return [...groups.values()].map((signals) => ({ where: signals[0]?.signal.where, signals }))
}
