import { readFileSync, statSync } from 'node:fs'
import type { ConfigProblem } from './problem.ts'

export type ReadOutcome = { readonly kind: 'read', readonly text: string } | { readonly kind: 'refused', readonly problem: ConfigProblem }

/**
 * Reads a text file in UTF-8; together with `load.ts` the only place of the folder that touches the disk.
 *
 * Refused: what is missing, unreadable, no regular file, larger than `bytesMax`, or not UTF-8.
 */
export function readFile (file: string, bytesMax: number): ReadOutcome {
  try {
    const stat = statSync(file)
    if (!stat.isFile()) return refused(file, 'something that is no regular file', 'a file', '')
    if (stat.size > bytesMax) return refused(file, `${stat.size} bytes`, `at most ${bytesMax} bytes`, '')
    return { kind: 'read', text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)) }
  } catch (cause) {
    return refused(file, ...explain(cause))
  }
}

function explain (cause: unknown): [found: string, expected: string, hint: string] {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ENOENT' || code === 'ENOTDIR') return ['no such file', 'a file that exists', 'Check the path; a path in a configuration file is relative to that file.']
  if (code === 'EACCES' || code === 'EPERM') return ['a file that may not be read', 'a readable file', 'Give the user that runs Sandgate the right to read it.']
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return ['bytes that are not UTF-8', 'text in UTF-8', 'Save the file as UTF-8.']
  return [`a file that cannot be read (${code ?? 'unknown cause'})`, 'a readable file', '']
}

function refused (file: string, found: string, expected: string, hint: string): ReadOutcome {
  return { kind: 'refused', problem: { file, line: 0, column: 0, path: '', found, expected, hint } }
}

/** True for a directory that exists. */
export function isDirectory (path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** True for a regular file that exists. */
export function isFile (path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
