import type { WatchedToken } from '../../authz/index.ts'

/** What is kept of the life of one token, refresh token or code. Its value is nowhere in it. */
export interface TokenLine extends Omit<WatchedToken, 'name'> {
  /** In the order of their happening; the newest are kept. */
  readonly events: readonly LineEvent[]
  readonly used?: Tally
  /** By the code of the refusal. */
  readonly refused?: Readonly<Record<string, Tally>>
}

export interface LineEvent {
  readonly atMs: number
  readonly event: 'asked' | 'issued' | 'redeemed' | 'rotated' | 'refreshed' | 'revoked'
  readonly requestId?: string
  readonly by?: string
}

/** Many happenings as one: uses are counted, not listed. */
export interface Tally { readonly firstMs: number, readonly lastMs: number, readonly count: number, readonly requestId?: string }

/** What has happened since a line was last written. */
export interface LineChange {
  readonly events: readonly LineEvent[]
  readonly used: Tally | undefined
  readonly refused: ReadonlyMap<string, Tally>
}

const EVENTS_MAX = 40
const CODES_MAX = 20

/** The line with a change added. It does not grow without end: only the newest events and so many codes of refusals are kept. */
export function extendLine (line: TokenLine, { events, used, refused }: LineChange): TokenLine {
  const tallies = { ...line.refused }
  for (const [code, tally] of refused) {
    if (tallies[code] !== undefined || Object.keys(tallies).length < CODES_MAX) tallies[code] = addTally(tallies[code], tally)
  }
  const total = used === undefined ? line.used : addTally(line.used, used)
  return {
    ...line,
    events: [...line.events, ...events.filter((event) => !isTold(line.events, event))].slice(-EVENTS_MAX),
    ...(total === undefined ? {} : { used: total }),
    ...(Object.keys(tallies).length === 0 ? {} : { refused: tallies }),
  }
}

export function addTally (known: Tally | undefined, more: Tally): Tally {
  if (known === undefined) return more
  return { ...more, firstMs: Math.min(known.firstMs, more.firstMs), lastMs: Math.max(known.lastMs, more.lastMs), count: known.count + more.count }
}

const SAME_MS = 2000

/** One revocation of a family is told once for each kind of token in it. */
function isTold (events: readonly LineEvent[], { event, by, atMs }: LineEvent): boolean {
  return event === 'revoked' && events.some((known) => known.event === event && known.by === by && Math.abs(known.atMs - atMs) < SAME_MS)
}
