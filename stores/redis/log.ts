import type { Clock, JsonObject } from '../../kernel/index.ts'
import type { Log, LogEntry, Retention } from '../ports.ts'
import { loadScript, type Connection } from './connection.ts'
import type { Keys } from './keys.ts'
import { createSendBuffer } from './send-buffer.ts'

interface Deps { readonly connection: Connection, readonly keys: Keys, readonly clock: Clock, readonly retention: Retention }

/** Streams in sorted sets, one slot each. A stream that gets no entry for the time kept disappears by itself. */
export function createLog (deps: Deps): { log: Log, close: () => Promise<void> } {
  const { connection, keys, clock, retention } = deps
  const updateScript = loadScript('log-update')
  const buffer = createSendBuffer(createAppend(deps))
  const log: Log = {
    append: buffer.add,
    flush: buffer.flush,
    async get (stream, id) {
      await buffer.flush()
      const [head, value] = await connection.ask((client) => client.hmget(dataKey(keys, stream), `m:${id}`, `v:${id}`))
      const entry = head === null || head === undefined ? undefined : readEntry(id, head, value ?? '{}')
      return entry !== undefined && entry.atMs > clock.nowMs() - retention.maxAgeMs ? entry : undefined
    },
    async update (stream, id, value) {
      await buffer.flush()
      await connection.run(updateScript, [dataKey(keys, stream)], [id, JSON.stringify(value)])
    },
    read: createRead(deps, buffer.flush),
  }
  return { log, close: buffer.close }
}

function createAppend ({ connection, keys, clock, retention }: Deps): (stream: string, entries: readonly LogEntry[]) => Promise<void> {
  const script = loadScript('log-append')
  return async (stream, entries) => {
    const links = [...new Set(entries.flatMap((entry) => entry.links ?? []))]
    const names = [orderKey(keys, stream), dataKey(keys, stream), keys.alone('log', stream, 'position'), ...links.map((link) => linkKey(keys, stream, link))]
    const args: Array<string | number> = [clock.nowMs() - retention.maxAgeMs, retention.maxPerStream, retention.maxAgeMs]
    for (const { id, atMs, value, links: own = [] } of entries) {
      args.push(id, JSON.stringify({ atMs, links: own }), JSON.stringify(value), own.length, ...own.map((link) => links.indexOf(link) + 4))
    }
    await connection.run(script, names, args)
  }
}

function createRead ({ connection, keys, clock, retention }: Deps, flush: () => Promise<void>): Log['read'] {
  const script = loadScript('log-read')
  return async (stream, page) => {
    await flush()
    const source = page.link === undefined ? orderKey(keys, stream) : linkKey(keys, stream, page.link)
    const args = [page.before === undefined ? '0' : '1', page.before ?? '', page.limit, clock.nowMs() - retention.maxAgeMs]
    const flat = await connection.run(script, [orderKey(keys, stream), dataKey(keys, stream), source], args) as string[]
    return Array.from({ length: flat.length / 3 }, (_, index) => readEntry(flat[index * 3] ?? '', flat[index * 3 + 1] ?? '{}', flat[index * 3 + 2] ?? '{}'))
  }
}

const orderKey = (keys: Keys, stream: string): string => keys.alone('log', stream, 'order')
const dataKey = (keys: Keys, stream: string): string => keys.alone('log', stream, 'data')
const linkKey = (keys: Keys, stream: string, link: string): string => keys.alone('log', stream, 'link', link)

function readEntry (id: string, head: string, value: string): LogEntry {
  const { atMs, links } = JSON.parse(head) as { atMs: number, links: string[] }
  const entry = { id, atMs, value: JSON.parse(value) as JsonObject }
  return links.length === 0 ? entry : { ...entry, links }
}
