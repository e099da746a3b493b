import type { Clock, Json, Mode, Secret } from '../../kernel/index.ts'
import { compilePaths } from './paths.ts'
import { createPseudonyms } from './pseudonym.ts'
import { createTextScan } from './scan-text.ts'
import { removeCredentials, scrubHeaderValues, type HeaderRecord } from './scrub-headers.ts'
import { createScrubScalar } from './scrub-scalar.ts'
import { createPathScrub, createQueryScrub } from './scrub-url.ts'
import { cleanOf, gatherFindings, type Findings, type Scrubbed } from './scrubbed.ts'
import { documentedTestCards } from './test-cards.ts'
import { createWalk } from './walk.ts'

/** What the scrubber needs. */
export interface ScrubberDeps {
  /** Keys all pseudonyms and fingerprints. With another key, old pseudonyms are no longer what look-ups become. */
  readonly key: Secret
  /** `enforce` replaces and refuses; `report` only says what it would have done; `off` does not look. */
  readonly mode: Mode
  /** Card numbers taken as test data beside the built-in list; separators do not matter. */
  readonly testCards: readonly string[]
  /** JSON Pointers with `*` and `**` to what is never touched. */
  readonly allow: readonly string[]
  /** The same, without regard to case, to what is always replaced. */
  readonly always: readonly string[]
  /** Turns the key of card fingerprints each day (UTC). */
  readonly clock: Clock
}

/**
 * Keeps personal data out. Everything takes a scope, the sandbox's id, which is part of what pseudonyms are made from; the
 * same value gives the same pseudonym in a body, a query, a path and a text, and scrubbing twice is scrubbing once.
 */
export interface Scrubber {
  /** Scrubs keys and values. Returns the same object when nothing was found. */
  readonly scrubJson: (value: Json, scope: string) => Scrubbed<Json>
  /** For logs, messages and webhook responses: a card becomes `[card removed]` and nothing is refused. */
  readonly scrubText: (text: string, scope: string) => Scrubbed<string>
  /** Scrubs a raw query, without its `?`. Untouched pairs stay byte for byte. */
  readonly scrubQuery: (rawQuery: string, scope: string) => Scrubbed<string>
  /** Scrubs a raw path segment by segment. */
  readonly scrubPath: (rawPath: string, scope: string) => Scrubbed<string>
  /** For logs: credentials go in any mode, other values are scrubbed like texts. */
  readonly scrubHeaders: (headers: HeaderRecord, scope: string) => Scrubbed<HeaderRecord>
}

/**
 * Makes the scrubber of DESIGN decision 11: card numbers that are no documented test cards are refused by pointer (PCI DSS
 * 6.5.5), other personal data and secrets become keyed pseudonyms in reserved ranges. Performs no I/O and never throws on
 * any input.
 */
export function createScrubber (deps: ScrubberDeps): Scrubber {
  const pseudonyms = createPseudonyms(deps)
  const extraTestCards = new Set(deps.testCards.map((card) => card.replaceAll(/\D/g, '')))
  const isTestCard = (digits: string): boolean => documentedTestCards.has(digits) || extraTestCards.has(digits)
  const scan = createTextScan({ pseudonyms, isTestCard })
  const parts = {
    scalar: createScrubScalar({ scan, pseudonyms, isTestCard }),
    allow: compilePaths(deps.allow, { ignoreCase: false }),
    always: compilePaths(deps.always, { ignoreCase: true }),
  }
  const isReport = deps.mode === 'report'
  const gather = (mayRefuse: boolean): Findings => gatherFindings({ isReport, mayRefuse, fingerprint: pseudonyms.fingerprint })

  function finish<T> (mayRefuse: boolean, scrub: (value: T, scope: string, findings: Findings) => T): (value: T, scope: string) => Scrubbed<T> {
    if (deps.mode === 'off') return cleanOf
    return (value, scope) => {
      const findings = gather(mayRefuse)
      return findings.close(value, scrub(value, scope, findings))
    }
  }

  const scrubHeaders = finish<HeaderRecord>(false, (headers, scope, findings) => scrubHeaderValues(headers, scan, scope, findings))
  return {
    scrubJson: finish(true, createWalk(parts)),
    scrubQuery: finish(true, createQueryScrub(parts)),
    scrubPath: finish(true, createPathScrub(parts)),
    scrubText: finish(false, (text: string, scope, findings) => {
      const found = scan(text, scope)
      if (found === undefined) return text
      findings.note('', found.kinds, found.pans)
      return found.text
    }),
    scrubHeaders: (headers, scope) => scrubHeaders(removeCredentials(headers), scope),
  }
}
