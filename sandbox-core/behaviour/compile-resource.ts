import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import type { ApiDocument } from '../openapi/document.ts'
import type { InferredOperation, InferredResource } from '../openapi/infer-resources.ts'
import { readSchema } from '../openapi/read-schema.ts'
import { sampleValue } from '../openapi/sample-value.ts'
import type { ResourceDeclaration, StatesDeclaration } from './behaviour-document.ts'
import type { ToCel } from './cel-values.ts'
import type { VariableType } from './compile-expression.ts'
import { compileTemplate } from './compile-template.ts'
import { compileChecks, compileLoads, compileRule, compileSetters, compileSteps, compileTransition, type RuleContext } from './compile-steps.ts'
import type { ConventionsModel, ResourceModel, RuleModel, StatesModel } from './model.ts'

export interface ResourceInputs {
  readonly apiName: string
  readonly document: ApiDocument
  readonly inferred: InferredResource
  readonly declaration: ResourceDeclaration
  readonly operations: readonly InferredOperation[]
  readonly conventions: ConventionsModel
  readonly toCel: ToCel
  /** The variables and names that rules may use; `base` is without `self` and `before`. */
  readonly context: Omit<RuleContext, 'resource'>
}

/** Compiles one resource: what was inferred of it, and its declaration. Problems go to `context.report`. */
export function compileResource (inputs: ResourceInputs): ResourceModel {
  const { inferred, declaration, conventions, document } = inputs
  const path = `/resources/${inferred.name}`
  const context: RuleContext = { ...inputs.context, resource: inferred.name, base: { ...inputs.context.base, self: { kind: 'schema', pointer: inferred.schema }, before: { kind: 'dyn' } } }
  const scope = context.scopeOf(context.base)
  const operationNames = new Set(inputs.operations.filter(operation => operation.resource === inferred.name).map(operation => operation.action ?? operation.kind))
  const members = new Set(inferred.shape.members.keys())
  const computed = compileSetters(context, scope, declaration.computed, `${path}/computed`, members)
  const rules = compileRules(context, declaration, path, operationNames)
  for (const [member, resource] of Object.entries(declaration.references ?? {})) {
    if (!members.has(member)) context.report(`${path}/references/${member}`, `the schema has no member ${member}`)
    if (context.membersOf(resource) === undefined) context.report(`${path}/references/${member}`, `there is no resource ${resource}`)
  }
  return {
    name: inferred.name,
    collection: `${inputs.apiName}/${inferred.name}`,
    inferred,
    idMember: inferred.idMember,
    newId: idKind(document, inferred, declaration, conventions),
    skeleton: skeletonOf(document, inferred),
    fixedMembers: new Set([...fixedMembers(document, inferred, declaration, conventions), ...purelyComputed(declaration)]),
    toCel: inputs.toCel,
    references: Object.entries(declaration.references ?? {}).map(([member, resource]) => ({ member, resource })),
    set: compileSetters(context, scope, declaration.set, `${path}/set`, members),
    computed,
    view: compileView(context, declaration, path, members),
    states: declaration.states === undefined ? undefined : compileStates(context, declaration.states, `${path}/states`, rules, operationNames),
    rules,
    invariants: compileChecks(context, scope, declaration.invariants, `${path}/invariants`),
  }
}

function compileRules (context: RuleContext, declaration: ResourceDeclaration, path: string, operationNames: ReadonlySet<string>): ReadonlyMap<string, RuleModel> {
  return new Map(Object.entries(declaration.operations ?? {}).map(([name, rule]) => {
    if (!operationNames.has(name)) context.report(`${path}/operations/${name}`, `${context.resource} has no operation ${name}`, `it has: ${[...operationNames].join(', ')}`)
    return [name, compileRule(context, rule, `${path}/operations/${name}`, other => operationNames.has(other))]
  }))
}

function compileView (context: RuleContext, declaration: ResourceDeclaration, path: string, members: ReadonlySet<string>): ResourceModel['view'] {
  if (declaration.view === undefined) return undefined
  const { loads, variables } = compileLoads(context, declaration.view.load, `${path}/view/load`)
  return { loads, members: compileSetters(context, context.scopeOf({ ...context.base, ...variables }), declaration.view.members, `${path}/view/members`, members) }
}

