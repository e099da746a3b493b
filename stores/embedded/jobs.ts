import type { JsonObject } from '../../kernel/index.ts'
import type { Job, Jobs, NewJob } from '../ports.ts'
import { guard, type Database } from './database.ts'

/** The queue in a table; a claim moves a job's due time to the end of its lease. Jobs due at the same time keep their order. */
export function createJobs (database: Database): { jobs: Jobs, insert: (job: NewJob) => void } {
  const enqueue = database.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING')
  const due = database.prepare('SELECT id, due_ms, attempt, payload FROM jobs WHERE queue = ? AND due_ms <= ? ORDER BY due_ms, position LIMIT ?')
  const lease = database.prepare('UPDATE jobs SET due_ms = ?3, attempt = attempt + 1 WHERE queue = ?1 AND id = ?2')
  const complete = database.prepare('DELETE FROM jobs WHERE queue = ? AND id = ?')
  const postpone = database.prepare('UPDATE jobs SET due_ms = ?3 WHERE queue = ?1 AND id = ?2')
  const depth = database.prepare('SELECT count(*) AS count, min(due_ms) AS oldest FROM jobs WHERE queue = ?')
  let position = Number(database.prepare('SELECT max(position) AS last FROM jobs').get()?.['last'] ?? 0)

  const insert = (job: NewJob): void => { enqueue.run(job.queue, job.id, job.dueMs, ++position, JSON.stringify(job.payload)) }

  function claimDue (queue: string, nowMs: number, limit: number, leaseMs: number): Job[] {
    const rows = due.all(queue, nowMs, limit)
    if (rows.length === 0) return []
    database.transact(() => { for (const row of rows) lease.run(queue, row['id'] ?? null, nowMs + leaseMs) })
    return rows.map((row) => {
      const payload = JSON.parse(String(row['payload'])) as JsonObject
      return { queue, id: String(row['id']), dueMs: Number(row['due_ms']), payload, attempt: Number(row['attempt']) + 1 }
    })
  }

  const jobs: Jobs = {
    enqueue: (job) => database.write('cannot enqueue', () => insert(job)),
    claim: (queue, nowMs, limit, leaseMs) => guard('cannot claim', () => claimDue(queue, nowMs, limit, leaseMs)),
    complete: (queue, id) => database.write('cannot complete', () => { complete.run(queue, id) }),
    postpone: (queue, id, dueMs) => database.write('cannot postpone', () => { postpone.run(queue, id, dueMs) }),
    depth: (queue) => guard('cannot read', () => {
      const row = depth.get(queue)
      const count = Number(row?.['count'])
      return count === 0 ? { count } : { count, oldestDueMs: Number(row?.['oldest']) }
    }),
  }
  return { jobs, insert }
}
