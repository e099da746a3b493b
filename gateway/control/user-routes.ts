import Type from 'typebox'
import { UserRefused, type AuthorizationServer, type BackchannelRequest, type Consent, type TestUser } from '../../authz/index.ts'
import type { Json, JsonObject, SandboxId } from '../../kernel/index.ts'
import { developerRoute, done, NOT_FOUND, refused, type ControlAnswer, type ControlRoute } from './route.ts'
import { ChangeUser, CreateUser, describeUser, readUserChange } from './user-body.ts'

/** What the people of a sandbox are made of. */
export interface UserRoutesDeps {
  readonly authz: Pick<AuthorizationServer, 'users' | 'consents' | 'deviceApprovals' | 'backchannel'>
  /** Puts pseudonyms in the place of personal data; cards were refused before. */
  readonly scrub: (value: Json, scope: string) => { readonly value: Json, readonly removals: ReadonlyArray<{ readonly pointer: string }> }
}

const USERS_MAX = 200

const Decision = Type.Union([Type.Literal('approve'), Type.Literal('deny')], { description: '`approve` or `deny`.' })

/** A sandbox's test users, what they consented to, and the decisions that a person would make on another device. */
export function userRoutes (deps: UserRoutesDeps): readonly ControlRoute[] {
  return [...testUserRoutes(deps), ...consentRoutes(deps), ...deviceRoutes(deps)]
}

function testUserRoutes ({ authz: { users }, scrub }: UserRoutesDeps): readonly ControlRoute[] {
  return [
    developerRoute({ method: 'GET', path: '/sandbox/users', operationId: 'listUsers', summary: 'The test users that the login page offers, and what happens when they sign in.' }, async (sandboxId) =>
      done(200, { data: (await users.list(sandboxId)).map(describeUser) })),
    developerRoute({ method: 'POST', path: '/sandbox/users', operationId: 'createUser', summary: 'Makes a test user.', body: CreateUser }, async (sandboxId, { body }) => {
      if ((await users.list(sandboxId)).length >= USERS_MAX) return refused('quota_exceeded', `A sandbox has at most ${USERS_MAX} test users.`)
      const { clean, replaced } = withoutPersonalData(scrub, sandboxId, body)
      const { username } = clean
      const { password, ...wanted } = readUserChange(clean)
      return await orRefuse(async () => done(201, { ...describeUser(await users.create(sandboxId, { name: username, email: `${username.replaceAll(/[^A-Za-z0-9._-]/g, '-')}@example.test`, ...wanted, username, ...(typeof password === 'string' ? { password } : {}) })), ...replaced }))
    }),
    developerRoute({ method: 'GET', path: '/sandbox/users/{sub}', operationId: 'getUser', summary: 'One test user, by `sub` or user name.' }, async (sandboxId, { parameters }) => {
      const user = await find(users, sandboxId, parameters)
      return user === undefined ? NOT_FOUND : done(200, describeUser(user))
    }),
    developerRoute({ method: 'PATCH', path: '/sandbox/users/{sub}', operationId: 'changeUser', summary: 'Changes what is given; `claims` and `conditions` as a whole. Works at once.', body: ChangeUser }, async (sandboxId, { parameters, body }) => {
      const user = await find(users, sandboxId, parameters)
      if (user === undefined) return NOT_FOUND
      return await orRefuse(async () => {
        const { clean, replaced } = withoutPersonalData(scrub, sandboxId, body)
        const changed = await users.update(sandboxId, user.sub, readUserChange(clean))
        return changed === undefined ? NOT_FOUND : done(200, { ...describeUser(changed), ...replaced })
      })
    }),
    developerRoute({ method: 'DELETE', path: '/sandbox/users/{sub}', operationId: 'deleteUser', summary: 'Removes a test user; consents and tokens end at once.' }, async (sandboxId, { parameters }) => {
      const user = await find(users, sandboxId, parameters)
      return user !== undefined && await users.delete(sandboxId, user.sub) ? done(204) : NOT_FOUND
    }),
  ]
}

/** What would be somebody's is replaced, and the answer says where, so that nobody wonders. The made-up password is kept as it is. */
function withoutPersonalData<Body extends { readonly test_password?: string | null }> (scrub: UserRoutesDeps['scrub'], sandboxId: SandboxId, body: Body): { readonly clean: Body, readonly replaced: { readonly replaced?: string[] } } {
  const { test_password: password, ...rest } = body
  const { value, removals } = scrub(rest as unknown as Json, sandboxId)
  const clean = { ...(value as object), ...(password === undefined ? {} : { test_password: password }) } as Body
  return { clean, replaced: removals.length === 0 ? {} : { replaced: removals.map(({ pointer }) => pointer) } }
}

