import type { ConfigProblem, Path, Violation } from '../problem.ts'

/** Looks a variable up; `NAME` itself or the content of the file that `NAME_FILE` names. */
export type VariableLookup = (name: string) => { readonly value: string | undefined } | { readonly problem: ConfigProblem }

export interface Interpolated {
  readonly value: unknown
  /** Paths (as JSON) of texts that came from variables; they are read as numbers and lists where the schema wants those. */
  readonly fromVariables: ReadonlySet<string>
  readonly violations: readonly Violation[]
}

// eslint-disable-next-line no-template-curly-in-string -- it is what people are to write
const REFERENCE_FORM = '${NAME} or ${NAME:-default}'

interface Walk {
  readonly lookup: VariableLookup
  readonly fromVariables: Set<string>
  readonly violations: Violation[]
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` in every text of a document; `$${` stands for `${`.
 *
 * It happens after parsing, so that a variable can hold a value but never structure. As in a shell, the default stands for
 * a variable that is unset or empty. A variable that is neither set nor has a default is refused.
 */
export function interpolate (value: unknown, lookup: VariableLookup): Interpolated {
  const walk: Walk = { lookup, fromVariables: new Set(), violations: [] }
  return { value: visit(value, [], walk), fromVariables: walk.fromVariables, violations: walk.violations }
}

function visit (value: unknown, path: Path, walk: Walk): unknown {
  if (typeof value === 'string') return value.includes('${') ? replace(value, path, walk) : value
  if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index], walk))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, visit(member, [...path, name], walk)]))
}

function replace (text: string, path: Path, walk: Walk): string {
  return text.replace(/\$(\$?)\{([^}]*)(\}?)/g, (whole, escape: string, inner: string, end: string) => {
    if (escape !== '') return whole.slice(1)
    const match = end === '' ? null : /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inner)
    if (match === null) return tell(walk, path, `the malformed reference ${whole.slice(0, 60)}`, REFERENCE_FORM, 'Write $${ for the two characters themselves.')
    walk.fromVariables.add(JSON.stringify(path))
    return valueOf(match[1] ?? '', match[2], path, walk)
  })
}

function valueOf (name: string, fallback: string | undefined, path: Path, walk: Walk): string {
  const found = walk.lookup(name)
  if ('problem' in found) return tell(walk, path, `${name}_FILE with ${found.problem.found}`, found.problem.expected, found.problem.hint)
  if (fallback !== undefined && (found.value ?? '') === '') return fallback
  return found.value ?? tell(walk, path, `\${${name}}, but ${name} is not set`, 'a variable that is set, or a default', `Set ${name} or ${name}_FILE, or write \${${name}:-default}.`)
}

function tell (walk: Walk, path: Path, found: string, expected: string, hint: string): string {
  walk.violations.push({ path, part: 'value', found, expected, hint })
  return ''
}
