import type { Json, JsonObject } from '../kernel/index.ts'

/**
 * What the rest of Sandgate may ask of a store. Two drivers keep these promises, embedded (node:sqlite and memory) and
 * Redis; one contract suite, test/contracts/, holds both to them. Drivers know no domain words: keys and spaces are opaque.
 *
 * An answer that the embedded driver has at once is returned plainly and not as a promise, because the hot path awaits
 * nothing that it need not.
 */
export type MaybePromise<T> = T | Promise<T>

/** A dependency did not answer, or not in time. Every port may throw it; each caller states its stance. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** Small values by key, grouped in spaces. Values are JSON; an expired value is never returned. */
export interface KeyValue {
  readonly get: (space: string, key: string) => MaybePromise<Json | undefined>
  /** Creates or replaces. Without `ttlMs` the value stays until deleted. */
  readonly put: (space: string, key: string, value: Json, options?: { readonly ttlMs?: number }) => MaybePromise<void>
  /** Creates unless the key is there. True for exactly one of any number of concurrent callers. */
  readonly putIfAbsent: (space: string, key: string, value: Json, options?: { readonly ttlMs?: number }) => MaybePromise<boolean>
  /** Reads and deletes in one step: exactly one of any number of concurrent callers gets the value. */
  readonly take: (space: string, key: string) => MaybePromise<Json | undefined>
  readonly delete: (space: string, key: string) => MaybePromise<void>
  /** Entries of a space in the order of their keys (by code point), after a key, at most `limit` (1–1000). */
  readonly list: (space: string, page: { readonly after?: string, readonly limit: number }) => MaybePromise<ReadonlyArray<{ readonly key: string, readonly value: Json }>>
}

/** A budget: `limit` units in `windowMs`. All are whole numbers; a RangeError refuses others. */
export interface Budget {
  /**
   * `smooth`: GCRA, units regained evenly, `burst` of them at once (default: `limit`); exact at any window edge.
   * `window`: a fixed window that starts with the first unit; for quotas by the hour or day. It runs on the machine's own
   * clock, not on `nowMs`, and lasts whole seconds, from 1 s to 24 d.
   */
  readonly algorithm: 'smooth' | 'window'
  readonly limit: number
  readonly windowMs: number
  readonly burst?: number
}

/** What spending left. */
export interface Spent {
  readonly isAllowed: boolean
  /** Whole units left now, 0 or more. */
  readonly remaining: number
  /** Milliseconds until the whole budget is back. */
  readonly resetMs: number
  /** Milliseconds until the refused cost could be spent; 0 when allowed. */
  readonly retryAfterMs: number
  /** True when the shared store was lost and a local share of the budget answered. */
  readonly isDegraded: boolean
}

/** Budgets by key. Atomic across instances. A key with another `limit` or `windowMs` is another account. */
export interface Counter {
  /** Spends `cost` units (default 1) if they are there; a refused cost spends nothing. A cost above the burst is never allowed. */
  readonly spend: (key: string, budget: Budget, nowMs: number, cost?: number) => MaybePromise<Spent>
}

/**
 * Aggregates over a sliding time, for signals. Members are opaque strings (hashes); nothing else is kept.
 *
 * Memory is bounded. `count` and `sum` are exact for 256 observations in the window; beyond that, older ones are kept by
 * 1/64 of the window and may count that much longer. `distinct` is exact up to 4096 members and stays there.
 */
export interface Window {
  /** Adds an observation at `nowMs` and returns the value of the aggregate over (nowMs − windowMs, nowMs]. */
  readonly observe: (key: string, aggregate: Aggregate, nowMs: number, observation: Observation) => MaybePromise<number>
  /** The value without adding. */
  readonly read: (key: string, aggregate: Aggregate, nowMs: number) => MaybePromise<number>
}

/** `count` of observations, `distinct` members, or `sum` of amounts. */
export interface Aggregate { readonly kind: 'count' | 'distinct' | 'sum', readonly windowMs: number }

