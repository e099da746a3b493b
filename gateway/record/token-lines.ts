import type { TokenWatch, WatchedToken } from '../../authz/index.ts'
import type { Clock, JsonObject, SandboxId } from '../../kernel/index.ts'
import type { Log, LogEntry } from '../../stores/index.ts'
import { addTally, extendLine, type LineChange, type LineEvent, type Tally, type TokenLine } from './token-line.ts'

export interface TokenLinesDeps {
  readonly log: Log
  readonly clock: Clock
  /** Of the request, for the record beside the line. */
  readonly requestIdOf: (request: object) => string | undefined
  readonly onFault: (fault: unknown) => void
}

/** The lives of tokens, by sandbox: nothing of one sandbox is found under another. */
export interface TokenLines {
  readonly watch: TokenWatch
  /** A refusal by the authorization server, which has its own record. */
  readonly noteRefused: (sandboxId: SandboxId, name: string, code: string, requestId: string | undefined) => void
  readonly get: (sandboxId: SandboxId, name: string) => Promise<TokenLine | undefined>
  /** Everything of one grant, the oldest first. */
  readonly family: (sandboxId: SandboxId, family: string) => Promise<ReadonlyArray<{ readonly name: string, readonly line: TokenLine }>>
  /** Newest first. */
  readonly list: (sandboxId: SandboxId, page: { readonly before?: string, readonly limit: number }) => Promise<ReadonlyArray<{ readonly name: string, readonly line: TokenLine }>>
  /** Writes what is only in memory yet. */
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
}

interface Pending { readonly sandboxId: SandboxId, readonly name: string, readonly events: LineEvent[], used: { firstMs: number, lastMs: number, count: number } | undefined, readonly refused: Map<string, Tally> }

/** Uses are counted in memory and written this often. */
const FLUSH_MS = 10_000
/** Tokens with something unwritten; beyond it, the next happening of another token is not noted. */
const PENDING_MAX = 20_000
/** Written in one go before other work gets its turn. */
const BATCH = 100
const FAMILY_MAX = 200

/**
 * Keeps a line for each token in the log port, one stream a sandbox, bounded as records are: only who gets tokens issued adds to
 * it, and only to the sandbox's own. A call with a token adds to a number in memory; several instances add up, unless two write
 * the same line in the same millisecond.
 */
export function createTokenLines ({ log, clock, requestIdOf, onFault }: TokenLinesDeps): TokenLines {
  const pending = new Map<string, Pending>()
  const revokedFamilies: Array<{ readonly sandboxId: SandboxId, readonly family: string, readonly event: LineEvent }> = []

  function pendingOf (sandboxId: SandboxId, name: string): Pending | undefined {
    const known = pending.get(name)
    if (known !== undefined) return known.sandboxId === sandboxId ? known : undefined
    if (pending.size >= PENDING_MAX) return undefined
    const fresh: Pending = { sandboxId, name, events: [], used: undefined, refused: new Map() }
    pending.set(name, fresh)
    return fresh
  }

  function eventOf (event: LineEvent['event'], request: object | undefined, by?: string): LineEvent {
    const requestId = request === undefined ? undefined : requestIdOf(request)
    return { atMs: clock.nowMs(), event, ...(requestId === undefined ? {} : { requestId }), ...(by === undefined ? {} : { by }) }
  }

  function noteRefused (sandboxId: SandboxId, name: string, code: string, requestId?: string): void {
    const nowMs = clock.nowMs()
    const entry = pendingOf(sandboxId, name)
    entry?.refused.set(code, addTally(entry.refused.get(code), { firstMs: nowMs, lastMs: nowMs, count: 1, ...(requestId === undefined ? {} : { requestId }) }))
  }

  const watch: TokenWatch = {
    issued: (sandboxId, token, request) => log.append(streamOf(sandboxId), entryOf(token, [eventOf('asked', request), eventOf('issued', request)])),
    spent: (sandboxId, name, how, request) => { pendingOf(sandboxId, name)?.events.push(eventOf(how, request)) },
    revoked: (sandboxId, what, by, request) => {
      const event = eventOf('revoked', request, by)
      if ('name' in what) pendingOf(sandboxId, what.name)?.events.push(event)
      else if (revokedFamilies.length < PENDING_MAX) revokedFamilies.push({ sandboxId, family: what.family, event })
    },
    refused: noteRefused,
    used: (sandboxId, name) => {
      const entry = pending.get(name) ?? pendingOf(sandboxId, name)
      if (entry === undefined) return
      const nowMs = clock.nowMs()
      if (entry.used === undefined) {
        entry.used = { firstMs: nowMs, lastMs: nowMs, count: 1 }
        return
      }
      entry.used.lastMs = nowMs
      entry.used.count++
    },
  }

  async function write ({ sandboxId, name, events, used, refused }: Pending): Promise<void> {
    await change(log, sandboxId, name, { events, used, refused })
  }

  /** Marks every member of a revoked family; those that are only being issued follow in the log's own order. */
  async function writeRevocations (): Promise<void> {
    for (const { sandboxId, family, event } of revokedFamilies.splice(0)) {
      for (const { id } of await log.read(streamOf(sandboxId), { link: family, limit: FAMILY_MAX })) await change(log, sandboxId, id, { events: [event], used: undefined, refused: new Map() })
    }
  }

  async function flush (): Promise<void> {
    await writeRevocations()
    const batch = [...pending.values()]
    pending.clear()
    for (const [index, entry] of batch.entries()) {
      await write(entry)
      if (index % BATCH === BATCH - 1) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  const timer = setInterval(() => { flush().catch(onFault) }, FLUSH_MS)
  timer.unref()
  const read = async (entries: readonly LogEntry[]): Promise<ReadonlyArray<{ readonly name: string, readonly line: TokenLine }>> => entries.map((entry) => ({ name: entry.id, line: lineOf(entry) }))
  return {
    watch,
    noteRefused,
    flush,
    async get (sandboxId, name) {
      await flush()
      const entry = await log.get(streamOf(sandboxId), name)
      return entry === undefined ? undefined : lineOf(entry)
    },
    async family (sandboxId, family) {
      await flush()
      return (await read(await log.read(streamOf(sandboxId), { link: family, limit: FAMILY_MAX }))).toReversed()
    },
    async list (sandboxId, page) {
      await flush()
      return await read(await log.read(streamOf(sandboxId), page))
    },
    async close () {
      clearInterval(timer)
      await flush()
    },
  }
}

function streamOf (sandboxId: SandboxId): string {
  return `tokens:${sandboxId}`
}

function lineOf (entry: LogEntry): TokenLine {
  return entry.value as unknown as TokenLine
}

function entryOf ({ name, ...facts }: WatchedToken, events: readonly LineEvent[]): LogEntry {
  const line: TokenLine = { ...facts, events }
  return { id: name, atMs: facts.issuedAtMs, value: line as unknown as JsonObject, ...(facts.family === undefined ? {} : { links: [facts.family] }) }
}

/** A token whose line is not kept any more, or never was this sandbox's, gets none by being used. */
async function change (log: Log, sandboxId: SandboxId, name: string, what: LineChange): Promise<void> {
  const entry = await log.get(streamOf(sandboxId), name)
  if (entry !== undefined) await log.update(streamOf(sandboxId), name, extendLine(lineOf(entry), what) as unknown as JsonObject)
}
