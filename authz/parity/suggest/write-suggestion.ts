import { isJsonObject, type Json } from '../../../kernel/index.ts'
import type { Suggestion } from '../drift.ts'
import { writeValue } from '../import/write-fragment.ts'

/**
 * A suggested change as YAML, from the root of sandgate.yaml and ready to be pasted in: the note as a comment, one key a line.
 * An entry of a list cannot stand alone in YAML and is told by its place.
 */
export function writeSuggestion ({ path, value, note }: Suggestion): string {
  const comment = note === '' ? [] : [`# ${note}`]
  const [head = '', ...steps] = path.split('.')
  if (/\[\d+\]/.test(path)) return [...comment, `# in ${[head, ...steps.slice(0, -1)].join('.')}:`, `${steps.at(-1) ?? head}: ${writeValue(value)}`].join('\n')
  return [...comment, ...nest([head, ...steps], value, '')].join('\n')
}

function nest ([key = '', ...steps]: readonly string[], value: Json, indent: string): string[] {
  if (steps.length > 0) return [`${indent}${key}:`, ...nest(steps, value, `${indent}  `)]
  if (!isJsonObject(value)) return [`${indent}${key}: ${writeValue(value)}`]
  return [`${indent}${key}:`, ...Object.entries(value).flatMap(([name, member]) => nest([name], member, `${indent}  `))]
}
