import { Environment } from '@marcbachmann/cel-js'
import type { Language } from './expression.ts'
import { createLinearPatterns, type LinearPatterns } from './linear-patterns.ts'
import type { Phase } from './rule-definition.ts'
import { outcomeVariables, OutcomeView, requestVariables, RequestView, type Variable } from './variables.ts'

/** Structure that no rule needs more of; the parser refuses what exceeds it. */
const STRUCTURE = { maxAstNodes: 400, maxDepth: 32, maxListElements: 500, maxMapEntries: 50, maxCallArguments: 8 }

/** The languages that a rule's expressions are written in: with `outcome` or without, with the rule's `signals` or without. */
export interface Languages {
  readonly at: (phase: Phase) => Language
  /** With `signals`, whose members have the given types; `values` wraps the numbers for an evaluation. */
  readonly withSignals: (phase: Phase, types: { readonly [name: string]: 'int' | 'double' }) => { readonly language: Language, readonly values: (numbers: readonly number[]) => object }
}

/** Declares what rules may name: typed variables, the standard functions, and `ratio`. */
export function createLanguages (): Languages {
  const request = new Environment({ limits: STRUCTURE })
  const patterns = createLinearPatterns(request)
  request
    .registerFunction('ratio(int, int): double', divide)
    .registerFunction('ratio(double, double): double', divide)
    .registerType('Request', { ctor: RequestView, fields: typesOf(requestVariables) })
    .registerVariable('request', 'Request')
  const outcome = request.clone()
    .registerType('Outcome', { ctor: OutcomeView, fields: typesOf(outcomeVariables) })
    .registerVariable('outcome', 'Outcome')
  const languages = {
    request: shapeLanguage(request, patterns, { request: Object.keys(requestVariables) }),
    outcome: shapeLanguage(outcome, patterns, { request: Object.keys(requestVariables), outcome: Object.keys(outcomeVariables) })
  }
  return {
    at: (phase) => languages[phase],
    withSignals: (phase, types) => declareSignals(languages[phase], types)
  }
}

function shapeLanguage (environment: Environment, patterns: LinearPatterns, members: Language['members']): Language {
  return { environment, patterns, members }
}

/** `part / whole`, and 0 when there is no whole: the share of something that has not happened yet fires no rule. */
function divide (part: number | bigint, whole: number | bigint): number {
  return Number(whole) === 0 ? 0 : Number(part) / Number(whole)
}

function declareSignals (base: Language, types: { readonly [name: string]: 'int' | 'double' }): ReturnType<Languages['withSignals']> {
  const names = Object.keys(types)
  const isInt = names.map((name) => types[name] === 'int')
  /** One class per rule, because the engine tells types apart by their constructors. */
  class SignalValues {
    readonly [name: string]: bigint | number

    static of (numbers: readonly number[]): SignalValues {
      const values = new SignalValues() as Record<string, bigint | number>
      for (let i = 0; i < names.length; i++) {
        const value = numbers[i] as number
        values[names[i] as string] = isInt[i] === true ? BigInt(Math.trunc(value)) : value
      }
      return values
    }
  }
  const environment = base.environment.clone()
    .registerType('Signals', { ctor: SignalValues, fields: { ...types } })
    .registerVariable('signals', 'Signals')
  return {
    language: { environment, patterns: base.patterns, members: { ...base.members, signals: names } },
    values: (numbers) => SignalValues.of(numbers)
  }
}

function typesOf (variables: Readonly<Record<string, Variable>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, variable.type]))
}
