import { createHash } from 'node:crypto'
import { parseDurationMs } from '../../kernel/index.ts'
import type { Aggregate } from '../../stores/index.ts'
import { compileAt, type Report } from './compile-at.ts'
import type { Expression, Language } from './expression.ts'
import type { Languages } from './language.ts'
import type { Phase, RuleDefinition, SignalDefinition } from './rule-definition.ts'

/** A signal of a rule, ready to observe and to read. */
export interface CompiledSignal {
  readonly name: string
  readonly kind: Aggregate['kind']
  /** When it is observed. */
  readonly phase: Phase
  /**
   * Names the aggregate in the store: a hash of all that defines it, and of nothing else. So another threshold, mode or
   * action keeps the counts, and two rules with the same signal share them.
   */
  readonly hash: string
  readonly aggregate: Aggregate
  readonly where: Expression | undefined
  readonly of: Expression | undefined
  readonly by: readonly Expression[]
  /** For explanations: `distinct request.username by request.address in 10m`. */
  readonly summary: string
}

const WINDOW_MS_MAX = 7 * 86_400_000
const TYPES_OF = { count: [], distinct: ['string', 'list<string>'], sum: ['int', 'double'] } as const

/** Compiles the signals of a rule, reporting what is wrong with each. */
export function compileSignals (rule: RuleDefinition, languages: Languages, report: Report): CompiledSignal[] {
  return Object.entries(rule.signals ?? {}).flatMap(([name, definition]) => {
    const at: Report = (path, message, hint) => report(['signals', name, ...path], message, hint)
    return compileSignal(name, definition, rule, languages, at) ?? []
  })
}

function compileSignal (name: string, definition: SignalDefinition, rule: RuleDefinition, languages: Languages, report: Report): CompiledSignal | undefined {
  if (name in Object.prototype) report([], `${name} cannot name a signal`, 'Choose another name.')
  const phase = definition.phase ?? rule.phase
  const language = languages.at(phase)
  const windowMs = compileWindow(definition, report)
  const where = definition.where === undefined ? undefined : compileAt(language, definition.where, ['bool'], ['where'], report)
  const of = compileMember(definition, language, report)
  // A rule of phase request reads the signal before there is an outcome, so that the key must not need one.
  const keyLanguage = languages.at(rule.phase === 'request' ? 'request' : phase)
  const by = definition.by.flatMap((text, index) => compileAt(keyLanguage, text, ['string'], ['by', index], report) ?? [])
  if (windowMs === undefined || by.length !== definition.by.length) return undefined
  const hash = hashDefinition([phase, definition.kind, windowMs, where?.canonical ?? 'true', of?.canonical ?? '', ...by.map(({ canonical }) => canonical)])
  return { name, kind: definition.kind, phase, hash, aggregate: { kind: definition.kind, windowMs }, where, of, by, summary: summarize(definition) }
}

function compileWindow ({ window }: SignalDefinition, report: Report): number | undefined {
  const windowMs = parseDurationMs(window)
  if (windowMs !== undefined && windowMs >= 1000 && windowMs <= WINDOW_MS_MAX) return windowMs
  report(['window'], `a window is from 1s to 7d, not ${window}`, 'Write an integer and a unit, as in 10m.')
  return undefined
}

function compileMember ({ kind, of }: SignalDefinition, language: Language, report: Report): Expression | undefined {
  if (kind === 'count') {
    if (of !== undefined) report(['of'], 'a count has no member', 'Remove of, or make it a distinct or a sum.')
    return undefined
  }
  if (of === undefined) {
    report([], `a ${kind} needs of: what is ${kind === 'sum' ? 'added up' : 'told apart'}`, kind === 'sum' ? 'For instance of: double(request.body.amount).' : 'For instance of: request.username.')
    return undefined
  }
  return compileAt(language, of, TYPES_OF[kind], ['of'], report)
}

function hashDefinition (parts: ReadonlyArray<string | number>): string {
  return createHash('sha256').update(JSON.stringify(['signal-1', ...parts])).digest('base64url').slice(0, 22)
}

function summarize ({ kind, of, by, window }: SignalDefinition): string {
  return `${kind}${of === undefined ? '' : ` of ${of}`} by ${by.join(', ')} in ${window}`
}
