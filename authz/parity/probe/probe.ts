import type { Json } from '../../../kernel/index.ts'
import type { Session } from './session.ts'

/** What was seen, each under the id that a difference in it would have (see `Drift.id`). Shapes and names, nothing secret. */
export type Facts = Readonly<Record<string, Json>>

/** One thing to find out about a server, with one request or a few that change nothing. */
export interface Probe {
  /** Unique; also the second word of the ids of what it finds. */
  readonly id: string
  readonly area: string
  /** What is asked, as it is told to people: `a token request without a client`. */
  readonly title: string
  /** What the server must have, or must be known of it; see `explainNeed`. */
  readonly needs: readonly string[]
  readonly observe: (session: Session) => Promise<Facts>
}

/** What a probe came to at one side. */
export type Observation =
  | { readonly kind: 'seen', readonly facts: Facts }
  | { readonly kind: 'skipped', readonly why: string }

const NEEDS: ReadonlyArray<readonly [pattern: RegExp, why: string]> = [
  [/^endpoint:(.+)$/, 'advertises no $1 endpoint'],
  [/^alias:(.+)$/, 'advertises no mutual-TLS alias of its $1 endpoint'],
  [/^grant:(.+)$/, 'does not offer the grant $1'],
  [/^method:(.+)$/, 'does not offer client authentication by $1'],
  [/^member:(.+)$/, 'does not advertise $1'],
  [/^client:secret$/, 'has no test client with a secret'],
  [/^client:key$/, 'has no test client with a private key'],
  [/^client:certificate$/, 'has no test client with a certificate'],
  [/^client:redirect$/, 'has no test client with a redirect_uri'],
  [/^client$/, 'has no test client'],
  [/^login$/, 'gave no code without a person'],
  [/^tls$/, 'is not reached over TLS'],
]

/** Says what is missing at a side that lacks a need. */
export function explainNeed (need: string): string {
  const found = NEEDS.find(([pattern]) => pattern.test(need))
  return found === undefined ? `lacks ${need}` : need.replace(found[0], found[1])
}
