import Type, { type Static, type TSchema } from 'typebox'

const closed = { additionalProperties: false }
const text = (description: string) => Type.String({ description })
const names = <T extends TSchema>(value: T, description: string) => Type.Record(Type.String(), value, { description })

const Template = Type.Unknown({ description: 'Any JSON value. Strings may hold CEL in a dollar sign and braces; a string that is exactly one such expression becomes its value with its type.' })
const Templates = names(Template, 'Members and the templates of their values.')
const Expression = text('A CEL expression. `matches()` is refused: use text.matchesPattern(pattern), which RE2 runs.')

const ErrorCall = Type.Union([
  text('The name of an error of the catalogue.'),
  Type.Object({ error: text('The name of an error of the catalogue.'), with: Type.Optional(names(Template, 'Arguments, `args.<name>` in the body of the error.')) }, closed),
], { description: 'An error of the catalogue, with arguments or without.' })

const Check = Type.Object({ check: Expression, fail: ErrorCall }, { ...closed, description: 'When `check` is false the request fails and nothing of it is stored.' })

const Loads = names(Type.Object({
  resource: Type.Optional(text('The resource to read: one object by `id`, or those that `where` matches.')),
  id: Type.Optional(Template),
  where: Type.Optional(Templates),
  ledger: Type.Optional(text('An account of the ledger: a list of {currency, amount}, derived from all postings.')),
}, closed), 'Objects to read before the rule runs, as CEL variables. One object is null when there is none.')

const Effect = Type.Object({
  when: Type.Optional(Expression),
  create: Type.Optional(text('The resource to create an object of; `set` gives its members.')),
  as: Type.Optional(text('The CEL variable that later effects see the created or changed object under.')),
  change: Type.Optional(text('The resource of the object to change; `id` names it, `target` is its value in `set`.')),
  id: Type.Optional(Template),
  post: Type.Optional(Type.Object({ from: text('The account debited.'), to: text('The account credited.'), amount: Template, currency: Template }, { ...closed, description: 'A double entry of the ledger, in minor units.' })),
  set: Type.Optional(Templates),
  effects: Type.Optional(Type.Array(Type.Unsafe<never>(Type.Never({ description: 'Effects do not nest.' })))),
  emit: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())], { description: 'Types of events about the created or changed object.' })),
}, { ...closed, description: 'One of `create`, `change` and `post`.' })

const changeSteps = {
  set: Type.Optional(Templates),
  effects: Type.Optional(Type.Array(Effect)),
  emit: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())], { description: 'Types of events about the object, with its state at the end of the request.' })),
}

const OperationRule = Type.Object({
  ...changeSteps,
  load: Type.Optional(Loads),
  checks: Type.Optional(Type.Array(Check)),
  then: Type.Optional(Type.Array(Type.Object({ when: Expression, do: text('Another operation of the resource, run on the same object in the same request.') }, closed))),
  reply: Type.Optional(Template),
}, { ...closed, description: 'What an operation (create, update, delete or the verb of an action) does: load, set, checks, trigger, transition, effects, then.' })

const Transition = Type.Object({
  ...changeSteps,
  on: Type.Union([Type.String(), Type.Array(Type.String())], { description: 'The operations that may cause it.' }),
  from: Type.Array(Type.String(), { description: 'The states it may leave.' }),
  to: Template,
  guard: Type.Optional(Expression),
  otherwise: Type.Optional(ErrorCall),
}, closed)

const Resource = Type.Object({
  schema: text('JSON Pointer of the schema in the document: #/components/schemas/Payment.'),
  id: Type.Optional(text('The prefix of identifiers, without its separator: pay.')),
  references: Type.Optional(names(Type.String(), 'Members that hold the id of an object of another resource; a missing object fails with conventions.errors.unknown_reference.')),
  set: Type.Optional(Templates),
  computed: Type.Optional(Templates),
  view: Type.Optional(Type.Object({ load: Type.Optional(Loads), members: Templates }, { ...closed, description: 'For singletons: members computed at every read.' })),
  states: Type.Optional(Type.Object({
    member: text('The member that holds the state.'),
    initial: Template,
    transitions: Type.Array(Transition),
    entering: Type.Optional(names(Type.Object(changeSteps, closed), 'What happens whenever a state is entered by a transition.')),
  }, closed)),
  operations: Type.Optional(names(OperationRule, 'Rules by operation.')),
  invariants: Type.Optional(Type.Array(Check, { description: 'Checked after every change, before the commit.' })),
}, closed)

const Trigger = Type.Object({
  name: text('Unique, snake_case.'),
  description: text('For the people who look for it in GET /sandbox/triggers.'),
  on: Type.Array(Type.String(), { description: 'Operations, as resource.operation: payment.confirm.' }),
  input: Type.Optional(Type.Object({ operation: text('The operationId to send it to.'), member: text('The member to set.'), value: Type.Unsafe<string | number | boolean | null>(Type.Unknown()) }, { ...closed, description: 'The documented magic value.' })),
  when: Expression,
  outcome: Type.Object({ ...changeSteps, to: Type.Optional(Template), fail: Type.Optional(ErrorCall) }, { ...closed, description: 'Stored even when it fails: a declined payment is remembered as declined.' }),
}, closed)

