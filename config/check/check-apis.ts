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

/**
 * Finds APIs whose paths meet: two APIs with one path, a path under another API's prefix, or a path that Sandgate serves.
 * For compose, which has the OpenAPI documents; `paths` are templates for `core` and the prefix for `upstream`.
 *
 * @param endpoints  paths of the authorization server
 * @returns one sentence for each conflict, empty when there is none
 */
export function findPathConflicts (apis: readonly { readonly name: string, readonly paths: readonly string[] }[], endpoints: readonly string[]): readonly string[] {
  const taken = takenPaths(endpoints)
  return apis.flatMap(({ name, paths }, index) => paths.flatMap((path) => {
    const own = taken.find((reserved) => isOverlappingPath(firstSegments(path), reserved) && (reserved === path || path.startsWith(`${reserved}/`)))
    const other = apis.slice(0, index).find((earlier) => earlier.paths.some((theirs) => isSamePlace(path, theirs)))
    if (own !== undefined) return [`${path} of the API ${name} is under ${own}, which Sandgate serves itself`]
    return other === undefined ? [] : [`${path} of the API ${name} is served by the API ${other.name} too`]
  }))
}

/** The part of a path template before its first parameter. */
function firstSegments (template: string): string {
  return template.split('/{')[0] ?? template
}

/** True when two templates can match one path, or one is a prefix of the other without parameters. */
function isSamePlace (a: string, b: string): boolean {
  const [stepsA, stepsB] = [a.split('/'), b.split('/')]
  if (stepsA.length !== stepsB.length) return (!a.includes('{') && b.startsWith(`${a}/`) && stepsA.length === 2) || (!b.includes('{') && a.startsWith(`${b}/`) && stepsB.length === 2)
  return stepsA.every((step, index) => step === stepsB[index] || step.startsWith('{') || stepsB[index]?.startsWith('{') === true)
}
