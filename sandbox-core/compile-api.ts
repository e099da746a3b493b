import { createHash } from 'node:crypto'
import { isJsonObject, parseDurationMs } from '../kernel/index.ts'
import type { BehaviourDocument, Conventions } from './behaviour/behaviour-document.ts'
import { checkSeeds } from './behaviour/check-seeds.ts'
import { createCelConverters } from './behaviour/cel-values.ts'
import { createScopes, type VariableType } from './behaviour/compile-expression.ts'
import { compileResource, loadedBy } from './behaviour/compile-resource.ts'
import { compileCondition, compileTemplate, type Report } from './behaviour/compile-template.ts'
import { compileFail, compileSetters, compileSteps, type RuleContext } from './behaviour/compile-steps.ts'
import type { AccountModel, ApiModel, ConventionsModel, ErrorModel, ResourceModel, TriggerModel } from './behaviour/model.ts'
import { defaultErrors } from './behaviour/default-errors.ts'
import { createValidators } from './openapi/create-validators.ts'
import { loadDocument, type CompileProblem, type SupportNote } from './openapi/document.ts'
import { inferResources, type Inference } from './openapi/infer-resources.ts'
import { listOperations } from './openapi/list-operations.ts'
import { readSchema } from './openapi/read-schema.ts'

/** Changes when the engine makes other baselines from the same files. */
const ENGINE_VERSION = 2
const BASE: Readonly<Record<string, VariableType>> = { request: { kind: 'map' }, now: { kind: 'dyn' }, now_ms: { kind: 'int' } }

/** A compiled API, ready for `createSandboxCore`. */
export interface CompiledApi { readonly name: string, readonly model: ApiModel, readonly support: readonly SupportNote[] }

/**
 * Compiles an OpenAPI document and its behaviour: infers resources and operations, compiles and type-checks every expression.
 * Schemas are compiled at their first use, so that a document with hundreds of them starts at once.
 *
 * @param inputs.behaviour a behaviour whose structure was checked against BehaviourSchema, or undefined for none
 * @returns the API, or every problem found, each with its JSON Pointer (into the document, or into the behaviour)
 */
