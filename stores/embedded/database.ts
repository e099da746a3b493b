import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreUnavailable } from '../ports.ts'
import { createCommitGroup, type CommitGroup } from './commit-group.ts'
import { SCHEMA, SCHEMA_VERSION } from './schema.ts'

/** A database connection whose faults are StoreUnavailable. */
export interface Database {
  /** Prepares a statement once; `run` and its kin are called with positional parameters. */
  readonly prepare: DatabaseSync['prepare']
  /** Runs a task that awaits nothing; all of its changes are stored when it returns, or none. */
  readonly transact: <T>(task: () => T) => T
  /** Runs a task of a single statement that writes: what it changes is stored when it returns. */
  readonly write: <T>(doing: string, task: () => T) => T
  /** Runs a task in the transaction of this turn of the event loop, see `createCommitGroup`. */
  readonly join: CommitGroup['join']
  /** Runs a task of a background in the transaction of whoever stores something next. */
  readonly linger: CommitGroup['linger']
  /** When what was joined in this turn is stored; undefined when it is. */
  readonly pending: CommitGroup['pending']
  readonly close: () => void
}

/**
 * Opens `sandgate.db` in a directory, which is made when missing, or a database in memory. A new file is readable by its
 * owner alone, whatever the directory is: it holds tokens and signing secrets. SQLite gives its log the same mode.
 *
 * WAL with synchronous=NORMAL: a commit is in the operating system's hands when it is acknowledged, so a crash of the
 * process (kill -9 included) loses nothing. Only a crash of the whole machine may take the last moments, without damage to
 * the rest; FULL would guard against that at a disk flush per commit, a hundred times the price.
 * The lock is exclusive: drivers keep rows in memory, so a second process on the file would read stale ones; it is refused.
 *
 * @param onLost called when a group of commits was applied and could not be stored: what is kept in memory of it is wrong
 */
export function openDatabase (directory: string, onLost: () => void = () => {}): Database {
  if (directory !== ':memory:') mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = directory === ':memory:' ? directory : join(directory, 'sandgate.db')
  if (file !== directory) closeSync(openSync(file, 'a', 0o600))
  const connection = guard(`cannot open ${file}; is another process using it?`, () => connect(file))
  const group = createCommitGroup(connection, onLost)
  const begin = connection.prepare('BEGIN IMMEDIATE')
  const commit = connection.prepare('COMMIT')
  return {
    prepare: (sql) => connection.prepare(sql),
    transact: (task) => guard('a transaction failed', () => {
      group.settle()
      begin.run()
      try {
        const result = task()
        commit.run()
        return result
      } catch (fault) {
        if (connection.isTransaction) connection.exec('ROLLBACK')
        throw fault
      }
    }),
    write: (doing, task) => guard(doing, () => {
      group.settle()
      return task()
    }),
    join: (task) => guard('a transaction failed', () => group.join(task)),
    linger: (task) => guard('a transaction failed', () => group.linger(task)),
    pending: group.pending,
    close: () => {
      if (!connection.isOpen) return
      guard('a transaction failed', group.settle)
      connection.close()
    },
  }
}

/** Turns a fault of SQLite into StoreUnavailable; other faults are bugs and pass as they are. */
export function guard<T> (doing: string, task: () => T): T {
  try {
    return task()
  } catch (fault) {
    if (isDatabaseFault(fault)) throw new StoreUnavailable(`${doing}: ${fault.message}`, { cause: fault })
    throw fault
  }
}

function connect (file: string): DatabaseSync {
  const connection = new DatabaseSync(file, { timeout: 1000, enableForeignKeyConstraints: false })
  try {
    connection.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 8000; PRAGMA journal_size_limit = 67108864')
    migrate(connection, file)
  } catch (fault) {
    connection.close()
    throw fault
  }
  return connection
}

function migrate (connection: DatabaseSync, file: string): void {
  const version = Number(connection.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > SCHEMA_VERSION) throw new Error(`${file} was written by a newer release (schema ${version}, this one knows ${SCHEMA_VERSION})`)
  connection.exec(`BEGIN IMMEDIATE; ${SCHEMA}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
}

function isDatabaseFault (fault: unknown): fault is Error {
  return fault instanceof Error && 'code' in fault && (fault.code === 'ERR_SQLITE_ERROR' || (fault.code === 'ERR_INVALID_STATE'))
}
