import Type from 'typebox'
import { BACKCHANNEL_SECONDS_MAX, describeConditions, ONE_TIME_CODE, SLOW_SECONDS_MAX, type TestUser, type TestUserChange, type UserConditions } from '../../authz/index.ts'
import type { JsonObject } from '../../kernel/index.ts'

const Conditions = Type.Object({
  locked: Type.Optional(Type.Boolean()),
  password_expired: Type.Optional(Type.Boolean()),
  mfa_required: Type.Optional(Type.Boolean()),
  consent_denied: Type.Optional(Type.Boolean()),
  slow: Type.Optional(Type.Integer({ minimum: 1, maximum: SLOW_SECONDS_MAX })),
  backchannel: Type.Optional(Type.Object({
    decision: Type.Union([Type.Literal('approve'), Type.Literal('deny'), Type.Literal('ignore')]),
    after_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: BACKCHANNEL_SECONDS_MAX })),
  }, { additionalProperties: false })),
}, { additionalProperties: false, description: 'What happens when the user signs in: `locked`, `password_expired`, `mfa_required`, `consent_denied` (true), `slow` (seconds), `backchannel` (`decision`: approve, deny or ignore; `after_seconds`).' })

const username = Type.String({ pattern: '^[A-Za-z0-9._@+-]{1,64}$', description: '1 to 64 letters, digits and . _ @ + -; unique in the sandbox.' })
const members = {
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Default: the user name.' })),
  email: Type.Optional(Type.String({ pattern: '^[^\\s@]+@[^\\s@]+$', maxLength: 254, description: 'Default: <username>@example.test. An address outside the reserved domains (RFC 2606) is replaced.' })),
  claims: Type.Optional(Type.Object({}, { description: 'Further claims: those of OpenID Connect Core §5.1, and any of production\'s own.' })),
  conditions: Type.Optional(Conditions),
}

/** A new test user. The password's member has a name of its own: it is made up, and what is called `password` never enters a sandbox. */
export const CreateUser = Type.Object({
  username,
  ...members,
  test_password: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'A made-up password that the login page asks for; without one, a click signs in.' })),
}, { additionalProperties: false })

/** What is given replaces what was; `conditions` and `claims` as a whole. */
export const ChangeUser = Type.Object({
  username: Type.Optional(username),
  ...members,
  test_password: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 200 }), Type.Null()], { description: 'null takes it away.' })),
}, { additionalProperties: false })

type ConditionsBody = Type.Static<typeof Conditions>
type ChangeBody = Type.Static<typeof ChangeUser>

/** The members of a body, under the names of the authorization server. */
export function readUserChange ({ conditions, test_password: password, ...rest }: ChangeBody): TestUserChange {
  return { ...rest, ...(conditions === undefined ? {} : { conditions: readConditions(conditions) }), ...(password === undefined ? {} : { password }) } as TestUserChange
}

/** Conditions as they are written in bodies and in configuration, under the names of the authorization server. */
function readConditions ({ locked, password_expired: passwordExpired, mfa_required: mfaRequired, consent_denied: consentDenied, slow: slowSeconds, backchannel }: ConditionsBody): UserConditions {
  const entries = Object.entries({ locked, passwordExpired, mfaRequired, consentDenied, slowSeconds }).filter(([, value]) => value !== undefined && value !== false)
  return {
    ...Object.fromEntries(entries),
    ...(backchannel === undefined ? {} : { backchannel: { decision: backchannel.decision, afterSeconds: backchannel.after_seconds ?? 0 } }),
  }
}

/** A test user as the control API shows one; of a password only whether there is one. */
export function describeUser ({ sub, username, name, email, claims, conditions = {}, passwordHash }: TestUser): JsonObject {
  return {
    sub,
    username,
    name,
    email,
    claims: claims ?? {},
    conditions: writeConditions(conditions),
    effects: describeConditions(conditions),
    has_password: passwordHash !== undefined,
  }
}

function writeConditions ({ locked, passwordExpired, mfaRequired, consentDenied, slowSeconds, backchannel }: UserConditions): JsonObject {
  const all = { locked, password_expired: passwordExpired, mfa_required: mfaRequired, consent_denied: consentDenied, slow: slowSeconds, backchannel: backchannel && { decision: backchannel.decision, after_seconds: backchannel.afterSeconds } }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== false)) as JsonObject
}

/** The conditions as triggers, for the list of every magic input. */
export const USER_TRIGGERS: ReadonlyArray<{ readonly name: string, readonly effect: string }> = [
  { name: 'locked', effect: 'Every sign-in fails; without pages the client gets access_denied.' },
  { name: 'password_expired', effect: 'Every sign-in fails; without pages the client gets access_denied.' },
  { name: 'mfa_required', effect: `A one-time code is asked for: ${ONE_TIME_CODE} is right, every other one wrong. acr and amr tell of it.` },
  { name: 'consent_denied', effect: 'The user signs in and denies: the client gets access_denied.' },
  { name: 'slow', effect: `The sign-in is answered after this many seconds, 1 to ${SLOW_SECONDS_MAX}.` },
  { name: 'backchannel', effect: `The user's other device (CIBA) approves, denies or never answers, 0 to ${BACKCHANNEL_SECONDS_MAX} seconds after the request.` },
]
