import type { Static } from 'typebox'
import type { Path, Violation } from '../problem.ts'
import type { ConfigSchema } from '../schema/config.ts'
import { checkApis } from './check-apis.ts'
import { checkClientScopes } from './check-client-scopes.ts'
import { checkApiFiles, checkKeyFiles, checkRulesDirectory, checkTlsFiles } from './check-files.ts'
import { checkListen } from './check-listen.ts'
import { checkProfilePaths } from './check-profile-paths.ts'
import { checkSecurityProfile } from './check-security-profile.ts'
import { checkSandboxes } from './check-sandboxes.ts'
import { checkScrub } from './check-scrub.ts'
import { checkSoftwareStatements } from './check-software-statements.ts'
import { checkStores } from './check-stores.ts'

/** The document after defaults and before translation: names as in the file. */
export type ConfigDocument = Static<typeof ConfigSchema>

export interface CheckContext {
  /** Makes a path of the configuration absolute. */
  readonly resolve: (path: Path, file: string) => string
}

/** One check over several keys. It runs when the keys it reads are of their types. */
export interface CrossCheck {
  readonly reads: readonly Path[]
  readonly run: (config: ConfigDocument, context: CheckContext) => readonly Violation[]
}

const CHECKS: readonly CrossCheck[] = [
  checkListen, checkTlsFiles, checkKeyFiles, checkStores, checkProfilePaths, checkSecurityProfile, checkSoftwareStatements, checkApis, checkApiFiles, checkClientScopes, checkSandboxes,
  checkRulesDirectory, checkScrub
]

/**
 * Checks what no schema can say: keys against each other, and files that must exist.
 *
 * A check is left out when a key that it reads has already been found wrong, so that no problem is told twice and every
 * other one is told at once.
 */
export function check (config: ConfigDocument, violations: readonly Violation[], context: CheckContext): readonly Violation[] {
  return CHECKS.filter(({ reads }) => isReadable(reads, violations)).flatMap(({ run }) => run(config, context))
}

/** True when no key on these paths has been found to be of a wrong type. */
export function isReadable (reads: readonly Path[], violations: readonly Violation[]): boolean {
  const broken = violations.filter(({ isUsable }) => isUsable !== true).map(({ path }) => path)
  return !reads.some((read) => broken.some((path) => isRelated(read, path)))
}

/** True when one path leads to or through the other. */
function isRelated (a: Path, b: Path): boolean {
  const length = Math.min(a.length, b.length)
  return a.slice(0, length).every((step, index) => String(step) === String(b[index]))
}
