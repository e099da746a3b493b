import type { Violation } from '../problem.ts'
import type { ConfigDocument, CrossCheck } from './check.ts'
import { isOverlappingPath, RESERVED_PATHS } from './paths.ts'

/** Refuses two APIs of one name, and prefixes that overlap each other or paths that Sandgate serves. */
export const checkApis: CrossCheck = {
  reads: [['apis'], ['profile', 'paths']],
  run: (config) => [...checkNames(config), ...checkPrefixes(config)]
}

function checkNames ({ apis }: ConfigDocument): Violation[] {
  return apis.flatMap(({ name }, index): Violation[] => {
    const twin = apis.findIndex((api) => api.name === name)
    return twin === index ? [] : [{ path: ['apis', index, 'name'], part: 'value', found: `${name}, the name of apis[${twin}] too`, expected: 'a name of its own', hint: '' }]
  })
}

function checkPrefixes ({ apis, profile }: ConfigDocument): Violation[] {
  const taken = takenPaths(Object.values(profile.paths))
  return apis.flatMap((api, index): Violation[] => {
    if (api.kind !== 'upstream') return []
    const at = { path: ['apis', index, 'prefix'], part: 'value' as const }
    const reserved = taken.find((path) => isOverlappingPath(api.prefix, path))
    if (reserved !== undefined) return [{ ...at, found: `${api.prefix}, which overlaps ${reserved}`, expected: 'a prefix that is not taken', hint: `Sandgate serves ${reserved} itself.` }]
    const twin = apis.slice(0, index).find((other) => other.kind === 'upstream' && isOverlappingPath(api.prefix, other.prefix))
    return twin === undefined ? [] : [{ ...at, found: `${api.prefix}, which overlaps the prefix of ${twin.name}`, expected: 'a prefix of its own', hint: 'Neither prefix may lie under the other.' }]
  })
}

function takenPaths (endpoints: readonly string[]): readonly string[] {
  return [...RESERVED_PATHS, ...endpoints]
}

/** What an API serves: templates of paths (`core`), or everything under a prefix (`upstream`). */
export type ServedPaths = { readonly name: string } & ({ readonly paths: readonly string[] } | { readonly prefix: string })

/**
 * Finds APIs whose paths meet: two APIs that can match one path, or a path that Sandgate serves. For compose, which has read
 * the OpenAPI documents.
 *
 * @param endpoints  paths of the authorization server
 * @returns one sentence for each conflict, empty when there is none
 */
export function findPathConflicts (apis: readonly ServedPaths[], endpoints: readonly string[]): readonly string[] {
  const taken = takenPaths(endpoints)
  return apis.flatMap((api, index) => placesOf(api).flatMap((place) => {
    const own = taken.find((reserved) => place.text === reserved || place.text.startsWith(`${reserved}/`))
    if (own !== undefined) return [`${place.text} of the API ${api.name} is under ${own}, which Sandgate serves itself`]
    const other = apis.slice(0, index).find((earlier) => placesOf(earlier).some((theirs) => isMeeting(place, theirs)))
    return other === undefined ? [] : [`${place.text} of the API ${api.name} is served by the API ${other.name} too`]
  }))
}

interface Place {
  readonly text: string
  readonly steps: readonly string[]
  readonly isPrefix: boolean
}

function placesOf (api: ServedPaths): readonly Place[] {
  if ('prefix' in api) return [{ text: api.prefix, steps: api.prefix.split('/'), isPrefix: true }]
  return api.paths.map((text) => ({ text, steps: text.split('/'), isPrefix: false }))
}

/** True when one request path can belong to both; a parameter matches any segment. */
function isMeeting (a: Place, b: Place): boolean {
  if (!a.isPrefix && a.steps.length < b.steps.length) return false
  if (!b.isPrefix && b.steps.length < a.steps.length) return false
  const length = Math.min(a.steps.length, b.steps.length)
  return a.steps.slice(0, length).every((step, index) => step === b.steps[index] || step.includes('{') || b.steps[index]?.includes('{') === true)
}
