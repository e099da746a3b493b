import type { ConfigProblem } from '../problem.ts'
import { readFile } from '../read-file.ts'
import type { VariableLookup } from './interpolate.ts'

const SECRET_BYTES_MAX = 65_536

/**
 * Looks variables up in an environment, with the convention of Docker and Kubernetes that `NAME_FILE` names a file which
 * holds the value of `NAME`; one line end at the file's end is not part of it. Both at once are refused.
 */
export function readVariables (environment: { readonly [name: string]: string | undefined }): VariableLookup {
  return (name) => {
    const value = environment[name]
    const file = environment[`${name}_FILE`]
    if (file === undefined || file === '') return { value }
    if (value !== undefined) return { problem: { file: `environment ${name}_FILE`, line: 0, column: 0, path: '', found: `a value beside the value of ${name}`, expected: 'one of the two', hint: `Unset ${name} or ${name}_FILE.` } }
    return readSecretFile(file)
  }
}

/** The content of a secret's file without the line end at its end. */
export function readSecretFile (file: string): { readonly value: string } | { readonly problem: ConfigProblem } {
  const outcome = readFile(file, SECRET_BYTES_MAX)
  return outcome.kind === 'read' ? { value: outcome.text.replace(/\r?\n$/, '') } : { problem: outcome.problem }
}
