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
  const readers = template.split('/').flatMap((segment, at) => segment.includes('{') ? [createSegmentReader(segment, at)] : [])
  return {
    url,
    parametersOf: (captured, scrubbedPath) => {
      const parameters: Record<string, string> = Object.create(null) as Record<string, string>
      const segments = scrubbedPath?.split('/')
      const values = segments === undefined ? names.map((_, index) => captured[`p${index}`] ?? '') : readers.flatMap((read) => read(segments))
      names.forEach((name, index) => { parameters[name] = values[index] ?? '' })
      return parameters
    },
  }
}

/**
 * Reads the parameters in one segment of a path. Each segment is read by itself and decoded first, as the router does it, so
 * that no spelling of the rest of the path (`/v1/%63ustomers/…`) keeps a scrubbed parameter from being found.
 */
function createSegmentReader (segment: string, at: number): (segments: readonly string[]) => readonly string[] {
  const literals = segment.split(/\{[^{}]+\}/)
  const pattern = new RegExp(`^${literals.map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.*)')}$`, 's')
  return (segments) => {
    const text = decode(segments[at] ?? '')
    // What was scrubbed may have taken a literal with it (`jane@corp.csv`); the whole is then a value that nothing is found by.
    return pattern.exec(text)?.slice(1) ?? literals.slice(1).map(() => text)
  }
}

function decode (segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
