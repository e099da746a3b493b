import type { Json, JsonObject, RequestId, SandboxId } from '../../kernel/index.ts'
import type { Log, LogEntry } from '../../stores/index.ts'
import type { Explanation } from './explain.ts'

/** The scrubbed trace of one request. Bodies are not in it. */
export interface RequestRecord {
  readonly id: RequestId
  readonly atMs: number
  readonly surface: string
  readonly method: string
  /** Scrubbed; without the query. */
  readonly path: string
  readonly route: string
  readonly status: number
  readonly durationMs: number
  readonly address: string
  readonly clientId?: string
  readonly subject?: string
  readonly certificateThumbprint?: string
  /** The stage that refused, and its code, or the code of a dispatched part's failure. */
  readonly stage?: string
  readonly code?: string
  readonly explanation?: Explanation
  readonly findings: ReadonlyArray<{ readonly stage: string, readonly code: string, readonly detail: string }>
  readonly removals: ReadonlyArray<{ readonly pointer: string, readonly kind: string }>
  readonly evidence?: { readonly [name: string]: Json }
}

/** Records by sandbox: nothing of one sandbox is found under another. */
export interface RequestRecords {
  readonly add: (sandboxId: SandboxId | undefined, record: RequestRecord) => void
  readonly get: (sandboxId: SandboxId, id: string) => LogEntry | undefined | Promise<LogEntry | undefined>
  readonly list: (sandboxId: SandboxId, page: { readonly before?: string, readonly limit: number }) => readonly LogEntry[] | Promise<readonly LogEntry[]>
}

/** Keeps records in the log port, one stream a sandbox; those that belong to nobody go to a stream that no developer reads. */
export function createRequestRecords ({ log }: { readonly log: Log }): RequestRecords {
  const streamOf = (sandboxId: SandboxId | undefined): string => `requests:${sandboxId ?? '-'}`
  return {
    add: (sandboxId, record) => log.append(streamOf(sandboxId), { id: record.id, atMs: record.atMs, value: record as unknown as JsonObject }),
    get: (sandboxId, id) => log.get(streamOf(sandboxId), id),
    list: (sandboxId, page) => log.read(streamOf(sandboxId), page),
  }
}
