import { isJsonObject, type Json } from '../../kernel/index.ts'
import type { Compiled, Scope } from './compile-expression.ts'

/** Called for every problem found while compiling. */
export type Report = (path: string, message: string, hint?: string) => void

/** Compiles a JSON template: `${CEL}` in strings; a string that is one expression keeps its value's type. */
export function compileTemplate (scope: Scope, template: Json, path: string, report: Report): Compiled {
  if (typeof template === 'string') return compileText(scope, template, path, report)
  if (Array.isArray(template)) {
    const items = template.map((item, index) => compileTemplate(scope, item as Json, `${path}/${index}`, report))
    return variables => items.map(item => item(variables))
  }
  if (!isJsonObject(template)) return () => template
  const members = Object.entries(template).map(([name, value]) => [name, compileTemplate(scope, value, `${path}/${name}`, report)] as const)
  return variables => Object.fromEntries(members.map(([name, run]) => [name, run(variables)]))
}

/** Compiles a bare CEL condition. */
export function compileCondition (scope: Scope, source: string, path: string, report: Report): (variables: Parameters<Compiled>[0]) => boolean {
  const compiled = scope.compile(source, 'bool')
  if (compiled.kind === 'refused') {
    report(path, `${compiled.message}, in: ${source}`, compiled.hint)
    return () => false
  }
  return variables => compiled.run(variables) === true
}

function compileText (scope: Scope, text: string, path: string, report: Report): Compiled {
  const parts = splitText(text)
  if (parts === undefined) {
    report(path, `an expression is not closed, in: ${text}`)
    return () => null
  }
  const runs = parts.map((part): Compiled => {
    if (part.kind === 'text') return () => part.text
    const compiled = scope.compile(part.text)
    if (compiled.kind === 'compiled') return compiled.run
    report(path, `${compiled.message}, in: ${part.text}`, compiled.hint)
    return () => null
  })
  const [only] = runs
  if (runs.length === 1 && only !== undefined) return only
  return variables => runs.map(run => toText(run(variables))).join('')
}

function toText (value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

interface Part { readonly kind: 'text' | 'expression', readonly text: string }

function splitText (text: string): readonly Part[] | undefined {
  const parts: Part[] = []
  let from = 0
  for (let at = text.indexOf('${'); at !== -1; at = text.indexOf('${', from)) {
    const end = endOfExpression(text, at + 2)
    if (end === undefined) return undefined
    if (at > from) parts.push({ kind: 'text', text: text.slice(from, at) })
    parts.push({ kind: 'expression', text: text.slice(at + 2, end) })
    from = end + 1
  }
  if (from < text.length || parts.length === 0) parts.push({ kind: 'text', text: text.slice(from) })
  return parts
}

/** The `}` that closes an expression, past braces and quoted text within it. */
function endOfExpression (text: string, start: number): number | undefined {
  let depth = 0
  let quote = ''
  for (let at = start; at < text.length; at++) {
    const character = text[at] as string
    if (quote !== '') {
      if (character === '\\') at++
      else if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '{') depth++
    else if (character === '}' && depth-- === 0) return at
  }
  return undefined
}
