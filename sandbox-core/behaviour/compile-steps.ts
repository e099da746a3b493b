import type { ChangeSteps, Check, EffectDeclaration, ErrorCall, Loads, OperationRule, Template, TransitionDeclaration } from './behaviour-document.ts'
import type { Scope, VariableType } from './compile-expression.ts'
import { compileCondition, compileTemplate, type Report } from './compile-template.ts'
import type { CheckModel, EffectModel, FailModel, LoadModel, RuleModel, Setter, StepsModel, TransitionModel } from './model.ts'

/** What is known while one resource's rules are compiled. */
export interface RuleContext {
  readonly scopeOf: (variables: Readonly<Record<string, VariableType>>) => Scope
  readonly base: Readonly<Record<string, VariableType>>
  readonly report: Report
  readonly hasError: (name: string) => boolean
  readonly hasAccount: (name: string) => boolean
  /** The members of a resource; undefined when there is no such resource. */
  readonly membersOf: (resource: string) => ReadonlySet<string> | undefined
  readonly resource: string
  readonly hasEvents: boolean
}

/** Compiles `{member: template}`. A member that the schema does not have is a problem. */
export function compileSetters (context: RuleContext, scope: Scope, templates: Readonly<Record<string, Template>> | undefined, path: string, members?: ReadonlySet<string>): readonly Setter[] {
  return Object.entries(templates ?? {}).map(([member, template]) => {
    if (members !== undefined && members.size > 0 && !members.has(member)) context.report(`${path}/${member}`, `the schema has no member ${member}`)
    return { member, run: compileTemplate(scope, template, `${path}/${member}`, context.report) }
  })
}

/** Compiles a reference to an error of the catalogue. */
export function compileFail (context: RuleContext, scope: Scope, call: ErrorCall, path: string): FailModel {
  const { error, with: args } = typeof call === 'string' ? { error: call, with: undefined } : call
  if (!context.hasError(error)) context.report(path, `the catalogue has no error ${error}`)
  return { error, args: compileSetters(context, scope, args, `${path}/with`) }
}

export function compileChecks (context: RuleContext, scope: Scope, checks: readonly Check[] | undefined, path: string): readonly CheckModel[] {
  return (checks ?? []).map((check, index) => ({
    check: compileCondition(scope, check.check, `${path}/${index}/check`, context.report),
    fail: compileFail(context, scope, check.fail, `${path}/${index}/fail`),
  }))
}

/** Compiles loads in order; each sees those before it. */
export function compileLoads (context: RuleContext, loads: Loads | undefined, path: string): { readonly loads: readonly LoadModel[], readonly variables: Readonly<Record<string, VariableType>> } {
  const variables: Record<string, VariableType> = {}
  const compiled = Object.entries(loads ?? {}).map(([name, load]): LoadModel => {
    const at = `${path}/${name}`
    const scope = context.scopeOf({ ...context.base, ...variables })
    variables[name] = load.id === undefined ? { kind: 'list' } : { kind: 'dyn' }
    if (load.ledger !== undefined) {
      if (!context.hasAccount(load.ledger)) context.report(at, `the ledger has no account ${load.ledger}`)
      return { name, source: { kind: 'ledger', account: load.ledger } }
    }
    const resource = load.resource ?? ''
    const members = context.membersOf(resource)
    if (members === undefined) context.report(at, `there is no resource ${resource}`)
    if (load.id !== undefined) return { name, source: { kind: 'one', resource, id: compileTemplate(scope, load.id, `${at}/id`, context.report) } }
    return { name, source: { kind: 'many', resource, where: compileSetters(context, scope, load.where, `${at}/where`, members) } }
  })
  return { loads: compiled, variables }
}

