/** Keys whose values are never shown, wherever they stand in a file. */
const SECRET_KEYS = 'cookie_secrets|scrub_secret|operator_token|url|password|secret'
const SECRET_VALUE = new RegExp(`((?:^|[\\s{,])["']?(?:${SECRET_KEYS})["']?\\s*:\\s*)(\\[[^\\]]*\\]?|"(?:[^"\\\\]|\\\\.)*"?|'[^']*'?|[^\\s,}#][^,}#]*)`, 'g')
const SECRET_BLOCK = new RegExp(`^\\s*["']?(?:${SECRET_KEYS})["']?\\s*:\\s*(?:[|>][^#]*)?(?:#.*)?$`)
const USER_INFO = /(\/\/)([^\s/@"']+)(?=@)/g
const MASK = '[secret]'
const WIDTH_MAX = 110

/**
 * Cuts out one line of a file and puts a caret under a column, `  12 | port: x` and `     |       ^`.
 *
 * Values of secret keys and passwords in URLs are masked, because excerpts go to terminals and build logs.
 *
 * @param lines  all lines of the file
 * @param line  counted from 1
 * @param column  counted from 1
 */
export function cutExcerpt (lines: readonly string[], line: number, column: number): string {
  const raw = (lines[line - 1] ?? '').replaceAll('\t', ' ').trimEnd()
  const masked = isInSecretBlock(lines, line) ? { text: `${/^\s*/.exec(raw)?.[0] ?? ''}${MASK}`, column: Math.min(column, (/^\s*/.exec(raw)?.[0].length ?? 0) + 1) } : mask(raw, column)
  const start = masked.column > WIDTH_MAX - 20 ? masked.column - 40 : 0
  const number = String(line).padStart(4)
  const shown = masked.text.slice(start, start + WIDTH_MAX)
  return `${number} | ${shown}\n${' '.repeat(number.length)} | ${' '.repeat(Math.max(0, masked.column - 1 - start))}^`
}

/** Replaces secrets of one line and moves the column along. */
function mask (text: string, column: number): { text: string, column: number } {
  const spans = [...text.matchAll(SECRET_VALUE), ...text.matchAll(USER_INFO)]
    .map((match) => ({ start: match.index + (match[1] ?? '').length, length: (match[2] ?? '').trimEnd().length }))
    .filter((span) => !text.startsWith('${', span.start) && !text.startsWith('"${', span.start))
    .sort((a, b) => a.start - b.start || b.length - a.length)
  let end = 0
  const apart = spans.filter(({ start, length }) => {
    const isApart = start >= end
    if (isApart) end = start + length
    return isApart
  })
  let shown = { text, column }
  for (const { start, length } of apart.reverse()) {
    shown = { text: shown.text.slice(0, start) + MASK + shown.text.slice(start + length), column: moveColumn(shown.column, start, length) }
  }
  return shown
}

function moveColumn (column: number, start: number, length: number): number {
  if (column - 1 < start) return column
  if (column - 1 < start + length) return start + 1
  return column + MASK.length - length
}

/** True for a line that continues the value of a secret key above it. */
function isInSecretBlock (lines: readonly string[], line: number): boolean {
  let indent = indentOf(lines[line - 1] ?? '')
  for (let above = line - 1; above >= 1 && above > line - 200; above--) {
    const text = lines[above - 1] ?? ''
    if (text.trim() === '' || text.trimStart().startsWith('#')) continue
    const isParent = indentOf(text) < indent || (indentOf(text) === indent && !/^\s*-/.test(text) && /^\s*-/.test(lines[line - 1] ?? ''))
    if (!isParent) continue
    if (SECRET_BLOCK.test(text)) return true
    indent = indentOf(text)
    if (indent === 0) return false
  }
  return false
}

function indentOf (text: string): number {
  return text.length - text.trimStart().length
}
