import { RE2JS } from 're2js'

const PATTERN_LENGTH_MAX = 2000

/** A compiled pattern with the one method that validators call. */
export interface BoundedPattern {
  readonly test: (text: string) => boolean
  /** The pattern: ajv tells compiled patterns apart by it. */
  readonly toString: () => string
}

/**
 * Compiles an ECMA-262 pattern for RE2, whose time is linear in the text: a document cannot bring a regular expression that
 * backtracks.
 *
 * @returns undefined when RE2 cannot run it (look-around, back-references) or it is over-long
 */
export function compilePattern (pattern: string): BoundedPattern | undefined {
  if (pattern.length > PATTERN_LENGTH_MAX) return undefined
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
    return { test: text => compiled.matcher(text).find(), toString: () => pattern }
  } catch {
    return undefined
  }
}
