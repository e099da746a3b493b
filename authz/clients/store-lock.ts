import { setTimeout as pause } from 'node:timers/promises'
import { randomToken } from '../../kernel/index.ts'
import { StoreUnavailable, type KeyValue } from '../../stores/ports.ts'

const SPACE = 'oauth-lock'
/** A holder that died lets go after this; no change takes nearly as long. */
const HELD_MS = 10_000
const PAUSE_MS = 20
const TRIES_MAX = 250

/**
 * Runs one change at a time under a name, on all instances: reading, changing and writing a record are several steps of the store.
 *
 * @throws StoreUnavailable when others hold it for five seconds
 */
export async function withLock<T> (keyValue: KeyValue, name: string, change: () => Promise<T>): Promise<T> {
  const holder = randomToken(9)
  for (let tries = 0; !await keyValue.putIfAbsent(SPACE, name, holder, { ttlMs: HELD_MS }); tries++) {
    if (tries === TRIES_MAX) throw new StoreUnavailable(`another change of ${name} is not finished`)
    await pause(PAUSE_MS)
  }
  try {
    return await change()
  } finally {
    if (await keyValue.get(SPACE, name) === holder) await keyValue.delete(SPACE, name)
  }
}
