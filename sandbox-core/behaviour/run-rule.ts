import type { Json } from '../../kernel/index.ts'
import type { Steps } from '../world/steps.ts'
import { createCelOfList } from './cel-of-list.ts'
import type { CelValue } from './cel-values.ts'
import type { Variables } from './compile-expression.ts'
import { checkReferences, draftNew, draftStored, readObject } from './draft-object.ts'
import { applySetters, replyOf, replyOfFail, RequestFailed, variablesOf, type Draft, type Execution } from './execution.ts'
import { post, readBalance } from './ledger.ts'
import type { CheckModel, EffectModel, LoadModel, Setter, StepsModel, TriggerModel } from './model.ts'
import { textOf } from './text-of.ts'

const CHAIN_MAX = 5
const LOADED_MAX = 1000

/**
 * Runs what an operation does to a draft, in this order: references, load, set, checks, trigger, transition, effects, then.
 * A trigger that fails ends the run with its own changes kept.
 */
export function * runOperation (execution: Execution, draft: Draft, operation: string, depth = 0): Steps<void> {
  if (depth > CHAIN_MAX) throw new Error(`${draft.resource.name}.${operation} calls itself`)
  const rule = draft.resource.rules.get(operation)
  yield * checkReferences(execution, draft)
  const loaded = yield * runLoads(execution, draft, rule?.loads ?? [])
  applySetters(execution, draft, rule?.set ?? [], loaded)
  runChecks(execution, draft, rule?.checks ?? [], loaded)
  const trigger = findTrigger(execution, draft, operation, loaded)
  if (trigger !== undefined) yield * runTrigger(execution, draft, trigger, loaded)
  if (hasFailed(execution)) return
  if (trigger?.to === undefined) yield * runTransition(execution, draft, operation, loaded)
  if (rule === undefined) return
  yield * runEffects(execution, draft, rule.effects, loaded)
  for (const type of rule.emit) draft.emit.add(type)
  for (const step of rule.then) {
    if (step.when(variablesOf(execution, draft, loaded))) yield * runOperation(execution, draft, step.operation, depth + 1)
    if (hasFailed(execution)) return
  }
}

function hasFailed (execution: Execution): boolean {
  return execution.storedFailure !== undefined
}

/** Reads what a rule declares under `load`, as CEL values. */
export function * runLoads (execution: Execution, draft: Draft, loads: readonly LoadModel[]): Steps<Variables> {
  const loaded: Record<string, CelValue> = {}
  for (const { name, source } of loads) {
    if (source.kind === 'ledger') {
      loaded[name] = createCelOfList(yield * readBalance(execution, source.account))
      continue
    }
    const resource = execution.api.resources.get(source.resource)
    if (resource === undefined) continue
    const variables = variablesOf(execution, draft, loaded)
    if (source.kind === 'one') {
      const id = source.id(variables)
      const found = typeof id === 'string' || typeof id === 'number' ? yield * readObject(execution, resource, String(id).slice(0, 255)) : undefined
      loaded[name] = found === undefined ? null : resource.toCel(found)
    } else {
      const where = Object.fromEntries(source.where.map(({ member, run }) => [member, run(variables)]))
      const listed = yield * execution.tx.list(resource.collection, { order: 'ascending', limit: LOADED_MAX, where })
      loaded[name] = listed.map(resource.toCel)
    }
  }
  return loaded
}

/** Fails with the first check that does not hold. */
export function runChecks (execution: Execution, draft: Draft, checks: readonly CheckModel[], loaded: Variables): void {
  if (checks.length === 0) return
  const variables = variablesOf(execution, draft, loaded)
  for (const { check, fail } of checks) if (!check(variables)) throw new RequestFailed(replyOfFail(execution.api, fail, variables))
}

function findTrigger (execution: Execution, draft: Draft, operation: string, loaded: Variables): TriggerModel | undefined {
  const candidates = execution.api.triggers.filter(trigger => trigger.resource === draft.resource.name && trigger.operations.has(operation))
  if (candidates.length === 0) return undefined
  if (mayLeave(draft, operation) === false) return undefined
  const variables = variablesOf(execution, draft, loaded)
  return candidates.find(trigger => trigger.when(variables))
}

/** Whether the state allows the operation; undefined when states say nothing of it. A trigger never lets a forbidden one through. */
function mayLeave (draft: Draft, operation: string): boolean | undefined {
  const { states } = draft.resource
  const transitions = states?.transitions.filter(transition => transition.operations.has(operation)) ?? []
  if (states === undefined || transitions.length === 0) return undefined
  return transitions.some(transition => transition.from.has(textOf(draft.self[states.member])))
}

