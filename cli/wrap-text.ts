/** Breaks a text into lines of at most `width` characters at its spaces; a word that is longer stands alone. */
export function wrapText (text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return line === '' ? lines : [...lines, line]
}

/** A label and its text beside it, wrapped under itself. */
export function labelled (label: string, text: string | undefined, { indent = 10, width = 100 }: { readonly indent?: number, readonly width?: number } = {}): string[] {
  if (text === undefined || text === '') return []
  return wrapText(printable(text), width - indent).map((line, index) => `${(index === 0 ? label : '').padEnd(indent)}${line}`)
}

/** Columns as wide as their widest cell; the last is left as it is. */
export function tabulate (rows: ReadonlyArray<readonly string[]>): string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => printable(row[column] ?? '').length)))
  return rows.map((row) => row.map((cell, column) => column === row.length - 1 ? printable(cell) : printable(cell).padEnd(widths[column] ?? 0)).join('  ').trimEnd())
}

/** What came over a wire is not let loose on a terminal. */
function printable (text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '�')
}
