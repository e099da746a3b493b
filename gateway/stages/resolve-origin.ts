import { pass, whenSettled, type Verdict } from '../../kernel/index.ts'
import type { Arrival, OriginFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

const NONE: Verdict<OriginFacts> = pass({ origin: undefined })

/**
 * Notes the origin of a script that calls (RFC 6454 §7) and whether some client has registered it: until a caller is known,
 * this decides whether the script may read the answer, a refusal among them. It refuses nobody: the browser does.
 */
export function resolveOrigin ({ isRegisteredOrigin }: { readonly isRegisteredOrigin: (origin: string) => boolean | Promise<boolean> }): Stage<Arrival, OriginFacts> {
  return {
    name: 'resolve-origin',
    phase: 'arrival',
    onFault: 'refuse',
    decide: ({ request: { headers: { origin } } }) =>
      origin === undefined ? NONE : whenSettled(isRegisteredOrigin(origin), (isAllowed) => pass({ origin: { value: origin, isAllowed } })),
  }
}
