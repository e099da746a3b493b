/** One thing that is wrong with the configuration, told so that it can be put right without reading the manual. */
export interface ConfigProblem {
  /** The file, or the environment variable or flag that the value came from. */
  readonly file: string
  /** Counted from 1; 0 where the origin has no lines. */
  readonly line: number
  /** Counted from 1; 0 where the origin has no lines. */
  readonly column: number
  /** The key, as in `limits.client.window`; empty for the whole file. */
  readonly path: string
  /** What is there; never a secret. */
  readonly found: string
  readonly expected: string
  /** What to do about it; empty when `expected` says it all. */
  readonly hint: string
  /** The line and a caret under the column, on two lines; secrets in it are masked. */
  readonly excerpt?: string
}

/** Steps from the root of a document to a value. */
export type Path = readonly (string | number)[]

/** A problem before it is known where the value came from. */
export interface Violation {
  readonly path: Path
  /** Whether the key or its value is at fault. */
  readonly part: 'key' | 'value'
  readonly found: string
  readonly expected: string
  readonly hint: string
  /** True when the value is still of the type that the schema promises, so that further checks may read it. */
  readonly isUsable?: true
}

/** Where in a file a value stands. */
export interface Location {
  readonly line: number
  readonly column: number
  readonly excerpt: string
}

/** Writes a path as it is told to people: `apis[0].scopes.read`, `paths["/v1/x"].get`. */
export function formatPath (path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (!/^[A-Za-z_$][\w$-]*$/.test(step)) text += `[${JSON.stringify(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** Shows a value of a document in a few words, cut to one short line; a password in a URL is masked. */
export function formatFound (value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'an empty value'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (typeof value === 'object') return 'an object'
  const text = JSON.stringify(value).replace(/(\/\/)[^\s/@"]+(?=@)/, '$1[secret]')
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