/** `member` is needed by `distinct`, `amount` by `sum`. */
export interface Observation { readonly member?: string, readonly amount?: number }

/**
 * Append-only streams with bounded retention by count and age. Appending may be buffered for up to 200 ms; reading sees what
 * was appended here. When the store is lost, the newest entries wait in memory and the oldest of them are given up.
 */
export interface Log {
  /** `id` is unique in its stream; an id that is there is not appended again. `links` are further names (at most 4) by which `find` reads the entry. */
  readonly append: (stream: string, entry: LogEntry) => void
  readonly get: (stream: string, id: string) => MaybePromise<LogEntry | undefined>
  /** Replaces the value of an entry (a delivery that got another attempt). */
  readonly update: (stream: string, id: string, value: JsonObject) => MaybePromise<void>
  /** Newest first, before an id (none when it is gone), at most `limit` (1–1000); `link` narrows to entries with that link. */
  readonly read: (stream: string, page: { readonly before?: string, readonly limit: number, readonly link?: string }) => MaybePromise<readonly LogEntry[]>
  /** Waits until everything appended here is stored. */
  readonly flush: () => Promise<void>
}

/** How long and how many of a stream's entries are kept. */
export interface Retention { readonly maxAgeMs: number, readonly maxPerStream: number }

export interface LogEntry { readonly id: string, readonly atMs: number, readonly value: JsonObject, readonly links?: readonly string[] }

/** Layers in one chain, because reading looks at each of them. */
export const CHAIN_MAX = 100

/**
 * Documents in immutable layers: a writable layer over a chain of frozen ones. Making, freezing and dropping a layer cost the same however many documents it sees.
 *
 * Reading returns versions; `commit` checks those it is given and applies everything or nothing. So transactions are
 * optimistic: who gets `conflict` reads again and retries.
 */
export interface Layers {
  /**
   * True when `commit` checks and applies before it returns, and its promise is only for the storing: the next transaction
   * need not wait for it. Readers of this process see a change then, a moment before it is stored.
   */
  readonly isAppliedAtOnce: boolean
  /** The layer that a name points to. */
  readonly head: (name: string) => MaybePromise<string | undefined>
  /** A new writable layer over `parent`, or over nothing. Throws when the parent is not frozen, or is the 100th of its chain. */
  readonly create: (parent: string | undefined) => MaybePromise<string>
  /** No commit succeeds on a frozen layer; it can be a parent. */
  readonly freeze: (layer: string) => MaybePromise<void>
  /** Points a name to a layer, if it points to `expected` now (undefined: to none). False when it does not. */
  readonly moveHead: (name: string, expected: string | undefined, layer: string) => MaybePromise<boolean>
  /**
   * No commit succeeds and nothing is read from it any more; its documents are cleaned up in the background. Layers over
   * it still see what it holds: clean-up waits for the last of them.
   */
  readonly drop: (layer: string) => MaybePromise<void>
  /** A document as the layer sees it: its own, else the nearest ancestor's. Undefined when absent or deleted. */
  readonly get: (layer: string, collection: string, id: string) => MaybePromise<StoredDocument | undefined>
  /** Documents as the layer sees them, in order of creation (`seq`). `where` narrows by equality of top-level members. */
  readonly list: (layer: string, collection: string, page: DocumentPage) => MaybePromise<readonly StoredDocument[]>
  /** Changes with every commit that writes to the collection through this layer; 0 when none did. */
  readonly collectionVersion: (layer: string, collection: string) => MaybePromise<number>
  /** Resolves when the change is stored. Changes that are committed at the same time may be stored together, and none is lost by another's fault. */
  readonly commit: (layer: string, change: Change) => MaybePromise<Committed>
  /** The outcome remembered under a `once` key of this layer or of those below it, if it has not expired. */
  readonly recall: (layer: string, key: string, nowMs: number) => MaybePromise<JsonObject | undefined>
}

