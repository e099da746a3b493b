import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, YAMLParseError, type Document, type Node, type YAMLError } from 'yaml'
import { formatFound, type ConfigProblem, type Location, type Path } from '../problem.ts'
import { convertNode, findAliasTargets } from './convert-node.ts'
import { cutExcerpt } from './excerpt.ts'

/** Bounds on what a document may be, so that a hostile one costs little. */
export interface YamlLimits {
  readonly depthMax: number
  /** Values after aliases are expanded. */
  readonly nodesMax: number
}

/** Plain data and the way back to its lines. */
export interface ParsedYaml {
  readonly value: unknown
  /** Finds a value, or the key that holds it; a path that does not exist is located at its nearest ancestor. */
  readonly locate: (path: Path, part?: 'key' | 'value') => Location
  /** True when the document itself states the path. */
  readonly has: (path: Path) => boolean
}

export type ParseOutcome = { readonly kind: 'parsed', readonly yaml: ParsedYaml } | { readonly kind: 'refused', readonly problems: readonly ConfigProblem[] }

interface Source {
  readonly file: string
  readonly lines: readonly string[]
  readonly counter: LineCounter
}

/**
 * Parses one YAML 1.2 document (JSON is one) and keeps the positions of its values.
 *
 * Refused, each with its line: syntax errors, unknown tags, several documents in one file, and what `convertNode` refuses.
 * The depth is watched while parsing, before anything recurses over the document.
 */
export function parseYaml (text: string, file: string, limits: YamlLimits): ParseOutcome {
  const counter = new LineCounter()
  const source: Source = { file, lines: text.split(/\r?\n/), counter }
  const composed = compose(text, counter, limits.depthMax)
  if ('tooDeepAt' in composed) {
    const expected = `at most ${limits.depthMax} levels`
    return { kind: 'refused', problems: [toProblem(source, composed.tooDeepAt, { found: `nesting deeper than ${limits.depthMax} levels`, expected, hint: '' })] }
  }
  const { document, errors } = composed
  if (errors.length > 0) return { kind: 'refused', problems: errors.slice(0, 20).map((error) => syntaxProblem(source, error)) }
  if (document.directives?.yaml.version !== '1.2') return { kind: 'refused', problems: [toProblem(source, Math.max(0, text.search(/^%YAML/m)), { found: `YAML ${document.directives?.yaml.version ?? ''}`, expected: 'YAML 1.2', hint: 'Remove the %YAML line: in 1.1 words such as no and off are no text.' })] }
  const { value, faults } = convertNode(document, limits)
  if (faults.length > 0) return { kind: 'refused', problems: faults.map((fault) => toProblem(source, fault.offset, fault)) }
  return { kind: 'parsed', yaml: { value, locate: (path, part = 'value') => locate(source, document, path, part), has: (path) => walk(document, path).isWhole } }
}

type Composed = { readonly document: Document, readonly errors: readonly YAMLError[] } | { readonly tooDeepAt: number }

/** Parses with a watch on the depth: composing recurses, so a deep document would exhaust the stack. */
function compose (text: string, counter: LineCounter, depthMax: number): Composed {
  const parser = new Parser(counter.addNewLine)
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, merge: false, logLevel: 'error', lineCounter: counter })
  const state: { tooDeepAt?: number } = {}
  const documents = [...composer.compose(tokensOf(text, parser, counter, depthMax, state), true, text.length)]
  if (state.tooDeepAt !== undefined) return { tooDeepAt: state.tooDeepAt }
  const [document, second] = documents
  if (document === undefined) throw new Error('the YAML composer gave no document')
  const errors: YAMLError[] = [...document.errors, ...document.warnings]
  if (second !== undefined) errors.push(severalDocuments(second))
  return { document, errors }
}

function * tokensOf (text: string, parser: Parser, counter: LineCounter, depthMax: number, state: { tooDeepAt?: number }): ReturnType<Parser['parse']> {
  counter.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) yield token
    if (parser.stack.length > depthMax * 2) {
      state.tooDeepAt = parser.offset
      return
    }
  }
  yield * parser.end()
}

function severalDocuments (document: Document): YAMLError {
  const offset = document.range?.[0] ?? 0
  return new YAMLParseError([offset, offset], 'MULTIPLE_DOCS', 'a second document in one file')
}

function syntaxProblem (source: Source, error: YAMLError): ConfigProblem {
  const message = error.message.replace(/\s+/g, ' ').slice(0, 200)
  return toProblem(source, error.pos[0], { found: message, expected: 'well-formed YAML', hint: SYNTAX_HINTS[error.code] ?? '' })
}

const SYNTAX_HINTS: { readonly [code: string]: string } = {
  TAB_AS_INDENT: 'Indent with spaces.',
  BAD_INDENT: 'Line the key up with its neighbours.',
  MISSING_CHAR: 'Check quotes and brackets up to this place.',
  TAG_RESOLVE_FAILED: 'Tags (!name) are not used here: remove it, or quote the text.',
  BAD_SCALAR_START: 'Quote text that starts with a special character.',
  MULTIPLE_DOCS: 'Keep one document a file: remove the --- line.',
  BLOCK_AS_IMPLICIT_KEY: 'Quote text that holds a colon and a space.'
}

function toProblem (source: Source, offset: number, told: { readonly found: string, readonly expected: string, readonly hint: string }): ConfigProblem {
  return { file: source.file, path: '', found: told.found, expected: told.expected, hint: told.hint, ...locationAt(source, offset) }
}

function locationAt (source: Source, offset: number): Location {
  const { line, col } = source.counter.linePos(offset)
  const known = { line: Math.max(1, line), column: Math.max(1, col) }
  return { ...known, excerpt: cutExcerpt(source.lines, known.line, known.column) }
}

function locate (source: Source, document: Document, path: Path, part: 'key' | 'value'): Location {
  const { node, key, isWhole } = walk(document, path)
  const start = rangeStart(part === 'key' || !isWhole ? key ?? node : node) ?? rangeStart(key)
  return locationAt(source, start ?? 0)
}

function rangeStart (node: unknown): number | undefined {
  return (node as { range?: readonly number[] | null } | null | undefined)?.range?.[0]
}

/** Follows a path as far as the document goes. */
function walk (document: Document, path: Path): { node: unknown, key?: unknown, isWhole: boolean } {
  let at: { node: unknown, key?: unknown } = { node: document.contents }
  for (const step of path) {
    const next = stepInto(isAlias(at.node) ? findAliasTargets(document).get(at.node) : at.node, step)
    if (next === undefined) return { ...at, isWhole: false }
    at = next
  }
  return { ...at, isWhole: true }
}

function stepInto (node: unknown, step: string | number): { node: unknown, key?: unknown } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)] as Node | undefined
    return item === undefined ? undefined : { node: item, key: item }
  }
  if (!isMap(node)) return undefined
  const pair = node.items.find(({ key }) => isScalar(key) && (String(key.value) === String(step) || key.source === String(step)))
  return pair === undefined ? undefined : { node: pair.value ?? pair.key, key: pair.key }
}

/** What a root that is no object is told as. */
export function rootProblem (file: string, value: unknown, expected: string): ConfigProblem {
  return { file, line: 1, column: 1, path: '', found: formatFound(value), expected, hint: '' }
}