function compileStates (context: RuleContext, states: StatesDeclaration, path: string, rules: ReadonlyMap<string, RuleModel>, operationNames: ReadonlySet<string>): StatesModel {
  if (!context.membersOf(context.resource)?.has(states.member)) context.report(`${path}/member`, `the schema has no member ${states.member}`)
  const transitions = states.transitions.map((transition, index) => {
    const at = `${path}/transitions/${index}`
    const on = typeof transition.on === 'string' ? [transition.on] : transition.on
    for (const name of on) if (!operationNames.has(name)) context.report(`${at}/on`, `${context.resource} has no operation ${name}`)
    return compileTransition(context, { ...context.base, ...loadedBy(rules, on) }, transition, at)
  })
  return {
    member: states.member,
    initial: compileTemplate(context.scopeOf(context.base), states.initial, `${path}/initial`, context.report),
    transitions,
    entering: new Map(Object.entries(states.entering ?? {}).map(([state, steps]) => [state, compileSteps(context, context.base, steps, `${path}/entering/${state}`)])),
  }
}

/** What all of the operations load: a rule that runs on several of them sees only what each provides. */
export function loadedBy (rules: ReadonlyMap<string, RuleModel>, operations: readonly string[]): Readonly<Record<string, VariableType>> {
  const lists = operations.map(name => new Map((rules.get(name)?.loads ?? []).map(load => [load.name, load.source.kind])))
  const [first, ...others] = lists
  return Object.fromEntries([...first ?? []].filter(([name]) => others.every(list => list.has(name))).map(([name, kind]) => [name, { kind: kind === 'one' ? 'dyn' : 'list' }]))
}

function idKind (document: ApiDocument, inferred: InferredResource, declaration: ResourceDeclaration, conventions: ConventionsModel): ResourceModel['newId'] {
  const pointer = inferred.shape.members.get(inferred.idMember)
  const shape = pointer === undefined ? undefined : readSchema(document, pointer)
  if (declaration.id === undefined && shape?.format === 'uuid') return { kind: 'uuid' }
  if (declaration.id === undefined && shape?.type === 'integer') return { kind: 'number' }
  return { kind: 'text', prefix: declaration.id === undefined ? '' : `${declaration.id}${conventions.idSeparator}`, length: conventions.idLength }
}

function skeletonOf (document: ApiDocument, inferred: InferredResource): JsonObject {
  const { shape } = inferred
  const members = [...shape.members].flatMap(([name, pointer]): [string, Json][] => {
    const member = readSchema(document, pointer)
    if (member.isWriteOnly) return []
    return shape.required.has(name) || member.isPresetDefault || member.isNullable ? [[name, deepFreeze(sampleValue(document, pointer))]] : []
  })
  return Object.freeze(Object.fromEntries(members))
}

function fixedMembers (document: ApiDocument, inferred: InferredResource, declaration: ResourceDeclaration, conventions: ConventionsModel): string[] {
  const readOnly = [...inferred.shape.members].filter(([, pointer]) => {
    const member = readSchema(document, pointer)
    return member.isReadOnly || member.hasConst
  }).map(([name]) => name)
  const { created, updated } = conventions.time
  return [...readOnly, inferred.idMember, created, updated, declaration.states?.member].filter(name => name !== undefined)
}

/** Computed members that do not start from what was sent: `lines` computed from `self.lines` may be sent, `total` may not. */
function purelyComputed (declaration: ResourceDeclaration): string[] {
  return Object.entries(declaration.computed ?? {}).filter(([member, template]) => !JSON.stringify(template).includes(`self.${member}`)).map(([member]) => member)
}

function deepFreeze (value: Json): Json {
  if (Array.isArray(value) || isJsonObject(value)) {
    for (const child of Object.values(value)) deepFreeze(child as Json)
    Object.freeze(value)
  }
  return value
}
