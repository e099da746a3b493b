import Type from 'typebox'
import { parseDurationMs, type SandboxId } from '../../kernel/index.ts'
import type { SandboxCore } from '../../sandbox-core/index.ts'
import type { LogEntry } from '../../stores/index.ts'
import type { RequestRecord, RequestRecords } from '../record/index.ts'
import { developerRoute, done, NOT_FOUND, readPage, refused, type ControlRoute } from './route.ts'
import type { Sandboxes } from './sandboxes.ts'

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
      done(200, { data: deps.coreApis.flatMap((api) => deps.core.triggers(api).map((trigger) => ({ api, ...trigger }))) })),
    ...requestRoutes(deps),
  ]
}

const CLOCK_ADVANCE_MS_MAX = 3650 * 86_400_000

function requestRoutes ({ records }: SandboxRoutesDeps): readonly ControlRoute[] {
  return [
    developerRoute({ method: 'GET', path: '/sandbox/requests', operationId: 'listRequests', summary: 'Requests of this sandbox\'s clients, newest first.' }, async (sandboxId, { query }) => {
      const page = readPage(query)
      const entries = await records.list(sandboxId, page)
      const last = entries.at(-1)
      return done(200, { data: entries.map((entry) => summaryOf(recordOf(entry))), next: entries.length === page.limit && last !== undefined ? last.id : null })
    }),
    developerRoute({ method: 'GET', path: '/sandbox/requests/{id}', operationId: 'getRequest', summary: 'One request, with the cause and the fix when it was refused.' }, async (sandboxId, { parameters }) => {
      const entry = await records.get(sandboxId, parameters['id'] ?? '')
      if (entry === undefined) return NOT_FOUND
      const record = recordOf(entry)
      return done(200, {
        ...summaryOf(record),
        subject: record.subject ?? null,
        certificate_thumbprint: record.certificateThumbprint ?? null,
        address: record.address,
        explanation: record.explanation === undefined ? null : { ...record.explanation },
        findings: record.findings.map((finding) => ({ ...finding })),
        removals: record.removals.map((removal) => ({ ...removal })),
        evidence: record.evidence ?? null,
      })
    }),
  ]
}

function recordOf (entry: LogEntry): RequestRecord {
  return entry.value as unknown as RequestRecord
}

function summaryOf (record: RequestRecord): { readonly id: string, readonly [member: string]: string | number | null } {
  return {
    id: record.id,
    at: new Date(record.atMs).toISOString(),
    surface: record.surface,
    method: record.method,
    path: record.path,
    route: record.route,
    status: record.status,
    duration_ms: record.durationMs,
    client_id: record.clientId ?? null,
    stage: record.stage ?? null,
    code: record.code ?? null,
  }
}

function clockOf (sandboxId: SandboxId, { core }: SandboxRoutesDeps): { readonly now: string } {
  return { now: new Date(core.clock.nowMs(sandboxId)).toISOString() }
}
