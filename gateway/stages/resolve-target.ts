import { pass, refuse } from '../../kernel/index.ts'
import type { Arrival, TargetFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/**
 * Settles what a request is for. Encoded slashes and dots, NUL, backslashes, fragments, dot segments and empty segments are refused
 * rather than interpreted, because two servers that read them differently are two doors.
 *
 * @refuses path_invalid 400 · route_not_found 404 · method_not_allowed 405
 */
export function resolveTarget (): Stage<Arrival, TargetFacts> {
  return {
    name: 'resolve-target',
    phase: 'arrival',
    onFault: 'refuse',
    decide: ({ route, url, method }) => {
      if (isPathAmbiguous(url)) return refuse({ code: 'path_invalid', internalDetail: 'the path holds an encoded slash or dot, a backslash, NUL, a fragment, a dot segment, an empty segment or a % that encodes nothing' })
      if (route === undefined) return refuse({ code: 'route_not_found', internalDetail: `no route of any API matches this path for ${method}` })
      if (route.allowedMethods !== undefined) return refuse({ code: 'method_not_allowed', internalDetail: `${route.template} serves ${route.allowedMethods.join(', ')}, not ${method}` })
      return pass({ target: route })
    },
  }
}

const AMBIGUOUS = /%2f|%5c|%2e|%00|#|\\|\/\/|\/\.{1,2}(?:\/|$)/i

/** True for a request target whose path another server might read differently. */
export function isPathAmbiguous (url: string): boolean {
  const end = url.indexOf('?')
  return AMBIGUOUS.test(end === -1 ? url : url.slice(0, end))
}
