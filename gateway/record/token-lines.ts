import type { TokenWatch, WatchedToken } from '../../authz/index.ts'
import type { Clock, JsonObject, SandboxId } from '../../kernel/index.ts'
import type { Log, LogEntry } from '../../stores/index.ts'
import { createTokenChanges, type TokenChanges } from './token-changes.ts'
import { extendLine, type LineChange, type LineEvent, type TokenLine } from './token-line.ts'

export interface TokenLinesDeps {
  readonly log: Log
  readonly clock: Clock
  /** Of the request, for the record beside the line. */
  readonly requestIdOf: (request: object) => string | undefined
  readonly onFault: (fault: unknown) => void
}

export interface NamedLine { readonly name: string, readonly line: TokenLine }

/** The lives of tokens, by sandbox: nothing of one sandbox is found under another. */
export interface TokenLines {
  readonly watch: TokenWatch
  /** A refusal by the authorization server, which has its own record. */
  readonly noteRefused: (sandboxId: SandboxId, name: string, code: string, requestId?: string) => void
  readonly get: (sandboxId: SandboxId, name: string) => Promise<TokenLine | undefined>
  /** Everything of one grant, the oldest first. */
  readonly family: (sandboxId: SandboxId, family: string) => Promise<readonly NamedLine[]>
  /** Newest first. */
  readonly list: (sandboxId: SandboxId, page: { readonly before?: string, readonly limit: number }) => Promise<readonly NamedLine[]>
  /** Writes what is only in memory yet, and ends. */
  readonly close: () => Promise<void>
}

/** Uses are counted in memory and written this often. */
const FLUSH_MS = 10_000
/** Written in one go before other work gets its turn. */
const BATCH = 100
const FAMILY_MAX = 200

/**
 * Keeps a line for each token in the log port, one stream a sandbox, bounded as records are: only who gets tokens issued adds to
 * it, and only to the sandbox's own. A call with a token adds to a number in memory; several instances add up, unless two write
 * the same line in the same millisecond.
 */
export function createTokenLines ({ log, clock, requestIdOf, onFault }: TokenLinesDeps): TokenLines {
  const changes = createTokenChanges({ clock })
  const flush = async (): Promise<void> => await writeChanges(log, changes)
  const timer = setInterval(() => { flush().catch(onFault) }, FLUSH_MS)
  timer.unref()
  return {
    watch: createWatch({ log, clock, requestIdOf, changes }),
    noteRefused: changes.addRefusal,
    async get (sandboxId, name) {
      await flush()
      const entry = await log.get(streamOf(sandboxId), name)
      return entry === undefined ? undefined : lineOf(entry)
    },
    async family (sandboxId, family) {
      await flush()
      return (await log.read(streamOf(sandboxId), { link: family, limit: FAMILY_MAX })).map(named).toReversed()
    },
    async list (sandboxId, page) {
      await flush()
      return (await log.read(streamOf(sandboxId), page)).map(named)
    },
    async close () {
      clearInterval(timer)
      // Without its store the last counts are lost; what is closed next must not be.
      await flush().catch(onFault)
    },
  }
}

function createWatch ({ log, clock, requestIdOf, changes }: Omit<TokenLinesDeps, 'onFault'> & { readonly changes: TokenChanges }): TokenWatch {
  const eventOf = (event: LineEvent['event'], request: object | undefined, by?: string): LineEvent => {
    const requestId = request === undefined ? undefined : requestIdOf(request)
    return { atMs: clock.nowMs(), event, ...(requestId === undefined ? {} : { requestId }), ...(by === undefined ? {} : { by }) }
  }
  return {
    issued: (sandboxId, token, request) => log.append(streamOf(sandboxId), entryOf(token, [eventOf('asked', request), eventOf('issued', request)])),
    spent: (sandboxId, name, how, request) => changes.addEvent(sandboxId, name, eventOf(how, request)),
    revoked: (sandboxId, what, by, request) => {
      const event = eventOf('revoked', request, by)
      if ('name' in what) changes.addEvent(sandboxId, what.name, event)
      else changes.addFamilyEvent({ sandboxId, family: what.family, event })
    },
    refused: changes.addRefusal,
    used: changes.addUse,
  }
}

async function writeChanges (log: Log, changes: TokenChanges): Promise<void> {
  const { tokens, families } = changes.take()
  for (const { sandboxId, family, event } of families) {
    for (const { id } of await log.read(streamOf(sandboxId), { link: family, limit: FAMILY_MAX })) await change(log, sandboxId, id, { events: [event], used: undefined, refused: new Map() })
  }
  for (const [index, { sandboxId, name, ...what }] of tokens.entries()) {
    await change(log, sandboxId, name, what)
    if (index % BATCH === BATCH - 1) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** A token whose line is not kept any more, or never was this sandbox's, gets none by being used. */
async function change (log: Log, sandboxId: SandboxId, name: string, what: LineChange): Promise<void> {
  const entry = await log.get(streamOf(sandboxId), name)
  if (entry !== undefined) await log.update(streamOf(sandboxId), name, extendLine(lineOf(entry), what) as unknown as JsonObject)
}

function streamOf (sandboxId: SandboxId): string {
  return `tokens:${sandboxId}`
}

function lineOf (entry: LogEntry): TokenLine {
  return entry.value as unknown as TokenLine
}

function named (entry: LogEntry): NamedLine {
  return { name: entry.id, line: lineOf(entry) }
}

function entryOf ({ name, ...facts }: WatchedToken, events: readonly LineEvent[]): LogEntry {
  const line: TokenLine = { ...facts, events }
  return { id: name, atMs: facts.issuedAtMs, value: line as unknown as JsonObject, ...(facts.family === undefined ? {} : { links: [facts.family] }) }
}
