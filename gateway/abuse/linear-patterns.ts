import type { ASTNode, Environment } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'
import { childrenOf } from './expression-cost.ts'

/** Characters that a pattern is tried on; longer text is a fault of the rule, not a long wait. */
export const MATCHED_TEXT_MAX = 16_384

const LINEAR = 'matchesLinear'

/** The patterns of all rules, compiled at load. */
export interface LinearPatterns {
  /**
   * Makes every `matches()` under a node run on RE2, whose time is linear in the text; the engine's own runs on a
   * backtracking one. Patterns are literals, so that a bad one is found at load and none is ever made from a request.
   *
   * @returns what is wrong, or undefined
   */
  readonly redirect: (node: ASTNode) => { readonly message: string, readonly hint: string } | undefined
}

/** Registers RE2 matching with an environment. */
export function createLinearPatterns (environment: Environment): LinearPatterns {
  const patterns = new Map<string, RE2JS>()
  environment.registerFunction(`string.${LINEAR}(string): bool`, (text: string, pattern: string): boolean => {
    const compiled = patterns.get(pattern)
    if (compiled === undefined) throw new TypeError('The pattern was not compiled at load')
    if (text.length > MATCHED_TEXT_MAX) throw new RangeError(`matches() was given more than ${MATCHED_TEXT_MAX} characters`)
    return compiled.matcher(text).find()
  })

  function redirect (node: ASTNode): { message: string, hint: string } | undefined {
    for (const child of childrenOf(node)) {
      const problem = redirect(child)
      if (problem !== undefined) return problem
    }
    if (node.op !== 'rcall' || node.args[0] !== 'matches') return undefined
    const pattern = node.args[2][0]
    if (pattern?.op !== 'value' || typeof pattern.args !== 'string') {
      return { message: 'matches() takes a literal pattern', hint: 'Write the pattern out as a string, or use startsWith, endsWith or contains.' }
    }
    const problem = remember(pattern.args)
    if (problem === undefined) node.args[0] = LINEAR
    return problem
  }

  function remember (pattern: string): { message: string, hint: string } | undefined {
    try {
      if (!patterns.has(pattern)) patterns.set(pattern, RE2JS.compile(pattern))
      return undefined
    } catch (error) {
      return {
        message: `the pattern cannot be compiled: ${(error as Error).message}`,
        hint: 'Patterns are RE2 syntax: no look-around and no back-references.'
      }
    }
  }

  return { redirect }
}
