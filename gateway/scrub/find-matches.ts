const NONE: readonly RegExpExecArray[] = Object.freeze([])

/** All matches of a global pattern; a text without any, the usual case, costs one search and no iterator. */
export function findMatches (text: string, pattern: RegExp): readonly RegExpExecArray[] {
  return text.search(pattern) < 0 ? NONE : [...text.matchAll(pattern)]
}
