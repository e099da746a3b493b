import { createPublicKey } from 'node:crypto'
import type { Path, Violation } from '../problem.ts'
import { readFile } from '../read-file.ts'
import type { CrossCheck } from './check.ts'

const BYTES_MAX = 1_048_576
const PATH: Path = ['profile', 'software_statement_jwks_file']

/** Refuses a file of trusted software-statement keys that is none, and statements that are required while nobody's are trusted. */
export const checkSoftwareStatements: CrossCheck = {
  reads: [PATH, ['profile', 'require_software_statement'], ['profile', 'registration']],
  run: ({ profile }, context) => {
    const file = profile.software_statement_jwks_file
    if (file === '') return profile.require_software_statement && profile.registration !== 'off' ? [LONELY] : []
    const outcome = readFile(context.resolve(PATH, file), BYTES_MAX)
    if (outcome.kind !== 'read') return [{ path: PATH, part: 'value', found: `${JSON.stringify(file)}, which cannot be read`, expected: 'a file that exists', hint: 'A path in the file is relative to that file; one from the environment or a flag to the working directory.' }]
    return isPublicKeySet(outcome.text) ? [] : [{ path: PATH, part: 'value', found: 'a file that holds no public keys', expected: 'a JSON Web Key Set, {"keys": [...]}, of public keys (RFC 7517 §5)', hint: 'Private keys (with the member d) stay with whoever signs the statements.' }]
  }
}

const LONELY: Violation = { path: ['profile', 'require_software_statement'], part: 'value', found: 'true', expected: 'false, because no software statement is trusted', hint: 'Name the keys of whoever signs them in profile.software_statement_jwks_file.' }

function isPublicKeySet (text: string): boolean {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown }
    return Array.isArray(keys) && keys.length > 0 && keys.every(isPublicKey)
  } catch {
    return false
  }
}

function isPublicKey (key: unknown): boolean {
  return typeof key === 'object' && key !== null && !('d' in key) && !('k' in key) && createPublicKey({ key: key as never, format: 'jwk' }).type === 'public'
}
