import Type from 'typebox'
import { parseDurationMs, type SandboxId } from '../../kernel/index.ts'
import type { SandboxCore } from '../../sandbox-core/index.ts'
import type { RequestRecords } from '../record/index.ts'
import { requestRoutes } from './request-routes.ts'
import { developerRoute, done, NOT_FOUND, refused, type ControlRoute } from './route.ts'
import type { Sandboxes } from './sandboxes.ts'
import { USER_TRIGGERS } from './user-body.ts'

/** What a developer does with the sandbox itself. */
export interface SandboxRoutesDeps {
  readonly sandboxes: Pick<Sandboxes, 'get'>
  readonly core: Pick<SandboxCore, 'reset' | 'clock' | 'triggers'>
  readonly records: RequestRecords
  /** Names of the APIs that run in the core. */
  readonly coreApis: readonly string[]
  readonly listClients: (sandboxId: SandboxId) => Promise<ReadonlyArray<{ readonly clientId: string, readonly name: string, readonly authMethod: string }>>
}

/** The sandbox, its reset, its clock, its triggers, and why its requests were refused. */
export function sandboxRoutes (deps: SandboxRoutesDeps): readonly ControlRoute[] {
  return [
    developerRoute({ method: 'GET', path: '/sandbox', operationId: 'getSandbox', summary: 'The sandbox that the credential belongs to.' }, async (sandboxId) => {
      const sandbox = await deps.sandboxes.get(sandboxId)
      if (sandbox === undefined) return NOT_FOUND
      const clients = await deps.listClients(sandboxId)
      return done(200, {
        ...sandbox,
        clock: clockOf(sandboxId, deps),
        apis: [...deps.coreApis],
        clients: clients.map(({ clientId, name, authMethod }) => ({ client_id: clientId, name, token_endpoint_auth_method: authMethod })),
      })
    }),
    developerRoute({ method: 'POST', path: '/sandbox/reset', operationId: 'resetSandbox', summary: 'Puts the world back to its baseline; credentials, endpoints, records and the clock stay.' }, async (sandboxId) => {
      await deps.core.reset(sandboxId)
      return done(200, { sandbox: sandboxId, reset: true })
    }),
    developerRoute({ method: 'POST', path: '/sandbox/clock/advance', operationId: 'advanceClock', summary: 'Moves the sandbox\'s clock forward; tokens age with it.', body: Type.Object({ by: Type.String({ description: 'A duration, `60m`.' }) }, { additionalProperties: false }) }, async (sandboxId, { body }) => {
      const byMs = parseDurationMs(body.by)
      if (byMs === undefined || byMs > CLOCK_ADVANCE_MS_MAX) return refused('request_invalid', 'by is a duration of at most 3650d, such as 30s, 60m or 7d.', ['/by'])
      await deps.core.clock.advance(sandboxId, byMs)
      return done(200, clockOf(sandboxId, deps))
    }),
    developerRoute({ method: 'GET', path: '/sandbox/triggers', operationId: 'listTriggers', summary: 'Every documented magic input and what it causes.' }, () =>
      done(200, { data: deps.coreApis.flatMap((api) => deps.core.triggers(api).map((trigger) => ({ api, ...trigger }))), users: USER_TRIGGERS.map((trigger) => ({ ...trigger })) })),
    ...requestRoutes(deps),
  ]
}

const CLOCK_ADVANCE_MS_MAX = 3650 * 86_400_000

function clockOf (sandboxId: SandboxId, { core }: SandboxRoutesDeps): { readonly now: string } {
  return { now: new Date(core.clock.nowMs(sandboxId)).toISOString() }
}
