import { parseDurationMs } from '../../kernel/index.ts'
import { compileAt, type Report } from './compile-at.ts'
import { compileSignals, type CompiledSignal } from './compile-signals.ts'
import { compileExpression, type Expression, type Language } from './expression.ts'
import { createLanguages, type Languages } from './language.ts'
import type { BanScope, Phase, RuleDefinition, RuleProblem } from './rule-definition.ts'

/** A rule whose expressions are checked and ready. */
export interface CompiledRule {
  readonly definition: RuleDefinition
  readonly phase: Phase
  /** In the order of their declaration. */
  readonly signals: readonly CompiledSignal[]
  readonly when: Expression
  /**
   * The parts of `when` that need no signal, or undefined when each does: where they are false so is `when`, and no
   * signal need be read.
   */
  readonly guard: Expression | undefined
  /** Wraps the values of `signals` for an evaluation. */
  readonly values: (numbers: readonly number[]) => object
  readonly action: CompiledAction
  readonly exemptions: readonly CompiledExemption[]
}

export type CompiledAction =
  | { readonly kind: 'refuse' }
  | { readonly kind: 'ban', readonly scope: BanScope, readonly forMs: number }

export interface CompiledExemption {
  readonly where: Expression
  readonly owner: string
  /** The first millisecond (Unix epoch) at which it holds no more. */
  readonly endsAtMs: number
}

const DAY_MS = 86_400_000
const BAN_MS_MAX = 30 * DAY_MS

/**
 * Compiles rules: every expression is parsed, its types checked, its cost bounded and its patterns compiled, so that a
 * rule that loads cannot be found unknown, ill-typed or unbounded by the first live request.
 *
 * @returns the rules without a problem, and every problem of the others with the rule's id and the place in its file
 */
export function compileRules (rules: ReadonlyArray<{ readonly file: string, readonly value: RuleDefinition }>): { readonly rules: readonly CompiledRule[], readonly problems: readonly RuleProblem[] } {
  const languages = createLanguages()
  const problems: RuleProblem[] = []
  const compiled: CompiledRule[] = []
  const fileOf = new Map<string, string>()
  for (const { file, value } of rules) {
    const before = problems.length
    const report: Report = (path, message, hint) => problems.push({ file, ruleId: value.id, path, message, ...(hint === undefined ? {} : { hint }) })
    const other = fileOf.get(value.id)
    if (other !== undefined) report(['id'], `the id ${value.id} is taken by ${other}`, 'Ids name rules in records and bans: choose another.')
    fileOf.set(value.id, file)
    const rule = compileRule(value, languages, report)
    if (rule !== undefined && problems.length === before) compiled.push(rule)
  }
  return { rules: compiled, problems }
}

function compileRule (definition: RuleDefinition, languages: Languages, report: Report): CompiledRule | undefined {
  const { phase } = definition
  const signals = compileSignals(definition, languages, report)
  const { language, values } = languages.withSignals(phase, Object.fromEntries(signals.map(({ name, kind }) => [name, kind === 'sum' ? 'double' : 'int'])))
  const when = compileAt(language, definition.when, ['bool'], ['when'], report)
  const action = compileAction(definition, report)
  const exemptions = compileExemptions(definition, languages.at('request'), report)
  if (when === undefined || action === undefined) return undefined
  reportUnusedSignals(when, signals, report)
  return { definition, phase, signals, when, guard: compileGuard(when, languages.at(phase)), values, action, exemptions }
}

function compileGuard (when: Expression, language: Language): Expression | undefined {
  const parts = when.conjuncts.filter(({ names }) => !names.has('signals'))
  if (parts.length === 0) return undefined
  const result = compileExpression(language, parts.map(({ canonical }) => `(${canonical})`).join(' && '), ['bool', 'dyn'])
  return result.kind === 'compiled' ? result.expression : undefined
}

function compileAction (definition: RuleDefinition, report: Report): CompiledAction | undefined {
  const { action, phase } = definition
  if (action.kind === 'refuse') {
    if (phase === 'request') return { kind: 'refuse' }
    report(['action', 'kind'], 'a rule of phase outcome cannot refuse: the answer is already known', 'Ban instead, or judge in phase request; its signals may still be of phase outcome.')
    return undefined
  }
  const forMs = parseDurationMs(action.for)
  if (forMs === undefined || forMs < 1000 || forMs > BAN_MS_MAX) {
    report(['action', 'for'], `a ban lasts from 1s to 30d, not ${action.for}`, 'Write an integer and a unit, as in 15m.')
    return undefined
  }
  return { kind: 'ban', scope: action.scope, forMs }
}

function compileExemptions (definition: RuleDefinition, language: Language, report: Report): CompiledExemption[] {
  return (definition.exemptions ?? []).flatMap(({ where, owner, until }, index) => {
    const expression = compileAt(language, where, ['bool'], ['exemptions', index, 'where'], report)
    const endsAtMs = endOfDayMs(until)
    if (endsAtMs === undefined) report(['exemptions', index, 'until'], `${until} is no day`, 'Write year, month and day, as in 2027-01-31; the exemption ends with that day (UTC).')
    return expression === undefined || endsAtMs === undefined ? [] : [{ where: expression, owner, endsAtMs }]
  })
}

function endOfDayMs (day: string): number | undefined {
  const startMs = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN
  if (Number.isNaN(startMs) || new Date(startMs).toISOString().slice(0, 10) !== day) return undefined
  return startMs + DAY_MS
}

/** A signal that nobody reads costs a store's work at every request, and is mostly a typing error in `when`. */
function reportUnusedSignals (when: Expression, signals: readonly CompiledSignal[], report: Report): void {
  for (const { name } of signals) {
    if (!new RegExp(`\\bsignals\\.${name}\\b`).test(when.canonical)) {
      report(['signals', name], `when does not look at signals.${name}`, 'Use the signal in when, or remove it.')
    }
  }
}
