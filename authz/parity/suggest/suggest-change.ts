import type { Drift, Suggestion } from '../drift.ts'

/** The change to sandgate.yaml that would close a drift; undefined where none would. */
export function suggestChange (_drift: Drift): Suggestion | undefined {
  return undefined
}
