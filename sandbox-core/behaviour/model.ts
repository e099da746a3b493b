import type { Json, JsonObject } from '../../kernel/index.ts'
import type { ApiDocument, SupportNote } from '../openapi/document.ts'
import type { Validators } from '../openapi/create-validators.ts'
import type { InferredOperation, InferredResource } from '../openapi/infer-resources.ts'
import type { MemberStyle, SeedsDeclaration, TimeFormat } from './behaviour-document.ts'
import type { CelValue, ToCel } from './cel-values.ts'
import type { Compiled, Scope, Variables } from './compile-expression.ts'

/** A compiled API: everything that a request needs, with no schema or expression left to read. */
export interface ApiModel {
  readonly name: string
  readonly document: ApiDocument
  readonly validators: Validators
  readonly operations: readonly InferredOperation[]
  readonly resources: ReadonlyMap<string, ResourceModel>
  readonly errors: ReadonlyMap<string, ErrorModel>
  readonly conventions: ConventionsModel
  readonly triggers: readonly TriggerModel[]
  readonly accounts: ReadonlyMap<string, AccountModel>
  readonly events: { readonly resource: ResourceModel, readonly members: readonly Setter[] } | undefined
  readonly seeds: SeedsDeclaration | undefined
  /** For the templates of seed steps, which see the results of earlier steps. */
  readonly seedScope: Scope
  readonly notes: readonly SupportNote[]
  /** Changes with anything that a baseline is made from. */
  readonly contentHash: string
}

export type Condition = (variables: Variables) => boolean
export interface Setter { readonly member: string, readonly run: Compiled }

export interface ResourceModel {
  readonly name: string
  /** The name of its documents' collection in the store. */
  readonly collection: string
  readonly inferred: InferredResource
  readonly idMember: string
  readonly newId: { readonly kind: 'text', readonly prefix: string, readonly length: number } | { readonly kind: 'uuid' } | { readonly kind: 'number' }
  /** What a new object holds before anything is set. */
  readonly skeleton: JsonObject
  /** Members that a client never sets. */
  readonly fixedMembers: ReadonlySet<string>
  readonly toCel: ToCel
  readonly references: readonly { readonly member: string, readonly resource: string }[]
  readonly set: readonly Setter[]
  readonly computed: readonly Setter[]
  readonly view: { readonly loads: readonly LoadModel[], readonly members: readonly Setter[] } | undefined
  readonly states: StatesModel | undefined
  readonly rules: ReadonlyMap<string, RuleModel>
  readonly invariants: readonly CheckModel[]
}

export interface LoadModel {
  readonly name: string
  readonly source:
    | { readonly kind: 'one', readonly resource: string, readonly id: Compiled }
    | { readonly kind: 'many', readonly resource: string, readonly where: readonly Setter[] }
    | { readonly kind: 'ledger', readonly account: string }
}

export interface StepsModel { readonly set: readonly Setter[], readonly effects: readonly EffectModel[], readonly emit: readonly string[] }
export interface CheckModel { readonly check: Condition, readonly fail: FailModel }
export interface FailModel { readonly error: string, readonly args: readonly Setter[] }
export interface RuleModel extends StepsModel {
  readonly loads: readonly LoadModel[]
  readonly checks: readonly CheckModel[]
  readonly then: readonly { readonly when: Condition, readonly operation: string }[]
  readonly reply: Compiled | undefined
}

export interface StatesModel {
  readonly member: string
  readonly initial: Compiled
  readonly transitions: readonly TransitionModel[]
  readonly entering: ReadonlyMap<string, StepsModel>
}

export interface TransitionModel extends StepsModel {
  readonly operations: ReadonlySet<string>
  readonly from: ReadonlySet<string>
  readonly to: Compiled
  readonly guard: Condition | undefined
  readonly otherwise: FailModel | undefined
}

export interface EffectModel {
  readonly when: Condition | undefined
  readonly as: string | undefined
  readonly set: readonly Setter[]
  readonly emit: readonly string[]
  readonly action:
    | { readonly kind: 'create', readonly resource: string }
    | { readonly kind: 'change', readonly resource: string, readonly id: Compiled }
    | { readonly kind: 'post', readonly from: string, readonly to: string, readonly amount: Compiled, readonly currency: Compiled }
}

export interface ErrorModel { readonly status: number, readonly body: Compiled }
export interface AccountModel { readonly name: string, readonly collection: string, readonly minimum: number | undefined, readonly fail: FailModel | undefined }

export interface TriggerModel extends StepsModel {
  readonly name: string
  readonly resource: string
  readonly operations: ReadonlySet<string>
  readonly when: Condition
  readonly to: Compiled | undefined
  readonly fail: FailModel | undefined
  readonly description: TriggerDescription
}

/** A documented magic input, for `GET /sandbox/triggers` and the docs. */
export interface TriggerDescription {
  readonly name: string
  readonly description: string
  readonly operations: ReadonlyArray<{ readonly method: string, readonly path: string, readonly operationId: string }>
  readonly input?: { readonly operation: string, readonly member: string, readonly value: Json }
  readonly outcome: { readonly status: number, readonly error?: string }
}

export interface ConventionsModel {
  readonly idLength: number
  readonly idSeparator: string
  readonly time: { readonly format: TimeFormat, readonly created: string | undefined, readonly updated: string | undefined }
  readonly list: { readonly after: string, readonly before: string, readonly limit: string, readonly defaultLimit: number, readonly maximumLimit: number, readonly envelope: Compiled | undefined }
  readonly idempotency: { readonly header: string, readonly methods: ReadonlySet<string>, readonly ttlMs: number, readonly mismatch: string } | undefined
  readonly isUnknownQueryRefused: boolean
  readonly isMergePatch: boolean
  readonly memberStyle: MemberStyle
  readonly errors: EngineErrors
}

/** The names of the errors that the engine itself raises. */
export interface EngineErrors { readonly invalid: string, readonly missing: string, readonly unknown: string, readonly notFound: string, readonly unknownReference: string, readonly unexpectedState: string }

/** What every expression of one request sees. */
export interface BaseVariables { readonly request: CelValue, readonly now: CelValue, readonly now_ms: bigint }
