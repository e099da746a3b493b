import type { Clock } from '../../kernel/index.ts'
import type { Retention, Stores } from '../ports.ts'
import { createLocalCounter } from '../local-counter.ts'
import { guard, openDatabase } from './database.ts'
import { startHousekeeping } from './housekeeping.ts'
import { createJobs } from './jobs.ts'
import { createKeyValue } from './key-value.ts'
import { createLayers } from './layers.ts'
import { createLog } from './log.ts'
import { createNotices } from './notices.ts'
import { createWindow } from './window.ts'

/**
 * The driver for one process: a database file for what must last, memory for counters and windows.
 *
 * @param options.directory where the file lies, or ':memory:'
 * @param options.retention of log streams
 * @throws StoreUnavailable when the file cannot be opened or belongs to another process
 */
export function openEmbeddedStores (options: { readonly directory: string, readonly clock: Clock, readonly retention: Retention }): Stores {
  const database = openDatabase(options.directory, () => forget())
  const { keyValue, sweep: sweepKeyValue } = createKeyValue(database, options.clock)
  const { jobs, insert } = createJobs(database)
  const { log, sweep: sweepLog, close: closeLog } = createLog(database, options.clock, options.retention)
  const { layers, purge, sweep: sweepOutcomes, forget } = createLayers(database, options.clock, insert)
  const endHousekeeping = startHousekeeping([purge, sweepOutcomes, sweepKeyValue, sweepLog])
  const probe = database.prepare('SELECT 1')
  return {
    driver: 'embedded',
    keyValue,
    counter: createLocalCounter(),
    window: createWindow(),
    log,
    layers,
    jobs,
    notices: createNotices(),
    instances: () => 1,
    ping: async () => { guard('the database does not answer', () => probe.get()) },
    close: async () => {
      endHousekeeping()
      closeLog()
      database.close()
    },
  }
}