export interface StoredDocument {
  readonly id: string
  /** Shared with other readers: never change it. */
  readonly body: JsonObject
  /** Grows with every write of this document in this layer chain; 1 or more. */
  readonly version: number
  /** Order of creation within the collection and chain; kept by updates. */
  readonly seq: number
}

export interface DocumentPage {
  readonly order: 'ascending' | 'descending'
  /** Only documents beyond this `seq` in the given order. */
  readonly beyondSeq?: number
  /** 1–1000 */
  readonly limit: number
  readonly where?: { readonly [member: string]: Json }
}

/** Everything that one request changes. All of it is stored, or nothing. */
export interface Change {
  /** Documents read: the commit fails if one has another version now (0: it must be absent). */
  readonly reads: ReadonlyArray<{ readonly collection: string, readonly id: string, readonly version: number }>
  /** Collections listed: the commit fails if one has another `collectionVersion` now. */
  readonly scans: ReadonlyArray<{ readonly collection: string, readonly version: number }>
  /** `body: null` deletes. */
  readonly writes: ReadonlyArray<{ readonly collection: string, readonly id: string, readonly body: JsonObject | null }>
  /** Jobs for the queue, see `Jobs`. */
  readonly jobs: readonly NewJob[]
  /**
   * Remembers an outcome under a key of this layer: if the key is taken, here or in a layer below (a snapshot keeps what
   * was done before it), the commit is refused with what it holds.
   */
  readonly once?: { readonly key: string, readonly outcome: JsonObject, readonly nowMs: number, readonly ttlMs: number }
}

export type Committed =
  | { readonly kind: 'committed' }
  /** Something read or listed has changed. */
  | { readonly kind: 'conflict' }
  /** The layer is frozen, dropped or unknown: its name points elsewhere by now. */
  | { readonly kind: 'closed' }
  /** The `once` key is taken. */
  | { readonly kind: 'known', readonly outcome: JsonObject }

export interface NewJob { readonly queue: string, readonly id: string, readonly dueMs: number, readonly payload: JsonObject }

export interface Job extends NewJob {
  /** How often it was claimed, this time included. */
  readonly attempt: number
}

/** A durable queue. A job is claimed by one worker at a time; a claim that is neither completed nor put off comes back after its lease. */
export interface Jobs {
  /** Adds a job, unless the queue holds one of this id. */
  readonly enqueue: (job: NewJob) => MaybePromise<void>
  /** Claims due jobs of a queue, oldest first, at most `limit`, for `leaseMs`. */
  readonly claim: (queue: string, nowMs: number, limit: number, leaseMs: number) => MaybePromise<readonly Job[]>
  readonly complete: (queue: string, id: string) => MaybePromise<void>
  /** Makes a claimed job due again at `dueMs`. */
  readonly postpone: (queue: string, id: string, dueMs: number) => MaybePromise<void>
  /** Jobs waiting or claimed, and when the oldest is due. For metrics. */
  readonly depth: (queue: string) => MaybePromise<{ readonly count: number, readonly oldestDueMs?: number }>
}

/** Short notices to every instance, this one included: an evicted token, a revoked certificate. Delivered at most once. */
export interface Notices {
  readonly publish: (topic: string, message: JsonObject) => MaybePromise<void>
  /**
   * @param onGap called when notices may have been lost (the store was away): read again what you keep in memory
   * @returns a function that ends the subscription
   */
  readonly subscribe: (topic: string, listener: (message: JsonObject) => void, onGap?: () => void) => () => void
}

/** One driver: every port, and its life. */
export interface Stores {
  readonly driver: 'embedded' | 'redis'
  readonly keyValue: KeyValue
  readonly counter: Counter
  readonly window: Window
  readonly log: Log
  readonly layers: Layers
  readonly jobs: Jobs
  readonly notices: Notices
  /** Instances on this store lately, this one included; the last known number while the store is lost. 1 or more. */
  readonly instances: () => number
  /** Throws StoreUnavailable when the store does not answer; for readiness. */
  readonly ping: () => Promise<void>
  /** Flushes and closes. */
  readonly close: () => Promise<void>
}
