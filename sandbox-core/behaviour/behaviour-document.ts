import type { Json } from '../../kernel/index.ts'

/**
 * A behaviour file, as read from YAML: what an API does beyond its OpenAPI document. Its JSON Schema with the meaning of every
 * key is config/schema/behaviour.ts, which checks structure before it gets here; names and expressions are checked at compile.
 *
 * A template is any JSON value; a string in it may hold `${…}` with a CEL expression. A string that is one expression and
 * nothing else becomes the expression's value with its type. `when`, `check` and `guard` are bare CEL.
 */
export interface BehaviourDocument {
  readonly behaviour: 'v1'
  readonly conventions?: Conventions
  readonly errors?: Readonly<Record<string, ErrorDeclaration>>
  readonly resources?: Readonly<Record<string, ResourceDeclaration>>
  readonly ledger?: LedgerDeclaration
  readonly triggers?: readonly TriggerDeclaration[]
  readonly events?: EventsDeclaration
  readonly seeds?: SeedsDeclaration
}

export type Template = Json
export type Expression = string

export interface Conventions {
  readonly ids?: { readonly length?: number, readonly separator?: string }
  readonly time?: { readonly format: TimeFormat, readonly created?: string, readonly updated?: string }
  readonly list?: ListConvention
  readonly idempotency?: { readonly header: string, readonly methods: readonly string[], readonly ttl: string, readonly mismatch: string }
  readonly unknown_query?: 'refuse' | 'tolerate'
  readonly update?: 'replace-members' | 'merge-patch'
  readonly member_style?: MemberStyle
  readonly errors?: { readonly invalid?: string, readonly missing?: string, readonly unknown?: string, readonly not_found?: string, readonly unknown_reference?: string, readonly unexpected_state?: string }
}

export type TimeFormat = 'epoch-seconds' | 'epoch-milliseconds' | 'rfc3339' | 'rfc2822'
export type MemberStyle = 'dots' | 'brackets' | 'pointer'

export interface ListConvention {
  readonly after?: string
  readonly before?: string
  readonly limit?: string
  readonly default_limit?: number
  readonly maximum_limit?: number
  readonly envelope?: Template
}

export interface ErrorDeclaration { readonly status: number, readonly description?: string, readonly body: Template }
export type ErrorCall = string | { readonly error: string, readonly with?: Readonly<Record<string, Template>> }

export interface ResourceDeclaration {
  readonly schema: string
  readonly id?: string
  readonly references?: Readonly<Record<string, string>>
  readonly set?: Readonly<Record<string, Template>>
  readonly computed?: Readonly<Record<string, Template>>
  readonly view?: { readonly load?: Loads, readonly members: Readonly<Record<string, Template>> }
  readonly states?: StatesDeclaration
  readonly operations?: Readonly<Record<string, OperationRule>>
  readonly invariants?: readonly Check[]
}

export type Loads = Readonly<Record<string, LoadDeclaration>>
export interface LoadDeclaration {
  readonly resource?: string
  readonly id?: Template
  readonly where?: Readonly<Record<string, Template>>
  readonly ledger?: string
}

export interface Check { readonly check: Expression, readonly fail: ErrorCall }

export interface ChangeSteps {
  readonly set?: Readonly<Record<string, Template>>
  readonly effects?: readonly EffectDeclaration[]
  readonly emit?: string | readonly string[]
}

export interface OperationRule extends ChangeSteps {
  readonly load?: Loads
  readonly checks?: readonly Check[]
  readonly then?: ReadonlyArray<{ readonly when: Expression, readonly do: string }>
  readonly reply?: Template
}

export interface StatesDeclaration {
  readonly member: string
  readonly initial: Template
  readonly transitions: readonly TransitionDeclaration[]
  readonly entering?: Readonly<Record<string, ChangeSteps>>
}

export interface TransitionDeclaration extends ChangeSteps {
  readonly on: string | readonly string[]
  readonly from: readonly string[]
  readonly to: Template
  readonly guard?: Expression
  readonly otherwise?: ErrorCall
}

export interface EffectDeclaration extends ChangeSteps {
  readonly when?: Expression
  readonly create?: string
  readonly as?: string
  readonly change?: string
  readonly id?: Template
  readonly post?: PostDeclaration
}

export interface PostDeclaration { readonly from: string, readonly to: string, readonly amount: Template, readonly currency: Template }

export interface LedgerDeclaration { readonly accounts: Readonly<Record<string, { readonly minimum?: number, readonly fail?: ErrorCall }>> }

export interface TriggerDeclaration {
  readonly name: string
  readonly description: string
  readonly on: readonly string[]
  readonly input?: { readonly operation: string, readonly member: string, readonly value: Json }
  readonly when: Expression
  readonly outcome: ChangeSteps & { readonly to?: Template, readonly fail?: ErrorCall }
}

export interface EventsDeclaration { readonly resource: string, readonly members: Readonly<Record<string, Template>> }

export interface SeedsDeclaration {
  readonly at: string
  readonly interval?: string
  readonly objects?: Readonly<Record<string, ReadonlyArray<Readonly<Record<string, Json>>>>>
  readonly steps?: readonly SeedStep[]
}

export interface SeedStep { readonly operation: string, readonly path?: Readonly<Record<string, Template>>, readonly body?: Template, readonly as?: string, readonly status?: number }
