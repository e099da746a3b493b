import { type ASTNode, type Environment, type ParseResult, serialize } from '@marcbachmann/cel-js'
import { childrenOf, COST_MAX, estimateCost } from './expression-cost.ts'
import type { LinearPatterns } from './linear-patterns.ts'
import { requestVariables, type Context } from './variables.ts'

/** A checked CEL expression, ready to run. */
export interface Expression {
  /** As written. */
  readonly text: string
  /** As the parser read it, in one spelling: equal for expressions that differ in white space only. */
  readonly canonical: string
  readonly type: string
  /** The variables that it names. */
  readonly names: ReadonlySet<string>
  /** The members of variables that it reads, `request.path`; a variable that it uses whole is there by its name alone. */
  readonly members: ReadonlySet<string>
  /** The parts of a conjunction, `a && b && c`, in their canonical spelling; itself when it is none. */
  readonly conjuncts: ReadonlyArray<{ readonly canonical: string, readonly names: ReadonlySet<string> }>
  /** Throws what the engine throws: a missing key, a conversion that fails, text that is too long for a pattern. */
  readonly evaluate: (context: Context) => unknown
}

/** An environment and what compiles with it. */
export interface Language {
  readonly environment: Environment
  readonly patterns: LinearPatterns
  /** Names an author could have meant, for hints: members by variable. */
  readonly members: { readonly [variable: string]: readonly string[] }
}

export type CompiledExpression =
  | { readonly kind: 'compiled', readonly expression: Expression }
  | { readonly kind: 'refused', readonly message: string, readonly hint: string }

/**
 * Parses, checks types and bounds the cost of an expression, which must yield one of `types`.
 *
 * Refused, each with a hint: a syntax error, an unknown variable or member, an operator or function that its operands
 * do not have, another type than asked for, a pattern that is no literal or no RE2, a loop that could run too long.
 */
export function compileExpression (language: Language, text: string, types: readonly string[]): CompiledExpression {
  let parsed: ParseResult
  try {
    parsed = language.environment.parse(text)
  } catch (error) {
    return refuseSyntax(error)
  }
  const canonical = serialize(parsed.ast)
  const conjuncts = conjunctsOf(parsed.ast).map((node) => ({ canonical: serialize(node), names: namesIn(node) }))
  const refusal = inspectTree(parsed.ast, language.patterns)
  if (refusal !== undefined) return { kind: 'refused', ...refusal }
  const checked = parsed.check()
  if (!checked.valid) return refuseType(checked.error, language)
  const type = checked.type ?? 'dyn'
  if (!types.includes(type)) {
    return { kind: 'refused', message: `the expression yields ${type}, not ${types.join(' or ')}`, hint: hintForType(type, types) }
  }
  return { kind: 'compiled', expression: { text, canonical, type, names: namesIn(parsed.ast), members: membersIn(parsed.ast), conjuncts, evaluate: readerOf(parsed.ast) ?? ((context): unknown => parsed(context)) } }
}

function inspectTree (node: ASTNode, patterns: LinearPatterns): { message: string, hint: string } | undefined {
  const cost = estimateCost(node)
  if (cost > COST_MAX) {
    return { message: `the expression may take ${cost} steps, more than ${COST_MAX}`, hint: 'Loop over one list only, not over lists within lists, and match patterns outside of loops over the body.' }
  }
  const call = forbiddenCall(node)
  if (call !== undefined) return { message: `${call} is not available in rules`, hint: 'Write the expression out where it is used.' }
  return patterns.redirect(node)
}

/** `cel.bind` can double a text at every level, which no bound on steps catches; the other is ours and internal. */
function forbiddenCall (node: ASTNode): string | undefined {
  if ((node.op === 'rcall' || node.op === 'call') && /^(bind|matchesLinear)$/.test(node.args[0])) return `${node.args[0]}()`
  for (const child of childrenOf(node)) {
    const call = forbiddenCall(child)
    if (call !== undefined) return call
  }
  return undefined
}

function conjunctsOf (node: ASTNode): ASTNode[] {
  return node.op === '&&' ? node.args.flatMap(conjunctsOf) : [node]
}

function namesIn (node: ASTNode): Set<string> {
  const names = new Set<string>()
  collectNames(node, names)
  return names
}

function membersIn (node: ASTNode): Set<string> {
  const member = memberOf(node)
  if (member !== undefined) return new Set([`${member.variable}.${member.name}`])
  if (node.op === 'id') return new Set([node.args])
  return new Set(childrenOf(node).flatMap((child) => [...membersIn(child)]))
}

function memberOf (node: ASTNode): { readonly variable: string, readonly name: string } | undefined {
  if (node.op !== '.' || node.args[0].op !== 'id') return undefined
  return { variable: node.args[0].args, name: node.args[1] }
}

/** An expression that is a member of the request and nothing else needs no engine. */
function readerOf (node: ASTNode): Expression['evaluate'] | undefined {
  const member = memberOf(node)
  if (member?.variable !== 'request' || !Object.hasOwn(requestVariables, member.name)) return undefined
  const name = member.name as keyof typeof requestVariables
  return ({ request }) => request[name]
}

function collectNames (node: ASTNode, names: Set<string>): void {
  if (node.op === 'id') names.add(node.args)
  for (const child of childrenOf(node)) collectNames(child, names)
}

interface EngineError { readonly code?: string, readonly summary?: string, readonly message: string, readonly range?: { readonly start: number } }

function describe (error: unknown): { message: string, code: string } {
  const { summary, message, code = '', range } = error as EngineError
  const place = range === undefined ? '' : `, at character ${range.start + 1}`
  return { message: `${summary ?? message}${place}`, code }
}

function refuseSyntax (error: unknown): CompiledExpression {
  return { kind: 'refused', message: `no expression: ${describe(error).message}`, hint: 'Expressions are CEL (https://cel.dev): == compares, && and || combine, strings are quoted.' }
}

function refuseType (error: unknown, language: Language): CompiledExpression {
  const { message, code } = describe(error)
  if (code === 'unknown_variable') return { kind: 'refused', message, hint: `Known here: ${Object.keys(language.members).join(', ')}.` }
  if (code === 'no_such_key') {
    const known = Object.entries(language.members).map(([variable, names]) => `${variable} has ${names.join(', ') || 'no members'}`)
    return { kind: 'refused', message, hint: `${known.join('; ')}.` }
  }
  if (code === 'no_matching_overload') {
    return { kind: 'refused', message, hint: 'Texts have startsWith, endsWith, contains, matches, lowerAscii and size(); lists have exists, all, filter, map and size(); ratio(part, whole) divides.' }
  }
  return { kind: 'refused', message, hint: 'Types must agree: 1 is an int and 1.0 a double; int(), double() and string() convert.' }
}

function hintForType (type: string, types: readonly string[]): string {
  if (types.includes('bool')) return 'Compare with something, as in signals.failures > 10.'
  if (types.includes('string')) return type === 'dyn' ? 'Say which type a member of the body has: string(request.body.name).' : 'Convert with string().'
  return type === 'dyn' ? 'Say which type a member of the body has: double(request.body.amount).' : 'Convert with double() or int().'
}
