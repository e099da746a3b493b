import type { Drift, Suggestion } from '../drift.ts'
import { suggestForMetadata } from './suggest-for-metadata.ts'
import { suggestForTokens } from './suggest-for-tokens.ts'
import { suggestForWire } from './suggest-for-wire.ts'

/** A kind of drift, by its id, and the change that closes it; undefined where the values leave none. */
export type SuggestionRule = readonly [matches: RegExp, suggest: (drift: Drift) => Suggestion | undefined]

const RULES: readonly SuggestionRule[] = [...suggestForMetadata, ...suggestForTokens, ...suggestForWire]

/**
 * The change to sandgate.yaml that would close a drift; undefined where none would. Nothing is changed: whoever runs the sandbox
 * decides. It knows only the one drift, so a change never depends on what else differs.
 */
export function suggestChange (drift: Drift): Suggestion | undefined {
  const rule = RULES.find(([matches]) => matches.test(drift.id))
  return rule?.[1](drift)
}
