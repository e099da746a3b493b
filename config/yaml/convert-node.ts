import { isAlias, isMap, isScalar, isSeq, visit, type Document, type Node, type Pair } from 'yaml'

/** Why a node cannot become a value, with the offset where it stands. */
export interface NodeFault {
  readonly offset: number
  readonly found: string
  readonly expected: string
  readonly hint: string
}

/** The node that each alias stands for. */
export type AliasTargets = ReadonlyMap<unknown, Node>

interface Conversion {
  readonly targets: AliasTargets
  readonly faults: NodeFault[]
  readonly depthMax: number
  /** Values that may still be made; what an alias stands for counts each time, which ends alias bombs. */
  budget: number
  aliasBudget: number
}

/** Aliases that may be expanded, however small what they stand for. */
const ALIASES_MAX = 10_000

/**
 * Turns a parsed YAML document into plain data: objects, arrays, strings, finite numbers, booleans, null.
 *
 * Refused: keys given twice, keys that are no scalar, the key `__proto__`, numbers that JSON cannot carry, aliases that
 * expand without end, and nesting beyond `depthMax`.
 */
export function convertNode (document: Document, limits: { readonly depthMax: number, readonly nodesMax: number }): { value: unknown, faults: readonly NodeFault[] } {
  const conversion: Conversion = { targets: findAliasTargets(document), faults: [], depthMax: limits.depthMax, budget: limits.nodesMax, aliasBudget: ALIASES_MAX }
  const value = convert(document.contents, 0, conversion)
  return { value, faults: conversion.faults }
}

/** Resolves every alias in one pass; the library's own way walks the document once an alias. */
export function findAliasTargets (document: Document): AliasTargets {
  const anchors = new Map<string, Node>()
  const targets = new Map<unknown, Node>()
  visit(document, (_, node) => {
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target !== undefined) targets.set(node, target)
    } else if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) {
      anchors.set(node.anchor, node)
    }
  })
  return targets
}

function convert (node: unknown, depth: number, conversion: Conversion): unknown {
  if (--conversion.budget < 0 || conversion.aliasBudget < 0) return exhaust(node, conversion)
  if (depth > conversion.depthMax) {
    fault(conversion, node, `nesting deeper than ${conversion.depthMax} levels`, `at most ${conversion.depthMax} levels`, 'An alias that contains itself also counts as endless nesting.')
    return undefined
  }
  if (isAlias(node)) return convertAlias(node, depth, conversion)
  if (isMap(node)) return convertMap(node.items, depth, conversion)
  if (isSeq(node)) return node.items.map((item) => convert(item, depth + 1, conversion))
  return isScalar(node) ? convertScalar(node, conversion) : null
}

function convertAlias (node: Node, depth: number, conversion: Conversion): unknown {
  const target = conversion.targets.get(node)
  conversion.aliasBudget--
  if (target !== undefined) return convert(target, depth + 1, conversion)
  fault(conversion, node, 'an alias of nothing', 'an alias of an anchor above it', '')
  return undefined
}

function convertScalar (node: { value: unknown }, conversion: Conversion): unknown {
  const { value } = node
  if (typeof value === 'number' && !Number.isFinite(value)) fault(conversion, node, String(value), 'a finite number', 'Quote it if it is meant as text.')
  return value
}

function convertMap (pairs: readonly Pair[], depth: number, conversion: Conversion): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const pair of pairs) {
    const key = keyOf(pair.key, conversion)
    if (key === undefined || conversion.budget < 0 || conversion.aliasBudget < 0) continue
    if (Object.hasOwn(result, key)) fault(conversion, pair.key, `the key ${key} twice`, 'each key once', 'Remove one of the two; the first one is further up.')
    result[key] = convert(pair.value, depth + 1, conversion)
  }
  return result
}

function keyOf (key: unknown, conversion: Conversion): string | undefined {
  const scalar = isAlias(key) ? conversion.targets.get(key) : key
  if (!isScalar(scalar)) {
    fault(conversion, key, 'a key that is a list or an object', 'a key that is text', 'A value that starts with { or [ needs quotes to be text.')
    return undefined
  }
  const name = typeof scalar.value === 'string' ? scalar.value : scalar.source ?? String(scalar.value)
  if (name === '__proto__') {
    fault(conversion, key, 'the key __proto__', 'another name', 'It would change the object instead of filling it.')
    return undefined
  }
  return name
}

function exhaust (node: unknown, conversion: Conversion): undefined {
  if (conversion.faults.length === 0) fault(conversion, node, 'too many values, or aliases that multiply', 'a smaller document', 'Write repeated parts out, or split the file.')
  return undefined
}

function fault (conversion: Conversion, node: unknown, found: string, expected: string, hint: string): void {
  const offset = (node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0
  if (conversion.faults.length < 100) conversion.faults.push({ offset, found, expected, hint })
}
