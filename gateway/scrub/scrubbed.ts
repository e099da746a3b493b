import type { DataKind } from './span.ts'

/** What became of one value. */
export interface Scrubbed<T> {
  /** The value without personal data: the same object or string when nothing was found, or in mode `report`. */
  readonly value: T
  /**
   * What was found, cards included, in the order of the walk. A pointer is a JSON Pointer (RFC 6901) into the body, or
   * `/query/<name>`, `/path/<index>`, `/headers/<name>`; '' is the whole text. Pointers hold no personal data themselves.
   */
  readonly removals: ReadonlyArray<{ readonly pointer: string, readonly kind: DataKind }>
  /** Where a card number stood that is no documented test card: such a request is refused. Always empty in mode `report`. */
  readonly refusedPointers: readonly string[]
  /** HMAC of each such card under a key of the day (UTC), each once: for counting cards, also in mode `report`. */
  readonly cardFingerprints: readonly string[]
}

/** Gathers findings; makes nothing until there is one. */
export interface Findings {
  readonly note: (pointer: string, kinds: readonly DataKind[], pans: readonly string[]) => void
  readonly close: <T>(original: T, scrubbed: T) => Scrubbed<T>
}

const NOTHING: readonly never[] = Object.freeze([])

/** The result of a value in which nothing was found. */
export function cleanOf<T> (value: T): Scrubbed<T> {
  return { value, removals: NOTHING, refusedPointers: NOTHING, cardFingerprints: NOTHING }
}

/** `mayRefuse` is false where cards are masked and the rest goes on. */
export function gatherFindings (options: { readonly isReport: boolean, readonly mayRefuse: boolean, readonly fingerprint: (pan: string) => string }): Findings {
  const removals: Array<{ pointer: string, kind: DataKind }> = []
  const refused = new Set<string>()
  const fingerprints = new Set<string>()
  return {
    note: (pointer, kinds, pans) => {
      for (const kind of kinds) removals.push({ pointer, kind })
      for (const pan of pans) fingerprints.add(options.fingerprint(pan))
      if (pans.length > 0 && options.mayRefuse && !options.isReport) refused.add(pointer)
    },
    close: (original, scrubbed) => removals.length === 0
      ? cleanOf(original)
      : { value: options.isReport ? original : scrubbed, removals, refusedPointers: [...refused], cardFingerprints: [...fingerprints] },
  }
}
