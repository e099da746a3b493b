import { Environment, type ASTNode } from '@marcbachmann/cel-js'
import type { Json } from '../../kernel/index.ts'
import type { ApiDocument } from '../openapi/document.ts'
import { compilePattern } from '../openapi/bounded-pattern.ts'
import { readSchema } from '../openapi/read-schema.ts'
import { digestText } from '../world/derive-id.ts'
import { fromCel, type CelValue } from './cel-values.ts'

/** Variables of one evaluation. */
export type Variables = Readonly<Record<string, CelValue>>

/** A checked expression; throws when it cannot be evaluated (a missing member, an overflow). */
export type Compiled = (variables: Variables) => Json

/** The type of a variable: `dyn`, or the schema that types it. */
export type VariableType = { readonly kind: 'dyn' } | { readonly kind: 'int' } | { readonly kind: 'map' } | { readonly kind: 'list' } | { readonly kind: 'schema', readonly pointer: string }

/** Compiles expressions that see the same variables. */
export interface Scope {
  /** @param expected the type that the result must have, where the place asks for one */
  readonly compile: (source: string, expected?: 'bool') => { readonly kind: 'compiled', readonly run: Compiled } | { readonly kind: 'refused', readonly message: string, readonly hint?: string }
}

const OPTIONS = { homogeneousAggregateLiterals: false, enableOptionalTypes: true, limits: { maxAstNodes: 2000, maxDepth: 40 } } as const
const LOOPS = new Set(['map', 'filter', 'all', 'exists', 'exists_one', 'transformList', 'transformMap'])
const LOOP_DEPTH_MAX = 2
const TYPE_DEPTH_MAX = 3

/**
 * Makes scopes. An expression is checked against the schemas' types when it is compiled, and runs on values of any type; so a
 * misspelt member or `amount + "x"` is refused at load. Loops nest at most twice over lists of at most 1,000 items.
 */
export function createScopes (document: ApiDocument): (variables: Readonly<Record<string, VariableType>>) => Scope {
  const runner = addFunctions(new Environment({ ...OPTIONS, unlistedVariablesAreDyn: true }))
  const base = addFunctions(new Environment(OPTIONS))

  return variables => {
    const checker = base.clone()
    for (const [name, type] of Object.entries(variables)) declare(document, checker, name, type)
    return { compile: (source, expected) => compile(checker, runner, source, expected) }
  }
}

function compile (checker: Environment, runner: Environment, source: string, expected: 'bool' | undefined): ReturnType<Scope['compile']> {
  const checked = checker.check(source)
  if (!checked.valid) return { kind: 'refused', message: (checked.error?.message ?? 'is not valid CEL').split('\n')[0] as string }
  if (expected !== undefined && checked.type !== expected && checked.type !== 'dyn') return { kind: 'refused', message: `must be ${expected}, is ${checked.type}` }
  const program = runner.parse(source)
  if (usesMatches(program.ast)) return { kind: 'refused', message: 'matches() is not available', hint: 'use text.matchesPattern(pattern), which RE2 runs' }
  if (loopDepth(program.ast) > LOOP_DEPTH_MAX) return { kind: 'refused', message: `loops nest deeper than ${LOOP_DEPTH_MAX}` }
  return { kind: 'compiled', run: variables => fromCel(program(variables)) }
}

function declare (document: ApiDocument, environment: Environment, name: string, type: VariableType): void {
  if (type.kind !== 'schema') {
    environment.registerVariable(name, type.kind)
    return
  }
  const fields = fieldsOf(document, type.pointer, TYPE_DEPTH_MAX)
  if (typeof fields === 'string') environment.registerVariable(name, fields)
  else environment.registerVariable({ name, schema: fields })
}

type Fields = { readonly [name: string]: string | Fields }

function fieldsOf (document: ApiDocument, pointer: string, depth: number): string | Fields {
  const shape = readSchema(document, pointer)
  if (shape.isNullable) return 'dyn'
  if (shape.type === 'integer') return 'int'
  if (shape.type === 'number') return 'double'
  if (shape.type === 'boolean') return 'bool'
  if (shape.type === 'string') return 'string'
  if (shape.type === 'array') return 'list<dyn>'
  if (shape.type !== 'object') return 'dyn'
  if (shape.members.size === 0 || depth === 0) return 'map'
  return Object.fromEntries([...shape.members].filter(([name]) => /^[A-Za-z_]\w*$/.test(name)).map(([name, member]) => [name, fieldsOf(document, member, depth - 1)]))
}

function addFunctions (environment: Environment): Environment {
  return environment
    .registerFunction('sum(list, string): int', (list: readonly unknown[], member: string) => list.reduce<bigint>((total, item) => total + intOf((item as Record<string, unknown>)[member]), 0n), { description: 'The sum of an integer member over a list of objects.' })
    .registerFunction('min(int, int): int', (a: bigint, b: bigint) => a < b ? a : b)
    .registerFunction('max(int, int): int', (a: bigint, b: bigint) => a > b ? a : b)
    .registerFunction('digest(string): string', digestText, { description: 'Sixteen base-62 characters that follow from the text.' })
    .registerFunction('string.last(int): string', (text: string, count: bigint) => text.slice(Math.max(0, text.length - Number(count))), { description: 'The last characters of a text.' })
    .registerFunction('string.matchesPattern(string): bool', (text: string, pattern: string) => compilePattern(pattern)?.test(text) ?? false, { description: 'Whether RE2 finds the pattern in the text.' })
}

function intOf (value: unknown): bigint {
  return typeof value === 'bigint' ? value : 0n
}

function usesMatches (node: ASTNode): boolean {
  if ((node.op === 'rcall' || node.op === 'call') && node.args[0] === 'matches') return true
  return childrenOf(node).some(usesMatches)
}

function loopDepth (node: ASTNode): number {
  const inner = Math.max(0, ...childrenOf(node).map(loopDepth))
  return node.op === 'rcall' && LOOPS.has(node.args[0]) ? inner + 1 : inner
}

function childrenOf (node: ASTNode): readonly ASTNode[] {
  const found: ASTNode[] = []
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(collect)
    else if (typeof value === 'object' && value !== null && 'op' in value) found.push(value as ASTNode)
  }
  collect(node.args)
  return found
}