const Conventions = Type.Object({
  ids: Type.Optional(Type.Object({ length: Type.Optional(Type.Integer({ minimum: 8, maximum: 64 })), separator: Type.Optional(Type.String({ maxLength: 4 })) }, closed)),
  time: Type.Optional(Type.Object({
    format: Type.Union([Type.Literal('epoch-seconds'), Type.Literal('epoch-milliseconds'), Type.Literal('rfc3339'), Type.Literal('rfc2822')]),
    created: Type.Optional(text('The member set at creation.')),
    updated: Type.Optional(text('The member set at every change.')),
  }, closed)),
  list: Type.Optional(Type.Object({
    after: Type.Optional(text('The query parameter that holds the id to start after.')),
    before: Type.Optional(text('The query parameter that holds the id to end before.')),
    limit: Type.Optional(text('The query parameter of the page size.')),
    default_limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    maximum_limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    envelope: Type.Optional(Template),
  }, { ...closed, description: 'Lists are newest first. The envelope sees page.items, page.has_more, page.next and request.path; without it the reply is shaped by its schema.' })),
  idempotency: Type.Optional(Type.Object({
    header: text('The header of the key.'),
    methods: Type.Array(Type.String()),
    ttl: text('How long an outcome is remembered: 24h.'),
    mismatch: text('The error for the same key with another request.'),
  }, closed)),
  unknown_query: Type.Optional(Type.Union([Type.Literal('refuse'), Type.Literal('tolerate')])),
  update: Type.Optional(Type.Union([Type.Literal('replace-members'), Type.Literal('merge-patch')], { description: 'merge-patch: objects are merged by RFC 7396.' })),
  member_style: Type.Optional(Type.Union([Type.Literal('dots'), Type.Literal('brackets'), Type.Literal('pointer')], { description: 'How error messages name nested members.' })),
  errors: Type.Optional(Type.Object({
    invalid: Type.Optional(Type.String()), missing: Type.Optional(Type.String()), unknown: Type.Optional(Type.String()), not_found: Type.Optional(Type.String()), unknown_reference: Type.Optional(Type.String()), unexpected_state: Type.Optional(Type.String()),
  }, { ...closed, description: 'The errors of the catalogue that the engine itself uses. Their arguments: param, message, resource, id, state, operation.' })),
}, closed)

/**
 * A behaviour file: what an API does beyond its OpenAPI document. It declares only what inference cannot know; without one,
 * every inferred collection can still be created, read, listed, updated and deleted.
 */
export const BehaviourSchema = Type.Object({
  behaviour: Type.Literal('v1'),
  conventions: Type.Optional(Conventions),
  errors: Type.Optional(names(Type.Object({ status: Type.Integer({ minimum: 400, maximum: 499 }), description: Type.Optional(Type.String()), body: Template }, closed), 'The API\'s own errors. Bodies see `args`.')),
  resources: Type.Optional(names(Resource, 'Resources by name.')),
  ledger: Type.Optional(Type.Object({
    accounts: names(Type.Object({ minimum: Type.Optional(Type.Integer()), fail: Type.Optional(ErrorCall) }, closed), 'Accounts by name. A posting that leaves less than `minimum` in a currency rolls the request back.'),
  }, closed)),
  triggers: Type.Optional(Type.Array(Trigger)),
  events: Type.Optional(Type.Object({ resource: text('The resource that events are stored as.'), members: Templates }, { ...closed, description: 'The members of an event; they see event.type, event.object and event.previous.' })),
  seeds: Type.Optional(Type.Object({
    at: text('The baseline\'s date, RFC 3339.'),
    interval: Type.Optional(text('Time between two steps: 1h.')),
    objects: Type.Optional(names(Type.Array(Type.Record(Type.String(), Type.Unsafe<string>(Type.Unknown()))), 'Objects by resource, with their ids; what is left out is filled in as at creation.')),
    steps: Type.Optional(Type.Array(Type.Object({
      operation: text('An operationId.'),
      path: Type.Optional(Templates),
      body: Type.Optional(Template),
      as: Type.Optional(text('The name that later steps use for the reply, as in name.id.')),
      status: Type.Optional(Type.Integer({ description: 'The expected status; default: any 2xx.' })),
    }, closed))),
  }, { ...closed, description: 'What every world starts with.' })),
}, { ...closed, $id: 'https://sandgate.dev/schema/behaviour.json', title: 'Sandgate behaviour' })

/** A behaviour file that passed the schema. */
export type Behaviour = Static<typeof BehaviourSchema>
