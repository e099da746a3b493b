/** A path of an OpenAPI document as Fastify routes it, with parameters under names that its router accepts. */
export interface RouteTemplate {
  /** As Fastify wants it: `/v1/customers/:p0`. */
  readonly url: string
  /** Parameters by name, from the router's captures or from a path that was scrubbed after routing. */
  readonly parametersOf: (captured: Readonly<Record<string, string>>, scrubbedPath: string | undefined) => Record<string, string>
}

/**
 * Reads a path template (OpenAPI 3.1 §4.8.8.2). A parameter may be a part of a segment, `/reports/{id}.csv`.
 */
export function parseRouteTemplate (template: string): RouteTemplate {
  const names: string[] = []
  const url = template.replace(/\{([^{}]+)\}(:?)|:/g, (_match, name: string | undefined, colon: string | undefined) => {
    if (name === undefined) return '::'
    names.push(name)
    // A colon ends the parameter (`/payments/{id}:cancel`) only where the router is given a pattern.
    return `:p${names.length - 1}${colon === ':' ? '([^/]*)::' : ''}`
  })
  const pattern = new RegExp(`^${template.split(/\{[^{}]+\}/).map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('([^/]*)')}$`)
  return {
    url,
    parametersOf: (captured, scrubbedPath) => {
      const again = scrubbedPath === undefined ? undefined : pattern.exec(scrubbedPath)
      const parameters: Record<string, string> = Object.create(null) as Record<string, string>
      names.forEach((name, index) => {
        parameters[name] = again === undefined || again === null ? captured[`p${index}`] ?? '' : decode(again[index + 1] ?? '')
      })
      return parameters
    },
  }
}

function decode (segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
