import { clauseUrl, type Explanation, type JsonObject } from '../../kernel/index.ts'
import type { LogEntry } from '../../stores/index.ts'
import type { RecordFilter, RequestRecord, RequestRecords } from '../record/index.ts'
import { developerRoute, done, NOT_FOUND, readPage, refused, type ControlRoute } from './route.ts'

/** What a sandbox's requests were, and why one was refused. */
export function requestRoutes ({ records }: { readonly records: RequestRecords }): readonly ControlRoute[] {
  return [
    developerRoute({ method: 'GET', path: '/sandbox/requests', operationId: 'listRequests', summary: 'Requests of this sandbox\'s clients, newest first. Narrowed by `code` (of the answer or of the cause), `client_id`, `status` (`4xx`) and `since` (RFC 3339). `left_out` counts unproven ones that were too many.' }, async (sandboxId, { query }) => {
      const filter = readFilter(query)
      if (typeof filter === 'string') return refused('request_invalid', filter)
      const { entries, next = null } = await records.list(sandboxId, { ...readPage(query), filter })
      return done(200, { data: entries.map((entry) => summaryOf(recordOf(entry))), next, left_out: records.leftOut(sandboxId) })
    }),
    developerRoute({ method: 'GET', path: '/sandbox/requests/{id}', operationId: 'getRequest', summary: 'One request, and when it was refused: the cause, the value seen and the value expected, the clause that demands it, and the fix.' }, async (sandboxId, { parameters }) => {
      const entry = await records.get(sandboxId, parameters['id'] ?? '')
      return entry === undefined ? NOT_FOUND : done(200, detailsOf(recordOf(entry)))
    }),
  ]
}

/** Reads the filters of the list; a text says what is wrong with one. */
function readFilter (query: URLSearchParams): RecordFilter | string {
  const [code, clientId, status, since] = ['code', 'client_id', 'status', 'since'].map((name) => query.get(name) ?? undefined)
  if (status !== undefined && !/^[1-5]xx$/.test(status)) return 'status is a class of status codes, such as 4xx.'
  const sinceMs = since === undefined ? undefined : Date.parse(since)
  if (sinceMs !== undefined && Number.isNaN(sinceMs)) return 'since is a time as RFC 3339 has it, such as 2026-01-31T12:00:00Z.'
  return {
    ...(code === undefined ? {} : { code }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(status === undefined ? {} : { statusClass: Number(status[0]) }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  }
}

function recordOf (entry: LogEntry): RequestRecord {
  return entry.value as unknown as RequestRecord
}

function summaryOf (record: RequestRecord) {
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
    proven: record.isUnproven !== true,
    stage: record.stage ?? null,
    code: record.code ?? null,
  }
}

function detailsOf (record: RequestRecord) {
  return {
    ...summaryOf(record),
    subject: record.subject ?? null,
    certificate_thumbprint: record.certificateThumbprint ?? null,
    address: record.address,
    explanation: record.explanation === undefined ? null : explanationBody(record.explanation),
    findings: record.findings.map((finding) => ({ ...finding })),
    removals: record.removals.map((removal) => ({ ...removal })),
    evidence: record.evidence ?? null,
  }
}

/** An explanation as the wire has it, with the address of its clause. */
export function explanationBody (explanation: Explanation): JsonObject {
  const url = explanation.clause === undefined ? undefined : clauseUrl(explanation.clause)
  return { ...explanation, ...(url === undefined ? {} : { clause_url: url }) }
}