export function compileApi (inputs: { readonly name: string, readonly openapi: unknown, readonly behaviour?: unknown }): { readonly kind: 'compiled', readonly api: CompiledApi } | { readonly kind: 'refused', readonly problems: readonly CompileProblem[] } {
  const loaded = loadDocument(inputs.openapi)
  if (loaded.kind === 'refused') return loaded
  if (inputs.behaviour !== undefined && !isJsonObject(inputs.behaviour)) return { kind: 'refused', problems: [{ path: '', message: 'the behaviour is not an object' }] }
  const problems: CompileProblem[] = []
  const report: Report = (path, message, hint) => { problems.push({ path, message, ...(hint === undefined ? {} : { hint }) }) }
  const behaviour = (inputs.behaviour ?? { behaviour: 'v1' }) as unknown as BehaviourDocument
  const listed = listOperations(loaded.document)
  const names = new Map(Object.entries(behaviour.resources ?? {}).map(([name, resource]) => [readSchema(loaded.document, resource.schema.replace(/^#/, '')).pointer, name]))
  const inference = inferResources(loaded.document, listed.operations, names)
  const notes: SupportNote[] = [...loaded.notes, ...listed.notes, ...inference.notes]
  const validators = createValidators(loaded.document, notes)
  const compiled = compileModel({ name: inputs.name, behaviour, inference, report, document: loaded.document })
  const contentHash = createHash('sha256').update(JSON.stringify([ENGINE_VERSION, inputs.name, inputs.openapi, inputs.behaviour ?? null])).digest('hex')
  if (problems.length > 0) return { kind: 'refused', problems }
  return { kind: 'compiled', api: { name: inputs.name, model: { ...compiled, validators, notes, contentHash, operations: inference.operations }, support: notes } }
}

interface ModelInputs {
  readonly name: string
  readonly behaviour: BehaviourDocument
  readonly inference: Inference
  readonly report: Report
  readonly document: ApiModel['document']
}

function compileModel ({ name, behaviour, inference, report, document }: ModelInputs): Omit<ApiModel, 'validators' | 'notes' | 'contentHash' | 'operations'> {
  const scopeOf = createScopes(document)
  const toCelOf = createCelConverters(document)
  const declaredErrors = behaviour.errors ?? {}
  const errors = new Map<string, ErrorModel>([...defaultErrors(), ...Object.entries(declaredErrors).map(([error, declared]): [string, ErrorModel] => [error, { status: declared.status, body: compileTemplate(scopeOf({ args: { kind: 'map' } }), declared.body, `/errors/${error}/body`, report) }])])
  const conventions = compileConventions(behaviour.conventions ?? {}, errors, scopeOf, report)
  const accountNames = new Set(Object.keys(behaviour.ledger?.accounts ?? {}))
  const context: Omit<RuleContext, 'resource'> = {
    scopeOf,
    base: BASE,
    report,
    hasError: error => errors.has(error),
    hasAccount: account => accountNames.has(account),
    membersOf: resource => {
      const found = inference.resources.get(resource)
      return found === undefined ? undefined : new Set(found.shape.members.keys())
    },
    hasEvents: behaviour.events !== undefined,
  }
  for (const declared of Object.keys(behaviour.resources ?? {})) {
    if (!inference.resources.has(declared)) report(`/resources/${declared}/schema`, 'no operation of the document answers with this schema')
  }
  const resources = new Map([...inference.resources.values()].map(inferred => {
    const declaration = behaviour.resources?.[inferred.name] ?? { schema: inferred.schema }
    return [inferred.name, compileResource({ apiName: name, document, inferred, declaration, operations: inference.operations, conventions, toCel: toCelOf(inferred.schema), context })] as const
  }))
  const seedScope = scopeOf(Object.fromEntries((behaviour.seeds?.steps ?? []).flatMap(step => step.as === undefined ? [] : [[step.as, { kind: 'dyn' } as const]])))
  if (behaviour.seeds !== undefined) checkSeeds(behaviour.seeds, { resources: new Set(resources.keys()), operations: namesOfWrites(inference), scope: seedScope, report })
  return {
    name,
    document,
    resources,
    errors,
    conventions,
    triggers: compileTriggers(behaviour, context, resources, inference, errors),
    accounts: compileAccounts(name, behaviour, { ...context, resource: '' }),
    events: compileEvents(behaviour, { ...context, resource: '' }, resources),
    seeds: behaviour.seeds,
    seedScope,
  }
}

/** The operations that a step of the seeds may run. */
function namesOfWrites (inference: Inference): ReadonlySet<string> {
  const writes = new Set(['create', 'update', 'delete', 'action'])
  return new Set(inference.operations.filter(({ kind }) => writes.has(kind)).map(({ operation }) => operation.operationId))
}

function compileConventions (declared: Conventions, errors: ReadonlyMap<string, ErrorModel>, scopeOf: ReturnType<typeof createScopes>, report: Report): ConventionsModel {
  for (const [role, error] of [...Object.entries(declared.errors ?? {}), ...(declared.idempotency === undefined ? [] : [['mismatch', declared.idempotency.mismatch] as const])]) {
    if (!errors.has(error)) report(`/conventions/errors/${role}`, `the catalogue has no error ${error}`)
  }
  const ttlMs = parseDurationMs(declared.idempotency?.ttl ?? '24h')
  if (ttlMs === undefined) report('/conventions/idempotency/ttl', 'expected a duration: 24h')
  const { list, time, idempotency } = declared
  const names = declared.errors ?? {}
  return {
    idLength: declared.ids?.length ?? 24,
    idSeparator: declared.ids?.separator ?? '_',
    time: { format: time?.format ?? 'rfc3339', created: time?.created, updated: time?.updated },
    list: {
      after: list?.after ?? 'starting_after',
      before: list?.before ?? 'ending_before',
      limit: list?.limit ?? 'limit',
      defaultLimit: list?.default_limit ?? 20,
      maximumLimit: list?.maximum_limit ?? 100,
      envelope: list?.envelope === undefined ? undefined : compileTemplate(scopeOf({ page: { kind: 'map' }, request: { kind: 'map' } }), list.envelope, '/conventions/list/envelope', report),
    },
    idempotency: idempotency === undefined ? undefined : { header: idempotency.header.toLowerCase(), methods: new Set(idempotency.methods), ttlMs: ttlMs ?? 0, mismatch: idempotency.mismatch },
    isUnknownQueryRefused: declared.unknown_query === 'refuse',
    isMergePatch: declared.update === 'merge-patch',
    memberStyle: declared.member_style ?? 'dots',
    errors: {
      invalid: names.invalid ?? '~invalid',
      missing: names.missing ?? names.invalid ?? '~invalid',
      unknown: names.unknown ?? names.invalid ?? '~invalid',
      notFound: names.not_found ?? '~not_found',
      unknownReference: names.unknown_reference ?? names.invalid ?? '~invalid',
      unexpectedState: names.unexpected_state ?? '~unexpected_state',
    },
  }
}

function compileAccounts (apiName: string, behaviour: BehaviourDocument, context: RuleContext): ReadonlyMap<string, AccountModel> {
  return new Map(Object.entries(behaviour.ledger?.accounts ?? {}).map(([name, account]) => {
    const path = `/ledger/accounts/${name}`
    if (account.minimum !== undefined && account.fail === undefined) context.report(path, 'an account with a minimum needs `fail`')
    const fail = account.fail === undefined ? undefined : compileFail(context, context.scopeOf(BASE), account.fail, `${path}/fail`)
    return [name, { name, collection: `${apiName}/~ledger/${name}`, minimum: account.minimum, fail }]
  }))
}

function compileEvents (behaviour: BehaviourDocument, context: RuleContext, resources: ReadonlyMap<string, ResourceModel>): ApiModel['events'] {
  if (behaviour.events === undefined) return undefined
  const resource = resources.get(behaviour.events.resource)
  if (resource === undefined) {
    context.report('/events/resource', `there is no resource ${behaviour.events.resource}`)
    return undefined
  }
  return { resource, members: compileSetters(context, context.scopeOf({ ...BASE, event: { kind: 'map' } }), behaviour.events.members, '/events/members', new Set(resource.inferred.shape.members.keys())) }
}

function compileTriggers (behaviour: BehaviourDocument, shared: Omit<RuleContext, 'resource'>, resources: ReadonlyMap<string, ResourceModel>, inference: Inference, errors: ReadonlyMap<string, ErrorModel>): readonly TriggerModel[] {
  return (behaviour.triggers ?? []).flatMap((trigger, index): TriggerModel[] => {
    const path = `/triggers/${index}`
    const pairs = trigger.on.map(name => ({ resource: name.slice(0, name.lastIndexOf('.')), operation: name.slice(name.lastIndexOf('.') + 1) }))
    const resource = resources.get(pairs[0]?.resource ?? '')
    if (resource === undefined || pairs.some(pair => pair.resource !== resource.name)) {
      shared.report(`${path}/on`, 'the operations of a trigger are of one resource: payment.confirm')
      return []
    }
    const operations = pairs.map(pair => pair.operation)
    const matching = inference.operations.filter(operation => operation.resource === resource.name && operations.includes(operation.action ?? operation.kind))
    if (matching.length === 0) shared.report(`${path}/on`, `${resource.name} has no such operation`)
    const context: RuleContext = { ...shared, resource: resource.name, base: { ...BASE, self: { kind: 'schema', pointer: resource.inferred.schema }, before: { kind: 'dyn' }, ...loadedBy(resource.rules, operations) } }
    const scope = context.scopeOf(context.base)
    const { to, fail } = trigger.outcome
    const failModel = fail === undefined ? undefined : compileFail(context, scope, fail, `${path}/outcome/fail`)
    return [{
      ...compileSteps(context, context.base, trigger.outcome, `${path}/outcome`),
      name: trigger.name,
      resource: resource.name,
      operations: new Set(operations),
      when: compileCondition(scope, trigger.when, `${path}/when`, shared.report),
      to: to === undefined ? undefined : compileTemplate(scope, to, `${path}/outcome/to`, shared.report),
      fail: failModel,
      description: {
        name: trigger.name,
        description: trigger.description,
        operations: matching.map(({ operation }) => ({ method: operation.method, path: operation.path, operationId: operation.operationId })),
        ...(trigger.input === undefined ? {} : { input: trigger.input }),
        outcome: failModel === undefined ? { status: matching[0]?.operation.successStatus ?? 200 } : { status: errors.get(failModel.error)?.status ?? 400, error: failModel.error },
      },
    }]
  })
}