/** Compiles `set`, `effects` and `emit`; effects see what earlier ones created under `as`. */
export function compileSteps (context: RuleContext, variables: Readonly<Record<string, VariableType>>, steps: ChangeSteps, path: string): StepsModel {
  const scope = context.scopeOf(variables)
  const seen: Record<string, VariableType> = { ...variables }
  const effects = (steps.effects ?? []).flatMap((effect, index) => {
    const compiled = compileEffect(context, seen, effect, `${path}/effects/${index}`)
    if (effect.as !== undefined) seen[effect.as] = { kind: 'dyn' }
    return compiled ?? []
  })
  return { set: compileSetters(context, scope, steps.set, `${path}/set`, context.membersOf(context.resource)), effects, emit: compileEmit(context, steps.emit, `${path}/emit`) }
}

function compileEmit (context: RuleContext, emit: string | readonly string[] | undefined, path: string): readonly string[] {
  const types = emit === undefined ? [] : typeof emit === 'string' ? [emit] : emit
  if (types.length > 0 && !context.hasEvents) context.report(path, 'events are emitted but `events` is not declared')
  return types
}

function compileEffect (context: RuleContext, variables: Readonly<Record<string, VariableType>>, effect: EffectDeclaration, path: string): EffectModel | undefined {
  const scope = context.scopeOf(effect.change === undefined ? variables : { ...variables, target: { kind: 'dyn' } })
  const template = (value: Template | undefined, name: string): ReturnType<typeof compileTemplate> => compileTemplate(scope, value ?? null, `${path}/${name}`, context.report)
  const resource = effect.create ?? effect.change
  const members = resource === undefined ? undefined : context.membersOf(resource)
  if (resource !== undefined && members === undefined) context.report(path, `there is no resource ${resource}`)
  const common = {
    when: effect.when === undefined ? undefined : compileCondition(scope, effect.when, `${path}/when`, context.report),
    as: effect.as,
    set: compileSetters(context, scope, effect.set, `${path}/set`, members),
    emit: compileEmit(context, effect.emit, `${path}/emit`),
  }
  if (effect.create !== undefined) return { ...common, action: { kind: 'create', resource: effect.create } }
  if (effect.change !== undefined) return { ...common, action: { kind: 'change', resource: effect.change, id: template(effect.id, 'id') } }
  if (effect.post !== undefined) {
    const { from, to, amount, currency } = effect.post
    for (const account of [from, to]) if (!context.hasAccount(account)) context.report(`${path}/post`, `the ledger has no account ${account}`)
    return { ...common, action: { kind: 'post', from, to, amount: template(amount, 'post/amount'), currency: template(currency, 'post/currency') } }
  }
  context.report(path, 'an effect needs one of create, change and post')
  return undefined
}

export function compileRule (context: RuleContext, rule: OperationRule, path: string, hasOperation: (name: string) => boolean): RuleModel {
  const { loads, variables } = compileLoads(context, rule.load, `${path}/load`)
  const seen = { ...context.base, ...variables }
  const scope = context.scopeOf(seen)
  return {
    ...compileSteps(context, seen, rule, path),
    loads,
    checks: compileChecks(context, scope, rule.checks, `${path}/checks`),
    then: (rule.then ?? []).map((step, index) => {
      if (!hasOperation(step.do)) context.report(`${path}/then/${index}/do`, `${context.resource} has no operation ${step.do}`)
      return { when: compileCondition(scope, step.when, `${path}/then/${index}/when`, context.report), operation: step.do }
    }),
    reply: rule.reply === undefined ? undefined : compileTemplate(context.scopeOf(context.base), rule.reply, `${path}/reply`, context.report),
  }
}

export function compileTransition (context: RuleContext, variables: Readonly<Record<string, VariableType>>, transition: TransitionDeclaration, path: string): TransitionModel {
  const scope = context.scopeOf(variables)
  return {
    ...compileSteps(context, variables, transition, path),
    operations: new Set(typeof transition.on === 'string' ? [transition.on] : transition.on),
    from: new Set(transition.from),
    to: compileTemplate(scope, transition.to, `${path}/to`, context.report),
    guard: transition.guard === undefined ? undefined : compileCondition(scope, transition.guard, `${path}/guard`, context.report),
    otherwise: transition.otherwise === undefined ? undefined : compileFail(context, scope, transition.otherwise, `${path}/otherwise`),
  }
}
