import { isJsonObject, type Json } from '../../kernel/index.ts'
import type { OutcomeFacts, RequestFacts } from './facts.ts'

/** A member of `request` or `outcome` as rules see it. */
export interface Variable {
  /** CEL type. */
  readonly type: string
  readonly description: string
}

/** What `request` has, in both phases. The table in docs/rules.md is checked against it. */
export const requestVariables = {
  surface: { type: 'string', description: '`token` for the authorization server, `api` for the sandboxed APIs' },
  method: { type: 'string', description: 'HTTP method, upper case' },
  path: { type: 'string', description: 'route template, `/v1/customers/{customer_id}`; empty when nothing is served there' },
  resource: { type: 'string', description: 'path as sent, scrubbed, without the query' },
  operation: { type: 'string', description: 'operationId of the API\'s document' },
  address: { type: 'string', description: 'client address; IPv6 by its /64' },
  client: { type: 'string', description: 'client id, once the client has proved itself' },
  claimed_client: { type: 'string', description: 'client id that the request says it is, proven or not' },
  sandbox: { type: 'string', description: 'sandbox that the credentials chose' },
  username: { type: 'string', description: 'user name that a login tried' },
  user_agent: { type: 'string', description: 'User-Agent header' },
  certificate: { type: 'string', description: 'SHA-256 thumbprint of the client certificate' },
  grant_type: { type: 'string', description: 'grant_type of a token request' },
  card_fingerprints: { type: 'list<string>', description: 'keyed hashes of the card numbers in the request that are no test numbers; the key changes daily' },
  body: { type: 'map<string, dyn>', description: 'scrubbed JSON body, without members that are null; empty when it is no object' }
} as const satisfies Record<string, Variable>

/** What `outcome` has, in phase outcome. */
export const outcomeVariables = {
  status: { type: 'int', description: 'HTTP status' },
  code: { type: 'string', description: 'refusal code (docs/errors.md), OAuth error, or the API\'s own error code' },
  stage: { type: 'string', description: 'stage of the pipeline that refused; empty when none did' }
} as const satisfies Record<string, Variable>

/** Values of a body that rules get to see; a larger body is a fault of the rule that reads it, not a long wait. */
export const BODY_VALUES_MAX = 10_000

/**
 * `request` for the expression engine: members are computed when an expression reads them, so that a rule pays for what
 * it looks at and for nothing else.
 */
export class RequestView implements Record<keyof typeof requestVariables, unknown> {
  readonly #facts: RequestFacts
  #body: ReadonlyMap<string, unknown> | undefined

  constructor (facts: RequestFacts) {
    this.#facts = facts
  }

  get surface (): string { return this.#facts.surface }
  get method (): string { return this.#facts.method }
  get path (): string { return this.#facts.path }
  get resource (): string { return this.#facts.resource }
  get operation (): string { return this.#facts.operationId ?? '' }
  get address (): string { return this.#facts.address }
  get client (): string { return this.#facts.clientId ?? '' }
  get claimed_client (): string { return this.#facts.claimedClientId ?? this.#facts.clientId ?? '' }
  get sandbox (): string { return this.#facts.sandboxId ?? '' }
  get username (): string { return this.#facts.username ?? '' }
  get user_agent (): string { return this.#facts.userAgent ?? '' }
  get certificate (): string { return this.#facts.certificateThumbprint ?? '' }
  get grant_type (): string { return this.#facts.grantType ?? '' }
  get card_fingerprints (): readonly string[] { return this.#facts.cardFingerprints }

  get body (): ReadonlyMap<string, unknown> {
    this.#body ??= isJsonObject(this.#facts.body) ? toMap(this.#facts.body, { left: BODY_VALUES_MAX }) : new Map()
    return this.#body
  }
}

/** `outcome` for the expression engine. */
export class OutcomeView implements Record<keyof typeof outcomeVariables, unknown> {
  readonly #facts: OutcomeFacts

  constructor (facts: OutcomeFacts) {
    this.#facts = facts
  }

  get status (): bigint { return BigInt(this.#facts.status) }
  get code (): string { return this.#facts.code ?? '' }
  get stage (): string { return this.#facts.stage ?? '' }
}

/** The variables of one evaluation. */
export interface Context {
  readonly request: RequestView
  readonly outcome?: OutcomeView
  readonly signals?: object
}

/**
 * JSON as maps, because the engine takes an object for what its member `constructor` says it is: a body with such a
 * member would make every rule that reads bodies fail. A member that is null is left out, so that `has` tells it from a value.
 */
function toMap (object: { readonly [key: string]: Json }, budget: { left: number }): Map<string, unknown> {
  const map = new Map<string, unknown>()
  for (const key of Object.keys(object)) {
    const value = object[key] as Json
    if (value !== null) map.set(key, toCelValue(value, budget))
  }
  return map
}

function toCelValue (value: Json, budget: { left: number }): unknown {
  if (--budget.left < 0) throw new RangeError(`The body has more than ${BODY_VALUES_MAX} values`)
  if (typeof value !== 'object' || value === null) return value
  if (isJsonObject(value)) return toMap(value, budget)
  return value.map((item) => toCelValue(item, budget))
}
