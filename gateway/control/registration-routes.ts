import Type from 'typebox'
import type { AuthorizationServer, RegistrationToken } from '../../authz/index.ts'
import { parseDurationMs, type JsonObject } from '../../kernel/index.ts'
import { developerRoute, done, NOT_FOUND, refused, type ControlRoute } from './route.ts'

export interface RegistrationRoutesDeps {
  readonly authz: Pick<AuthorizationServer, 'registrationTokens' | 'registrationEndpoint'>
}

const USES_MAX = 100
const LIFETIME_MS_MAX = 365 * 86_400_000

const CreateToken = Type.Object({
  uses: Type.Optional(Type.Integer({ minimum: 1, maximum: USES_MAX, description: 'How many clients it registers; default: as many as the sandbox may have.' })),
  expires_in: Type.Optional(Type.String({ maxLength: 20, description: 'A duration of at most `365d`; default `7d`.' })),
}, { additionalProperties: false })

const NO_REGISTRATION = refused('request_invalid', 'There is no client registration here (profile.registration).')

/** Initial access tokens (RFC 7591 §1.2), by which clients register themselves in this sandbox. */
export function registrationRoutes ({ authz }: RegistrationRoutesDeps): readonly ControlRoute[] {
  return [
    developerRoute({ method: 'POST', path: '/sandbox/registration-tokens', operationId: 'createRegistrationToken', summary: 'Makes an initial access token for client registration (RFC 7591), shown this once; clients that register with it belong to this sandbox.', body: CreateToken }, async (sandboxId, { body }) => {
      const { registrationTokens: tokens, registrationEndpoint = '' } = authz
      if (tokens === undefined) return NO_REGISTRATION
      const lifetimeMs = parseDurationMs(body.expires_in ?? '7d')
      if (lifetimeMs === undefined || lifetimeMs < 1000 || lifetimeMs > LIFETIME_MS_MAX) return refused('request_invalid', 'expires_in is a duration from 1s to 365d, such as 1h or 7d.', ['/expires_in'])
      const made = await tokens.create({ sandboxId, lifetimeMs, ...(body.uses === undefined ? {} : { usesMax: body.uses }) })
      if (made === undefined) return refused('quota_exceeded', 'The sandbox has as many registration tokens as it may have; revoke one.')
      return done(201, { ...describe(made), initial_access_token: made.token.reveal(), registration_endpoint: registrationEndpoint })
    }),
    developerRoute({ method: 'GET', path: '/sandbox/registration-tokens', operationId: 'listRegistrationTokens', summary: 'The sandbox\'s initial access tokens, without the tokens.' }, async (sandboxId) =>
      authz.registrationTokens === undefined ? NO_REGISTRATION : done(200, { data: (await authz.registrationTokens.list(sandboxId)).map(describe) })),
    developerRoute({ method: 'DELETE', path: '/sandbox/registration-tokens/{id}', operationId: 'revokeRegistrationToken', summary: 'Revokes an initial access token; clients that registered with it stay.' }, async (sandboxId, { parameters }) =>
      await authz.registrationTokens?.revoke(sandboxId, parameters['id'] ?? '') === true ? done(204) : NOT_FOUND),
  ]
}

function describe ({ id, usesMax, createdAtMs, expiresAtMs }: RegistrationToken): JsonObject {
  return { id, uses: usesMax ?? null, created_at: new Date(createdAtMs).toISOString(), expires_at: new Date(expiresAtMs).toISOString() }
}
