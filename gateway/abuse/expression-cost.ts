import type { ASTNode } from '@marcbachmann/cel-js'
import { BODY_VALUES_MAX } from './variables.ts'

/** What one expression may cost at worst, in steps of about 20 ns: two milliseconds and a bit. */
export const COST_MAX = 120_000

const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
const LIST_SIZES: Record<string, number> = { card_fingerprints: 64 }
const MATCH_COST = 500
const CALL_COST = 5

/**
 * An upper bound of the steps that an expression takes, known before it ever runs: a loop costs its body times the
 * longest list it could meet. The engine itself has no limit at run time.
 */
export function estimateCost (node: ASTNode): number {
  if (node.op === 'rcall' && LOOPS.has(node.args[0])) {
    const [, receiver, args] = node.args
    return estimateCost(receiver) + sizeOf(receiver) * (1 + sum(args.slice(1)))
  }
  if (node.op === 'in') return sum(node.args) + sizeOf(node.args[1])
  return costOfCall(node) + sum(childrenOf(node))
}

/** The nodes directly under a node, in order. */
export function childrenOf (node: ASTNode): readonly ASTNode[] {
  if (node.op === 'value' || node.op === 'id') return []
  if (node.op === '.' || node.op === '.?') return [node.args[0]]
  if (node.op === 'call') return node.args[1]
  if (node.op === 'rcall') return [node.args[1], ...node.args[2]]
  if (node.op === 'map') return node.args.flat()
  if (node.op === '!_' || node.op === '-_') return [node.args]
  return node.args
}

function sum (nodes: readonly ASTNode[]): number {
  return nodes.reduce((total, node) => total + estimateCost(node), 0)
}

function costOfCall (node: ASTNode): number {
  if (node.op !== 'rcall' && node.op !== 'call') return 1
  return node.args[0] === 'matches' ? MATCH_COST : CALL_COST
}

/** The longest that a list or map can be. */
function sizeOf (node: ASTNode): number {
  if (node.op === 'list' || node.op === 'map') return node.args.length
  if (node.op === '.') return LIST_SIZES[node.args[1]] ?? BODY_VALUES_MAX
  if (node.op === 'rcall' && LOOPS.has(node.args[0])) return sizeOf(node.args[1])
  return BODY_VALUES_MAX
}
