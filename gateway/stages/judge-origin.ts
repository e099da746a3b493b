import { PASS, pass, whenSettled, type Verdict } from '../../kernel/index.ts'
import type { Arrival, CallerFacts, OriginFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/**
 * Narrows what `resolve-origin` found to the caller: a script may read the answer only from an origin that the client of its
 * token has registered. It refuses nobody: the answer lacks `Access-Control-Allow-Origin`, and the browser keeps it.
 */
export function judgeOrigin ({ isOriginOf }: { readonly isOriginOf: (clientId: string, origin: string) => boolean | Promise<boolean> }): Stage<Arrival & OriginFacts & CallerFacts, Partial<OriginFacts>> {
  return {
    name: 'judge-origin',
    phase: 'arrival',
    onFault: 'pass-and-report',
    decide: ({ origin, caller: { clientId } }): Verdict<Partial<OriginFacts>> | Promise<Verdict<Partial<OriginFacts>>> => {
      if (origin === undefined || clientId === undefined) return PASS
      return whenSettled(isOriginOf(clientId, origin.value), (isAllowed) => pass({ origin: { value: origin.value, isAllowed } }))
    },
  }
}