function consentRoutes ({ authz: { users, consents } }: UserRoutesDeps): readonly ControlRoute[] {
  return [
    developerRoute({ method: 'GET', path: '/sandbox/users/{sub}/consents', operationId: 'listConsents', summary: 'What a test user allowed which client, newest first.' }, async (sandboxId, { parameters }) => {
      const user = await find(users, sandboxId, parameters)
      return user === undefined ? NOT_FOUND : done(200, { data: (await consents.list(sandboxId, user.sub)).map(describeConsent) })
    }),
    developerRoute({ method: 'DELETE', path: '/sandbox/users/{sub}/consents', operationId: 'revokeConsents', summary: 'Revokes all of a user\'s consents, or those of `?client_id=`; their tokens stop at once.' }, async (sandboxId, { parameters, query }) => {
      const user = await find(users, sandboxId, parameters)
      if (user === undefined) return NOT_FOUND
      return done(200, { revoked: await consents.revokeAll(sandboxId, user.sub, query.get('client_id') ?? undefined) })
    }),
    developerRoute({ method: 'DELETE', path: '/sandbox/users/{sub}/consents/{id}', operationId: 'revokeConsent', summary: 'Revokes one consent; its tokens stop at once.' }, async (sandboxId, { parameters }) => {
      const user = await find(users, sandboxId, parameters)
      return user !== undefined && await consents.revoke(sandboxId, user.sub, parameters['id'] ?? '') ? done(204) : NOT_FOUND
    }),
  ]
}

const DecideDevice = Type.Object({
  user_code: Type.String({ minLength: 1, maxLength: 40, description: 'As the device shows it.' }),
  user: Type.String({ minLength: 1, maxLength: 64, description: 'The user name of the test user who decides.' }),
  decision: Type.Optional(Decision),
  otp: Type.Optional(Type.String({ maxLength: 12, description: 'The one-time code of a user with `mfa_required`.' })),
}, { additionalProperties: false })

const DecideRequest = Type.Object({ decision: Decision }, { additionalProperties: false })

function deviceRoutes ({ authz: { deviceApprovals, backchannel } }: UserRoutesDeps): readonly ControlRoute[] {
  return [
    developerRoute({ method: 'POST', path: '/sandbox/device-approvals', operationId: 'decideDevice', summary: 'Answers a device\'s code (RFC 8628) in a test user\'s place.', body: DecideDevice }, async (sandboxId, { body }) => {
      const outcome = await deviceApprovals.decide(sandboxId, { userCode: body.user_code, username: body.user, decision: body.decision ?? 'approve', ...(body.otp === undefined ? {} : { oneTimeCode: body.otp }) })
      switch (outcome.kind) {
        case 'unknown': return NOT_FOUND
        case 'refused': return refused('request_invalid', outcome.detail)
        case 'denied': return done(200, { decision: 'denied', client_id: outcome.clientId, detail: outcome.detail })
        case 'approved': return done(200, { decision: 'approved', client_id: outcome.clientId, sub: outcome.sub, scope: outcome.scopes.join(' ') })
      }
    }),
    developerRoute({ method: 'GET', path: '/sandbox/backchannel-requests', operationId: 'listBackchannelRequests', summary: 'Authentication requests that went to a test user\'s other device (CIBA), newest first.' }, async (sandboxId) =>
      done(200, { data: (await backchannel.list(sandboxId)).map(describeRequest) })),
    developerRoute({ method: 'POST', path: '/sandbox/backchannel-requests/{id}', operationId: 'decideBackchannelRequest', summary: 'Answers one in the test user\'s place.', body: DecideRequest }, async (sandboxId, { parameters, body }) => {
      const outcome = await backchannel.decide(sandboxId, parameters['id'] ?? '', body.decision)
      switch (outcome.kind) {
        case 'unknown': return NOT_FOUND
        case 'refused': return refused('request_invalid', outcome.detail)
        case 'decided': return done(200, describeRequest(outcome.request))
      }
    }),
  ]
}

/** Users are found by `sub` or by user name, whichever is at hand. */
async function find (users: UserRoutesDeps['authz']['users'], sandboxId: SandboxId, { sub = '' }: Readonly<Record<string, string>>): Promise<TestUser | undefined> {
  return await users.get(sandboxId, sub) ?? await users.findByUsername(sandboxId, sub)
}

async function orRefuse (run: () => Promise<ControlAnswer>): Promise<ControlAnswer> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof UserRefused) return refused('request_invalid', `${error.message}.`, [error.pointer])
    throw error
  }
}

function describeConsent (consent: Consent): JsonObject {
  return {
    id: consent.id,
    client_id: consent.clientId,
    scope: consent.scopes.join(' '),
    resources: [...consent.resources],
    claims: [...consent.claims],
    authorization_details: [...consent.authorizationDetails] as Json[],
    granted_at: new Date(consent.grantedAtMs).toISOString(),
  }
}

function describeRequest (request: BackchannelRequest): JsonObject {
  return {
    id: request.id,
    status: request.status,
    client_id: request.clientId,
    sub: request.sub,
    username: request.username,
    scope: request.scopes.join(' '),
    binding_message: request.bindingMessage ?? null,
    delivery_mode: request.deliveryMode,
    created_at: new Date(request.createdAtMs).toISOString(),
    expires_at: new Date(request.expiresAtMs).toISOString(),
    detail: request.detail ?? null,
    notification: request.notification ?? null,
    automatic: request.automatic === undefined ? null : { decision: request.automatic.decision, at: new Date(request.automatic.atMs).toISOString() },
  }
}