function * runTrigger (execution: Execution, draft: Draft, trigger: TriggerModel, loaded: Variables): Steps<void> {
  const reply = trigger.fail === undefined ? undefined : replyOfFail(execution.api, trigger.fail, variablesOf(execution, draft, loaded))
  yield * runSteps(execution, draft, trigger, loaded)
  const { states } = draft.resource
  if (trigger.to !== undefined && states !== undefined) yield * enter(execution, draft, textOf(trigger.to(variablesOf(execution, draft, loaded))), loaded)
  if (reply === undefined) return
  const { name, description } = trigger.description
  execution.storedFailure = { ...reply, failure: { error: reply.failure?.error ?? name, detail: `trigger ${name}: ${description}`, isTriggered: true } }
}

function * runTransition (execution: Execution, draft: Draft, operation: string, loaded: Variables): Steps<void> {
  const { states } = draft.resource
  const transitions = states?.transitions.filter(transition => transition.operations.has(operation)) ?? []
  if (states === undefined || transitions.length === 0) return
  const state = textOf(draft.self[states.member])
  const variables = variablesOf(execution, draft, loaded)
  const open = transitions.filter(transition => transition.from.has(state))
  const chosen = open.find(transition => transition.guard === undefined || transition.guard(variables))
  if (chosen === undefined) {
    const { otherwise } = open[0] ?? transitions[0] ?? {}
    throw new RequestFailed(otherwise === undefined
      ? replyOf(execution.api, execution.api.conventions.errors.unexpectedState, { param: null, resource: draft.resource.name, id: draft.id, state, operation, message: `A ${draft.resource.name} with status ${state} does not allow ${operation}` })
      : replyOfFail(execution.api, otherwise, variables))
  }
  const to = textOf(chosen.to(variables))
  yield * runSteps(execution, draft, chosen, loaded)
  yield * enter(execution, draft, to, loaded)
}

function * enter (execution: Execution, draft: Draft, state: string, loaded: Variables): Steps<void> {
  const { states } = draft.resource
  if (states === undefined) return
  const isChange = draft.self[states.member] !== state
  draft.self = { ...draft.self, [states.member]: state }
  const entering = isChange ? states.entering.get(state) : undefined
  if (entering !== undefined) yield * runSteps(execution, draft, entering, loaded)
}

function * runSteps (execution: Execution, draft: Draft, steps: StepsModel, loaded: Variables): Steps<void> {
  applySetters(execution, draft, steps.set, loaded)
  yield * runEffects(execution, draft, steps.effects, loaded)
  for (const type of steps.emit) draft.emit.add(type)
}

/** Creates and changes other objects and posts to the ledger, in order. */
function * runEffects (execution: Execution, draft: Draft, effects: readonly EffectModel[], loaded: Variables): Steps<void> {
  let seen = loaded
  for (const effect of effects) {
    const variables = variablesOf(execution, draft, seen)
    if (effect.when !== undefined && !effect.when(variables)) continue
    const { action } = effect
    if (action.kind === 'post') {
      post(execution, action.from, action.to, action.amount(variables), action.currency(variables))
      continue
    }
    const touched = action.kind === 'create' ? yield * createByEffect(execution, action.resource, effect.set, variables) : yield * changeByEffect(execution, action.resource, action.id(variables), effect.set, variables)
    for (const type of effect.emit) touched.emit.add(type)
    if (effect.as !== undefined) seen = { ...seen, [effect.as]: touched.resource.toCel(touched.self) }
  }
}

function * createByEffect (execution: Execution, name: string, setters: readonly Setter[], variables: Variables): Steps<Draft> {
  const resource = execution.api.resources.get(name)
  if (resource === undefined) throw new Error(`no resource ${name}`)
  const draft = yield * draftNew(execution, resource, Object.fromEntries(setters.map(({ member, run }) => [member, run(variables)])))
  yield * checkReferences(execution, draft)
  return draft
}

function * changeByEffect (execution: Execution, name: string, id: Json, setters: readonly Setter[], variables: Variables): Steps<Draft> {
  const resource = execution.api.resources.get(name)
  const target = resource === undefined ? undefined : yield * draftStored(execution, resource, textOf(id))
  if (target === undefined) throw new RequestFailed(replyOf(execution.api, execution.api.conventions.errors.unknownReference, { param: null, resource: name, id: null, message: `No such ${name}` }))
  for (const { member, run } of setters) target.self = { ...target.self, [member]: run({ ...variables, target: target.resource.toCel(target.self) }) }
  return target
}
