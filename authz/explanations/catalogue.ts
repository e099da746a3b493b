import { ACCESS_TOKENS } from './access-tokens.ts'
import { AUTHORIZATION_REQUESTS } from './authorization-requests.ts'
import type { CatalogueEntry } from './catalogue-entry.ts'
import { CLIENT_ASSERTIONS } from './client-assertions.ts'
import { CLIENT_AUTHENTICATION } from './client-authentication.ts'
import { DEVICES_AND_BACKCHANNEL } from './devices-and-backchannel.ts'
import { EXCHANGED_AND_ASSERTED } from './exchanged-and-asserted.ts'
import { GRANTS } from './grants.ts'
import { LOGINS_AND_LOGOUTS } from './logins-and-logouts.ts'
import { PROOFS } from './proofs-of-possession.ts'
import { REGISTRATIONS } from './registrations.ts'
import { REQUEST_OBJECTS } from './request-objects.ts'
import { REQUESTS } from './requests.ts'
import { RESOURCES_AND_DETAILS } from './resources-and-details.ts'

/**
 * Every way in which the authorization server refuses a client, in the order of looking. A test drives the installed library into
 * each entry, and reads its source for errors that have none: an entry that cannot occur is a defect, and so is a missing one.
 */
export const CATALOGUE: readonly CatalogueEntry[] = [
  ...CLIENT_AUTHENTICATION,
  ...REQUESTS,
  ...GRANTS,
  ...EXCHANGED_AND_ASSERTED,
  ...PROOFS,
  ...AUTHORIZATION_REQUESTS,
  ...REQUEST_OBJECTS,
  ...RESOURCES_AND_DETAILS,
  ...LOGINS_AND_LOGOUTS,
  ...ACCESS_TOKENS,
  ...DEVICES_AND_BACKCHANNEL,
  ...REGISTRATIONS,
  ...CLIENT_ASSERTIONS,
]

export interface CatalogueMatch {
  readonly entry: CatalogueEntry
  /** The groups of `says`, the whole match first. */
  readonly groups: readonly string[]
}

/** Finds the entry of an error by its code, its endpoint and what it says. */
export function findEntry ({ endpoint, error, detail, description }: { readonly endpoint: string, readonly error: string, readonly detail: string, readonly description: string }): CatalogueMatch | undefined {
  for (const entry of CATALOGUE) {
    if (entry.at?.includes(endpoint) === false || (entry.error !== undefined && ![entry.error].flat().includes(error))) continue
    const groups = matchText(entry.says, detail) ?? matchText(entry.says, description)
    if (groups !== undefined) return { entry, groups }
  }
  return undefined
}

function matchText (says: string | RegExp, text: string): readonly string[] | undefined {
  if (typeof says === 'string') return says === text ? [text] : undefined
  return says.exec(text) ?? undefined
}
