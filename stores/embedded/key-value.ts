import type { Clock, Json } from '../../kernel/index.ts'
import type { KeyValue } from '../ports.ts'
import { guard, type Database } from './database.ts'
import type { Chore } from './housekeeping.ts'

/** Small values in a table; what has expired is not returned, and swept later. */
export function createKeyValue (database: Database, clock: Clock): { keyValue: KeyValue, sweep: Chore } {
  const statements = prepareStatements(database)
  const expiry = (ttlMs: number | undefined): number | null => ttlMs === undefined ? null : clock.nowMs() + ttlMs
  const keyValue: KeyValue = {
    get: (space, key) => guard('cannot read', () => parseValue(statements.get.get(space, key, clock.nowMs()))),
    put: (space, key, value, options) => database.write('cannot write', () => {
      statements.put.run(space, key, JSON.stringify(value), expiry(options?.ttlMs))
    }),
    putIfAbsent: (space, key, value, options) => database.write('cannot write', () => {
      const { changes } = statements.putIfAbsent.run(space, key, JSON.stringify(value), expiry(options?.ttlMs), clock.nowMs())
      return changes === 1
    }),
    take: (space, key) => database.write('cannot write', () => {
      const row = statements.take.get(space, key)
      return row === undefined || isExpired(row['expires_ms'], clock.nowMs()) ? undefined : parseValue(row)
    }),
    delete: (space, key) => database.write('cannot write', () => { statements.delete.run(space, key) }),
    list: (space, page) => guard('cannot read', () => statements.list
      .all(space, page.after ?? '', page.after === undefined ? 1 : 0, clock.nowMs(), page.limit)
      .map((row) => ({ key: String(row['key']), value: JSON.parse(String(row['value'])) as Json }))),
  }
  return { keyValue, sweep: () => database.write('cannot sweep', () => Number(statements.sweep.run(clock.nowMs()).changes) > 0) }
}

function prepareStatements (database: Database): Record<'get' | 'put' | 'putIfAbsent' | 'take' | 'delete' | 'list' | 'sweep', ReturnType<Database['prepare']>> {
  const upsert = 'INSERT INTO key_values VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET value = ?3, expires_ms = ?4'
  return {
    get: database.prepare('SELECT value FROM key_values WHERE space = ?1 AND key = ?2 AND (expires_ms IS NULL OR expires_ms > ?3)'),
    put: database.prepare(upsert),
    putIfAbsent: database.prepare(`${upsert} WHERE expires_ms <= ?5`),
    take: database.prepare('DELETE FROM key_values WHERE space = ? AND key = ? RETURNING value, expires_ms'),
    delete: database.prepare('DELETE FROM key_values WHERE space = ? AND key = ?'),
    list: database.prepare(`SELECT key, value FROM key_values
      WHERE space = ?1 AND (key > ?2 OR (?3 AND key = ?2)) AND (expires_ms IS NULL OR expires_ms > ?4) ORDER BY key LIMIT ?5`),
    sweep: database.prepare(`DELETE FROM key_values WHERE (space, key) IN
      (SELECT space, key FROM key_values WHERE expires_ms <= ? LIMIT 500)`),
  }
}

function parseValue (row: Record<string, unknown> | undefined): Json | undefined {
  return row === undefined ? undefined : JSON.parse(String(row['value'])) as Json
}

function isExpired (expiresMs: unknown, nowMs: number): boolean {
  return typeof expiresMs === 'number' && expiresMs <= nowMs
}
