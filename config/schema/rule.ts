import Type from 'typebox'
import { choice, duration, list, section, text } from './fields.ts'

const expression = (description: string) => text({ description, minLength: 1, maxLength: 4000 })
const phase = choice(['request', 'outcome'], { description: 'request: before dispatch, with nothing known of the answer. outcome: when the answer is known, whoever gave it.' })

const SignalSchema = section('An aggregate over time, kept apart for each combination of its keys.', {
  kind: choice(['count', 'distinct', 'sum'], { description: 'count: how many requests. distinct: how many different values of `of`. sum: the total of `of`.' }),
  phase: Type.Optional(choice(['request', 'outcome'], { description: 'When it is observed. Default: the rule\'s phase.' })),
  where: Type.Optional(expression('CEL, bool: which requests are observed. Default: all.')),
  of: Type.Optional(expression('CEL: a string or a list of strings for distinct, a number for sum. Not for count.')),
  by: list(expression('CEL, string. A request for which it is empty is not observed.'), { description: 'The keys: request.address, request.client, request.user_agent or any other text.', minItems: 1, maxItems: 4 }),
  window: duration({ description: 'How far back the aggregate reaches, 1s to 7d.', minimumMs: 1000 })
})

const ActionSchema = Type.Union([
  section('Refuses the request at hand. For rules of phase request.', {
    kind: Type.Literal('refuse', { description: 'Refuses the request at hand.' })
  }),
  section('Refuses the client or the address until the ban ends.', {
    kind: Type.Literal('ban', { description: 'Refuses until the ban ends.' }),
    scope: choice(['client', 'address'], { description: 'client: the client that proved itself in the request. address: the client address, IPv6 by its /64.' }),
    for: duration({ description: 'How long, 1s to 30d.', minimumMs: 1000 })
  })
])

const ExemptionSchema = section('Traffic that the rule neither counts nor judges, for a time.', {
  where: expression('CEL, bool, over request alone.'),
  owner: text({ description: 'Who asked for it and is asked when it ends.', minLength: 1, maxLength: 200 }),
  reason: text({ description: 'Why.', minLength: 1, maxLength: 500 }),
  until: text({ description: 'The last day (UTC) on which it holds, 2027-01-31.', pattern: '^\\d{4}-\\d{2}-\\d{2}$' })
})

/** One abuse rule, one file in the rules directory. docs/rules.md explains how to write one. */
export const RuleSchema = section('An abuse rule: what it counts, when it fires, and what follows.', {
  id: text({ description: 'Names the rule in records, bans and metrics; unique, and never changed once in use.', pattern: '^[a-z][a-z0-9-]{0,49}$' }),
  description: text({ description: 'What it is for, for those who read it later.', minLength: 1, maxLength: 1000 }),
  threat: text({ description: 'The OWASP Automated Threat that it meets, OAT-008.', pattern: '^OAT-0(0[1-9]|1[0-9]|2[01])$' }),
  mode: choice(['enforce', 'report', 'off'], { description: 'enforce acts, report notes what it would have done, off does nothing.' }),
  phase,
  signals: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]{0,49}$' }), SignalSchema, { description: 'Aggregates by name; `when` reads them as signals.<name>.' })),
  when: expression('CEL, bool: when the rule fires.'),
  action: ActionSchema,
  message: text({ description: 'What the client\'s owner reads in the explanation of a refusal.', minLength: 1, maxLength: 500 }),
  exemptions: Type.Optional(list(ExemptionSchema, { description: 'Traffic that the rule leaves alone, for a time.', maxItems: 100 }))
})
