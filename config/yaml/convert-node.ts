import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair } from 'yaml'

/** Why a node cannot become a value, with the offset where it stands. */
export interface NodeFault {
  readonly offset: number
  readonly found: string
  readonly expected: string
  readonly hint: string
}

interface Conversion {
  readonly document: Document
  readonly faults: NodeFault[]
  readonly depthMax: number
  /** Nodes that may still be visited; aliases count each time, which ends alias bombs. */
  budget: number
}

/**
 * Turns a parsed YAML document into plain data: objects, arrays, strings, finite numbers, booleans, null.
 *
 * Refused: keys given twice, keys that are no scalar, the key `__proto__`, numbers that JSON cannot carry, aliases that
 * expand without end, and nesting beyond `depthMax`.
 */
export function convertNode (document: Document, limits: { readonly depthMax: number, readonly nodesMax: number }): { value: unknown, faults: readonly NodeFault[] } {
  const conversion: Conversion = { document, faults: [], depthMax: limits.depthMax, budget: limits.nodesMax }
  const value = convert(document.contents as Node | null, 0, conversion)
  return { value, faults: conversion.faults }
}

function convert (node: unknown, depth: number, conversion: Conversion): unknown {
  if (--conversion.budget < 0) return exhaust(node, conversion)
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
  const target = isAlias(node) ? node.resolve(conversion.document) : undefined
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
    if (key === undefined || conversion.budget < 0) continue
    if (Object.hasOwn(result, key)) fault(conversion, pair.key, `the key ${key} twice`, 'each key once', 'Remove one of the two; the first one is further up.')
    result[key] = convert(pair.value, depth + 1, conversion)
  }
  return result
}

function keyOf (key: unknown, conversion: Conversion): string | undefined {
  const scalar = isAlias(key) ? key.resolve(conversion.document) : key
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
  if (conversion.budget === -1) fault(conversion, node, 'too many values, or aliases that multiply', 'a smaller document', 'Write repeated parts out, or split the file.')
  return undefined
}

function fault (conversion: Conversion, node: unknown, found: string, expected: string, hint: string): void {
  const offset = (node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0
  if (conversion.faults.length < 100) conversion.faults.push({ offset, found, expected, hint })
}
