import type { JsonObject } from '../../kernel/index.ts'
import type { Connection } from './connection.ts'
import type { LayerKeys } from './layer-keys.ts'

/** Outcomes by `once` key, in the layers that remembered them. */
export interface Outcomes {
  /** What the layers below remember. */
  readonly below: (chain: readonly LayerKeys[], key: string, nowMs: number) => Promise<JsonObject | undefined>
  /** What the layer or those below remember. */
  readonly anywhere: (chain: readonly LayerKeys[], key: string, nowMs: number) => Promise<JsonObject | undefined>
}

export function createOutcomes (connection: Connection): Outcomes {
  async function find (layers: readonly LayerKeys[], key: string, nowMs: number): Promise<JsonObject | undefined> {
    const stored = await Promise.all(layers.map((layer) => connection.ask((client) => client.get(layer.outcome(key)))))
    return stored.map((text) => readOutcome(text, nowMs)).find((outcome) => outcome !== undefined)
  }

  return {
    below: (chain, key, nowMs) => find(chain.slice(1), key, nowMs),
    anywhere: find,
  }
}

function readOutcome (stored: string | null, nowMs: number): JsonObject | undefined {
  if (stored === null) return undefined
  const end = stored.indexOf(':')
  return Number(stored.slice(0, end)) > nowMs ? JSON.parse(stored.slice(end + 1)) as JsonObject : undefined
}
