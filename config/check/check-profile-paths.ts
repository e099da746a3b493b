import type { Violation } from '../problem.ts'
import type { CrossCheck } from './check.ts'
import { isOverlappingPath, RESERVED_PATHS } from './paths.ts'

/** Refuses two endpoints of the authorization server on one path, and endpoints on paths that are taken. */
export const checkProfilePaths: CrossCheck = {
  reads: [['profile', 'paths']],
  run: ({ profile }) => {
    const endpoints = Object.entries(profile.paths)
    return endpoints.flatMap(([name, path], index): Violation[] => {
      const at = { path: ['profile', 'paths', name], part: 'value' as const }
      const twin = endpoints.slice(0, index).find(([, earlier]) => earlier === path)
      if (twin !== undefined) return [{ ...at, found: `${path}, the path of ${twin[0]} too`, expected: 'a path of its own', hint: '' }]
      const reserved = RESERVED_PATHS.find((taken) => isOverlappingPath(path, taken))
      return reserved === undefined ? [] : [{ ...at, found: `${path}, which overlaps ${reserved}`, expected: 'a path that is not taken', hint: `Sandgate serves ${reserved} itself.` }]
    })
  }
}
