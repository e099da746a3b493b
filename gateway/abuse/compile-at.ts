import { compileExpression, type Expression, type Language } from './expression.ts'

/** Compiles an expression, reporting what is wrong with it at its place. */
export function compileAt (language: Language, text: string, types: readonly string[], path: ReadonlyArray<string | number>, report: Report): Expression | undefined {
  const result = compileExpression(language, text, types)
  if (result.kind === 'compiled') return result.expression
  report(path, result.message, result.hint)
  return undefined
}

/** Where problems of one rule are gathered. */
export type Report = (path: ReadonlyArray<string | number>, message: string, hint?: string) => void
