import type { FastifyInstance } from 'fastify'
import type { JWK } from 'jose'
import type { Clock } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import { OPENID_SCOPES, type AuthorizationProfile, type ProtectedApi } from '../authorization-profile.ts'
import { createRegistration, type RegistrationDeps } from './registration-endpoint.ts'
import { registerRegistrationRoutes, type RegistrationRoutesDeps } from './registration-routes.ts'
import { createRegistrationTokens, type RegistrationTokens } from './registration-tokens.ts'
import { createSoftwareStatements } from './software-statement.ts'

export interface OpenRegistrationDeps extends Pick<RegistrationDeps, 'clients' | 'directory' | 'clientsMax'>, Pick<RegistrationRoutesDeps, 'issuer' | 'onFailure' | 'onClientProven'> {
  readonly profile: Pick<AuthorizationProfile, 'registration' | 'requireSoftwareStatement' | 'paths' | 'signingAlgorithm'>
  readonly apis: readonly ProtectedApi[]
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly softwareStatementKeys: readonly JWK[]
}

/** What the rest sees of registration; undefined where the profile has none. */
export interface OpenedRegistration {
  readonly tokens: RegistrationTokens
  /** URL of the client registration endpoint. */
  readonly endpoint: string
  readonly registerRoutes: (app: FastifyInstance) => void
}

/** Opens client registration as the profile has it. */
export function openRegistration (deps: OpenRegistrationDeps): OpenedRegistration | undefined {
  const { profile, issuer } = deps
  if (profile.registration === 'off') return undefined
  const path = profile.paths.registration
  const tokens = createRegistrationTokens(deps)
  const registration = createRegistration({
    ...deps,
    tokens,
    applySoftwareStatement: createSoftwareStatements({ clock: deps.clock, trustedKeys: deps.softwareStatementKeys, isRequired: profile.requireSoftwareStatement }),
    defaultScopes: [...new Set([...OPENID_SCOPES, ...deps.apis.flatMap(({ scopes }) => scopes)])],
    signingAlgorithm: profile.signingAlgorithm,
    locationOf: (clientId) => new URL(`${path}/${clientId}`, issuer).href,
  })
  return { tokens, endpoint: new URL(path, issuer).href, registerRoutes: (app) => registerRegistrationRoutes(app, { ...deps, registration, path }) }
}
