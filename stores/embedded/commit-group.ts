import type { DatabaseSync } from 'node:sqlite'
import { StoreUnavailable, type MaybePromise } from '../ports.ts'

/** The commits of one turn of the event loop, stored together: COMMIT costs more than all else that a commit does. */
export interface CommitGroup {
  /**
   * Applies a task that awaits nothing: all of it, or nothing when it throws, whatever becomes of the others. What it
   * returns is given when it is stored: at once, or with the group, or as a StoreUnavailable when that could not be stored.
   */
  readonly join: <T>(task: () => T) => MaybePromise<T>
  /**
   * Applies a task that nobody waits for, as `join` does, and leaves it to others to store it: the next `settle`, or the end of
   * a turn that joins something.
   */
  readonly linger: (task: () => void) => Promise<unknown>
  /** Stores the open group at once. Whoever writes outside it calls this first, so that nothing is acknowledged before it is stored. */
  readonly settle: () => void
  /** When what was joined is stored; undefined when all of it is. */
  readonly pending: () => Promise<unknown> | undefined
}

interface Group extends PromiseWithResolvers<unknown> { size: number, isJoined: boolean }

/**
 * Groups what is joined until the end of the turn. Readers of this process see it at once, a moment before it is stored;
 * whoever acknowledges it waits. The first of a group has the transaction to itself, each further one a savepoint in it.
 *
 * A commit that comes alone, as those of a single caller do, gains nothing by waiting: while turns have one commit each, that is
 * stored before `join` returns, and only a second one in a turn opens a group.
 *
 * @param onLost called when members were applied and could not be stored
 */
export function createCommitGroup (connection: DatabaseSync, onLost: () => void): CommitGroup {
  const transaction = createTransaction(connection)
  const isBusy = createTurns(settle)
  let open: Group | undefined

  function apply<T> (group: Group, task: () => T): T {
    try {
      const result = group.size === 0 ? task() : transaction.within(task)
      group.size++
      return result
    } catch (fault) {
      // SQLite has rolled back the whole group by itself where it could not go on.
      if (group.size === 0 || !transaction.isOpen()) lose(group, fault)
      throw fault
    }
  }

  function settle (): void {
    const group = open
    if (group === undefined) return
    try {
      transaction.commit()
    } catch (fault) {
      lose(group, fault)
      throw fault
    }
    open = undefined
    group.resolve(undefined)
  }

  function lose (group: Group, fault: unknown): void {
    open = undefined
    transaction.rollBack()
    if (group.size > 0) onLost()
    group.reject(new StoreUnavailable(`a transaction failed: ${fault instanceof Error ? fault.message : String(fault)}`, { cause: fault }))
  }

  return {
    join (task) {
      const isGrouped = isBusy()
      const group = open ??= beginGroup(transaction)
      const result = apply(group, task)
      group.isJoined = true
      if (isGrouped) return group.promise.then(() => result)
      settle()
      return result
    },
    linger (task) {
      const group = open ??= beginGroup(transaction)
      apply(group, task)
      return group.promise
    },
    settle,
    pending: () => open?.isJoined === true ? open.promise : undefined,
  }
}

function beginGroup (transaction: Transaction): Group {
  transaction.begin()
  const group: Group = { ...Promise.withResolvers<unknown>(), size: 0, isJoined: false }
  group.promise.catch(() => {})
  return group
}

/** Tells at each commit whether it is one of several in its turn, by this turn and the last that had any. */
function createTurns (onEnd: () => void): () => boolean {
  let commits = 0
  let commitsBefore = 0
  function end (): void {
    commitsBefore = commits
    commits = 0
    try {
      onEnd()
    } catch {
      // Every member of the group hears of it by its promise.
    }
  }
  return () => {
    if (commits++ === 0) setImmediate(end)
    return commits > 1 || commitsBefore > 1
  }
}

interface Transaction {
  readonly begin: () => void
  readonly commit: () => void
  readonly isOpen: () => boolean
  readonly rollBack: () => void
  /** Runs a task in a savepoint: when it throws, what it changed is taken back, and nothing else. */
  readonly within: <T>(task: () => T) => T
}

function createTransaction (connection: DatabaseSync): Transaction {
  const begin = connection.prepare('BEGIN IMMEDIATE')
  const commit = connection.prepare('COMMIT')
  const savepoint = connection.prepare('SAVEPOINT member')
  const release = connection.prepare('RELEASE member')
  const isOpen = (): boolean => connection.isOpen && connection.isTransaction
  return {
    begin: () => { begin.run() },
    commit: () => { commit.run() },
    isOpen,
    rollBack: () => { if (isOpen()) connection.exec('ROLLBACK') },
    within (task) {
      savepoint.run()
      try {
        const result = task()
        release.run()
        return result
      } catch (fault) {
        if (isOpen()) connection.exec('ROLLBACK TO member; RELEASE member')
        throw fault
      }
    },
  }
}
