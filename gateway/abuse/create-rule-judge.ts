import { whenSettled } from '../../kernel/index.ts'
import type { MaybePromise } from '../../stores/index.ts'
import type { CompiledRule } from './compile-rules.ts'
import type { BanBook } from './create-ban-list.ts'
import type { RequestFacts } from './facts.ts'
import { allOf, attempt, Fault } from './maybe-promise.ts'
import type { PlannedRule } from './plan-phase.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { explainFault, explainFiring, type RuleOutcome } from './rule-outcome.ts'
import type { SignalStore } from './signal-store.ts'
import type { Context } from './variables.ts'

/** A rule with the values of its signals, as far as they were observed. */
export interface Candidate extends Omit<PlannedRule, 'slots'> {
  readonly slots: ReadonlyArray<number | Fault | undefined>
}

/** Judges one rule: undefined when it does not fire. */
export type RuleJudge = (candidate: Candidate, facts: RequestFacts, context: Context, nowMs: number) => MaybePromise<RuleOutcome | undefined>

/** Reads what is missing of a rule's signals, evaluates its condition and, in enforce mode, does what it asks for. */
export function createRuleJudge (deps: { readonly bans: BanBook, readonly store: SignalStore }): RuleJudge {
  const { bans, store } = deps

  function readSignals ({ rule, slots }: Candidate, context: Context, nowMs: number): MaybePromise<ReadonlyArray<number | Fault>> {
    return allOf(rule.signals.map((signal, index) => slots[index] ?? store.read(signal, context, nowMs)))
  }

  function decide (candidate: Candidate, values: ReadonlyArray<number | Fault>, facts: RequestFacts, context: Context, nowMs: number): MaybePromise<RuleOutcome | undefined> {
    const { rule } = candidate
    const fault = values.find((value) => value instanceof Fault)
    if (fault !== undefined) return describeFault(rule, fault)
    const numbers = values as readonly number[]
    const verdict = attempt(() => rule.when.evaluate({ ...context, signals: rule.values(numbers) }))
    if (verdict instanceof Fault) return describeFault(rule, verdict)
    return verdict === true ? act(candidate, numbers, facts, nowMs) : undefined
  }

  function act ({ rule, mode }: Candidate, numbers: readonly number[], facts: RequestFacts, nowMs: number): MaybePromise<RuleOutcome> {
    const { action } = rule
    const describe = (consequence: string, effect: RuleOutcome['effect'], banEndsInMs?: number): RuleOutcome => ({
      ...outline(rule),
      mode: mode === 'enforce' ? 'enforce' : 'report',
      effect,
      isFault: false,
      explanation: explainFiring(rule, mode, numbers, consequence),
      signals: Object.fromEntries(rule.signals.map(({ name }, index) => [name, numbers[index] as number])),
      ...(banEndsInMs === undefined ? {} : { banEndsInMs })
    })
    if (mode !== 'enforce') return describe(`would ${wordAction(rule.definition)}`, 'none')
    if (action.kind === 'refuse') return describe('refused the request', 'refuse')
    const subject = action.scope === 'client' ? facts.clientId : facts.address
    if (subject === undefined || subject === '') return describe(`found no proven ${action.scope} to ban`, 'none')
    const wanted = describe(`banned the ${action.scope} for ${banTime(rule.definition)}`, 'ban', action.forMs)
    const set = attempt(() => bans.set({ scope: action.scope, subject, ruleId: rule.definition.id, explanation: wanted.explanation, startedAtMs: nowMs, endsAtMs: nowMs + action.forMs }))
    return whenSettled(set, (ban) => ban instanceof Fault
      ? { ...wanted, explanation: `${wanted.explanation}, on this instance only: ${ban.detail}` }
      : { ...wanted, banEndsInMs: ban.endsAtMs - nowMs })
  }

  return (candidate, facts, context, nowMs) => {
    if (isGuardedOff(candidate.rule, context)) return undefined
    return whenSettled(readSignals(candidate, context, nowMs), (values) => decide(candidate, values, facts, context, nowMs))
  }
}

/** A guard that fails decides nothing: in CEL `a && b` is false where one is false and the other fails. */
function isGuardedOff ({ guard }: CompiledRule, context: Context): boolean {
  return guard !== undefined && attempt(() => guard.evaluate(context)) === false
}

function outline (rule: CompiledRule): Pick<RuleOutcome, 'ruleId' | 'action' | 'message'> {
  return { ruleId: rule.definition.id, action: rule.action, message: rule.definition.message }
}

function describeFault (rule: CompiledRule, fault: Fault): RuleOutcome {
  return { ...outline(rule), mode: 'report', effect: 'none', isFault: true, explanation: explainFault(rule, fault.detail), signals: {} }
}

function wordAction ({ action }: RuleDefinition): string {
  return action.kind === 'refuse' ? 'refuse the request' : `ban the ${action.scope} for ${action.for}`
}

function banTime ({ action }: RuleDefinition): string {
  return action.kind === 'ban' ? action.for : ''
}
