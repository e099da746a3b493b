import type { Clock, Explanation, Json, JsonObject, RequestId, SandboxId } from '../../kernel/index.ts'
import type { Log, LogEntry } from '../../stores/index.ts'
import { createFairShare } from './fair-share.ts'
import { readMerged } from './read-merged.ts'

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
  /** Set when the client is what the request said, and nothing proves it. */
  readonly isUnproven?: true
  readonly explanation?: Explanation
  readonly findings: ReadonlyArray<{ readonly stage: string, readonly code: string, readonly detail: string }>
  readonly removals: ReadonlyArray<{ readonly pointer: string, readonly kind: string }>
  readonly evidence?: { readonly [name: string]: Json }
}

/** Which records are wanted; a part that is left out takes all. */
export interface RecordFilter {
  readonly code?: string
  readonly clientId?: string
  /** The first digit of the status. */
  readonly statusClass?: number
  readonly sinceMs?: number
}

export interface RecordPage {
  readonly entries: readonly LogEntry[]
  /** Where to go on, if there may be more. */
  readonly next?: string
}

/** Records by sandbox: nothing of one sandbox is found under another. */
export interface RequestRecords {
  readonly add: (sandboxId: SandboxId | undefined, record: RequestRecord) => void
  readonly get: (sandboxId: SandboxId, id: string) => LogEntry | undefined | Promise<LogEntry | undefined>
  /** Newest first. `before` is a record's id or a page's `next`; `limit` is 1–100. */
  readonly list: (sandboxId: SandboxId, page: { readonly before?: string, readonly limit: number, readonly filter?: RecordFilter }) => Promise<RecordPage>
  /** Unproven records of the sandbox that were left out because too many came, since this process started. */
  readonly leftOut: (sandboxId: SandboxId) => number
}

export interface RequestRecordsDeps {
  readonly log: Log
  readonly clock: Clock
  /** Called for each record that is left out. */
  readonly onLeftOut?: () => void
}

/** Unproven records of one sandbox within a minute: of all addresses, and of one. */
const UNPROVEN_MAX = 600
const UNPROVEN_OF_ADDRESS_MAX = 120

/**
 * Keeps records in the log port, two streams a sandbox. What a request only claimed to be (a failed authentication, an
 * authorization request) goes to a stream of its own, of which an address gets a share: strangers who name a client can push out
 * neither what its owner has proved, nor, from one address, what others have claimed. Records that belong to nobody go to a stream
 * that no developer reads.
 */
export function createRequestRecords ({ log, clock, onLeftOut = () => {} }: RequestRecordsDeps): RequestRecords {
  const share = createFairShare({ clock, windowMs: 60_000, maximum: UNPROVEN_MAX, maximumOfOne: UNPROVEN_OF_ADDRESS_MAX })
  return {
    add: (sandboxId, record) => {
      if (sandboxId !== undefined && record.isUnproven === true && !share.take(sandboxId, record.address)) onLeftOut()
      else log.append(streamOf(sandboxId, record.isUnproven), { id: record.id, atMs: record.atMs, value: record as unknown as JsonObject })
    },
    get: (sandboxId, id) => {
      const proven = log.get(streamOf(sandboxId), id)
      if (proven instanceof Promise) return proven.then((found) => found ?? log.get(streamOf(sandboxId, true), id))
      return proven ?? log.get(streamOf(sandboxId, true), id)
    },
    list: async (sandboxId, { before, limit, filter = {} }) => await readMerged({ log, streams: [streamOf(sandboxId), streamOf(sandboxId, true)], before, limit, isWanted: (entry) => isWanted(entry, filter), ...(filter.sinceMs === undefined ? {} : { sinceMs: filter.sinceMs }) }),
    leftOut: share.refused,
  }
}

function streamOf (sandboxId: SandboxId | undefined, isUnproven?: boolean): string {
  return `${isUnproven === true && sandboxId !== undefined ? 'claimed-requests' : 'requests'}:${sandboxId ?? '-'}`
}

function isWanted ({ value }: LogEntry, { code, clientId, statusClass }: RecordFilter): boolean {
  const record = value as unknown as RequestRecord
  return (code === undefined || record.code === code || record.explanation?.code === code) &&
    (clientId === undefined || record.clientId === clientId) &&
    (statusClass === undefined || Math.floor(record.status / 100) === statusClass)
}
