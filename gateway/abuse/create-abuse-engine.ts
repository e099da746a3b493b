import { whenSettled, type Clock, type Mode, type Secret } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise, Notices, Window } from '../../stores/index.ts'
import type { CompiledRule } from './compile-rules.ts'
import { createBanList, type BanList } from './create-ban-list.ts'
import { createExemptions, type Exemptions } from './create-exemptions.ts'
import { createRuleJudge } from './create-rule-judge.ts'
import type { Expression } from './expression.ts'
import type { OutcomeFacts, RequestFacts } from './facts.ts'
import { allOf, type Fault, toFault } from './maybe-promise.ts'
import { planPhase, type PhasePlan, type PlannedRule } from './plan-phase.ts'
import type { Phase } from './rule-definition.ts'
import type { RuleOutcome } from './rule-outcome.ts'
import { createSignalStore, type SignalStore } from './signal-store.ts'
import { type Context, OutcomeView, RequestView } from './variables.ts'

/** Judges requests and their outcomes by rules. */
export interface AbuseEngine {
  /** Before dispatch. Refuse the request when an outcome has an `effect` other than `none`. */
  readonly judgeRequest: (facts: RequestFacts) => MaybePromise<readonly RuleOutcome[]>
  /** When the answer is known, whoever gave it; signals count here, and bans follow from here. */
  readonly judgeOutcome: (facts: RequestFacts & OutcomeFacts) => MaybePromise<readonly RuleOutcome[]>
  readonly bans: BanList & {
    /** Reads the store again, for notices that were lost. */
    readonly refresh: () => Promise<void>
  }
  /** Resolves when the bans of earlier runs are in force: at once with an embedded store. Rejects when the store is lost. */
  readonly ready: () => Promise<void>
  /** Ends the subscription to other instances' bans. */
  readonly close: () => void
}

export interface AbuseEngineDeps {
  readonly rules: readonly CompiledRule[]
  readonly window: Window
  readonly keyValue: KeyValue
  readonly notices: Notices
  readonly clock: Clock
  /** Keys the hashes under which user names, addresses and the like are counted. Equal on all instances. */
  readonly key: Secret
  /** Takes the place of every rule's own mode. */
  readonly modeOverride?: Mode | undefined
}

const NONE: readonly RuleOutcome[] = Object.freeze([])

/**
 * Refusals that a ban or a rule made. They are not counted, or a ban would feed itself and never end.
 */
const OWN_REFUSALS = new Set(['address_banned', 'client_banned', 'abuse_detected'])

/**
 * Makes the engine. It is synchronous as long as the stores answer at once, and does no more for a rule that is not
 * concerned than evaluate its `where`s.
 *
 * A rule that fails at run time (a missing member, a lost store) yields an outcome with `isFault`, in mode report: it
 * never refuses, never bans, never throws. Requests with `isTriggered` are neither counted nor judged.
 */
export function createAbuseEngine (deps: AbuseEngineDeps): AbuseEngine {
  const bans = createBanList(deps)
  const store = createSignalStore(deps.window, deps.key)
  const judge = createRuleJudge({ bans, store })
  const active = deps.rules.map((rule) => ({ rule, mode: deps.modeOverride ?? rule.definition.mode })).filter(({ mode }) => mode !== 'off')
  const plans = { request: planPhase(active, 'request'), outcome: planPhase(active, 'outcome') }
  const loaded = toPromise(() => bans.load())
  loaded.catch(() => undefined)

  function judgePhase (phase: Phase, facts: RequestFacts, context: Context): MaybePromise<readonly RuleOutcome[]> {
    const plan = plans[phase]
    const nowMs = deps.clock.nowMs()
    const exemptions = createExemptions(context, nowMs)
    const observed = observeSignals(plan, store, facts, context, nowMs, exemptions)
    if (observed === undefined && plan.isCounting) return NONE
    const candidates = plan.rules.filter((planned) => mayFire(planned, observed) && !exemptions.holds(planned))
    // Awaited also when no rule is judged, so that an observation under way cannot outlive its request.
    return whenSettled(allOf(observed ?? []), (values) => {
      if (candidates.length === 0) return NONE
      const outcomes = candidates.map((planned) => judge({ ...planned, slots: planned.slots.map((slot) => slot < 0 ? undefined : values[slot]) }, facts, context, nowMs))
      return whenSettled(allOf(outcomes), keepOutcomes)
    })
  }

  return {
    judgeRequest: (facts) => {
      if (facts.isTriggered === true || plans.request.isEmpty) return NONE
      return judgePhase('request', facts, { request: new RequestView(facts) })
    },
    judgeOutcome: (facts) => {
      if (facts.isTriggered === true || plans.outcome.isEmpty || OWN_REFUSALS.has(facts.code ?? '')) return NONE
      return judgePhase('outcome', facts, { request: new RequestView(facts), outcome: new OutcomeView(facts) })
    },
    bans: { find: bans.find, list: bans.list, lift: bans.lift, refresh: () => toPromise(() => bans.load()) },
    ready: () => loaded,
    close: bans.close
  }
}

type Slots = Array<MaybePromise<number | Fault | undefined>>

/** Undefined when the request concerns no signal. A `where` that fails is a fault of every signal that has it. */
function observeSignals (plan: PhasePlan, store: SignalStore, facts: RequestFacts, context: Context, nowMs: number, exemptions: Exemptions): Slots | undefined {
  let slots: Slots | undefined
  for (const { where, signals } of plan.groupsOf(facts, context)) {
    const holds = where === undefined || evaluateWhere(where, context)
    if (holds === false) continue
    for (const { signal, index, users } of signals) {
      if (users.every(exemptions.holds)) continue
      const value = holds === true ? store.observe(signal, context, nowMs) : holds
      if (value === undefined) continue
      slots ??= new Array<undefined>(plan.signalCount).fill(undefined)
      slots[index] = value
    }
  }
  return slots
}

function evaluateWhere (where: Expression, context: Context): boolean | Fault {
  try {
    return where.evaluate(context) === true
  } catch (error) {
    return toFault(error)
  }
}

/**
 * A rule that counts in this phase can begin to fire only with a request that it counts; one that counts nothing here is
 * judged each time, which its guard makes cheap.
 */
function mayFire ({ slots }: PlannedRule, observed: Slots | undefined): boolean {
  let isCounting = false
  for (const slot of slots) {
    if (slot < 0) continue
    isCounting = true
    if (observed?.[slot] !== undefined) return true
  }
  return !isCounting
}

function keepOutcomes (outcomes: ReadonlyArray<RuleOutcome | undefined>): readonly RuleOutcome[] {
  return outcomes.filter((outcome) => outcome !== undefined)
}

async function toPromise (run: () => MaybePromise<void>): Promise<void> {
  await run()
}
