/** Tells whether a path is named by any of the patterns it was made from. */
export interface PathMatcher {
  readonly isEmpty: boolean
  /** True when no pattern looks further than the last step, so that `matchesName` tells all. */
  readonly isByName: boolean
  /** True for a last step that is named at any depth. */
  readonly matchesName: (name: string) => boolean
  readonly matches: (path: ReadonlyArray<string | number>) => boolean
}

const ANY_DEPTH = '**'
const ANY_ONE = '*'

/**
 * Compiles JSON Pointers (RFC 6901) in which `*` stands for one step and `**` for any number of steps, none included:
 * a step into an object or an array. Names compare without regard to case when `ignoreCase` is set.
 *
 * The usual shape, `/**` followed by a name, is looked up in a set.
 */
export function compilePaths (patterns: readonly string[], options: { readonly ignoreCase: boolean }): PathMatcher {
  const fold = (step: string | number): string => options.ignoreCase ? String(step).toLowerCase() : String(step)
  const lastNames = new Set<string>()
  const general: Array<readonly string[]> = []
  for (const pattern of patterns) {
    const steps = parsePointer(pattern).map(fold)
    const [first, last] = steps
    if (steps.length === 2 && first === ANY_DEPTH && last !== undefined && last !== ANY_ONE && last !== ANY_DEPTH) lastNames.add(last)
    else general.push(steps)
  }
  return {
    isEmpty: patterns.length === 0,
    isByName: general.length === 0,
    matchesName: (name) => lastNames.size > 0 && lastNames.has(fold(name)),
    matches: (path) => {
      const last = path.at(-1)
      if (last !== undefined && lastNames.size > 0 && lastNames.has(fold(last))) return true
      return general.length > 0 && matchesAny(general, path.map(fold))
    },
  }
}

function parsePointer (pattern: string): string[] {
  if (pattern === '') return []
  return pattern.replace(/^\//, '').split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function matchesAny (patterns: ReadonlyArray<readonly string[]>, path: readonly string[]): boolean {
  return patterns.some((steps) => matchSteps(steps, path))
}

/** Greedy with one point of return, the last `**`: at most steps × path comparisons. */
function matchSteps (steps: readonly string[], path: readonly string[]): boolean {
  let step = 0
  let at = 0
  let back = -1
  let resume = 0
  while (at < path.length) {
    if (steps[step] === ANY_DEPTH) {
      back = step++
      resume = at
    } else if (step < steps.length && (steps[step] === ANY_ONE || steps[step] === path[at])) {
      step++
      at++
    } else if (back >= 0) {
      step = back + 1
      at = ++resume
    } else return false
  }
  while (steps[step] === ANY_DEPTH) step++
  return step === steps.length
}
