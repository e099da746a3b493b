import type { Aggregate, Observation, Window } from '../ports.ts'
import { loadScript, type Connection } from './connection.ts'
import type { Keys } from './keys.ts'

/** Sliding aggregates shared by all instances. */
export function createWindow (deps: { readonly connection: Connection, readonly keys: Keys }): Window {
  const { connection, keys } = deps
  const tally = loadScript('window-tally')
  const distinct = loadScript('window-distinct')

  async function ask (key: string, aggregate: Aggregate, nowMs: number, observation: Observation | undefined): Promise<number> {
    const { kind, windowMs } = aggregate
    const name = `${kind}/${windowMs}:${key}`
    if (kind === 'distinct') {
      const args = [windowMs, nowMs, observation === undefined ? '0' : '1', observation?.member ?? '']
      return Number(await connection.run(distinct, [keys.alone('distinct', name)], args))
    }
    const amount = kind === 'sum' ? observation?.amount ?? 0 : 1
    const args = [windowMs, nowMs, observation === undefined ? '' : amount]
    return Number(await connection.run(tally, [keys.alone('tally', name, 'entries'), keys.alone('tally', name, 'total')], args))
  }

  return {
    observe: ask,
    read: (key, aggregate, nowMs) => ask(key, aggregate, nowMs, undefined),
  }
}
