import type { FastifyInstance, HTTPMethods } from 'fastify'
import type { RouteFacts } from '../pipeline/facts.ts'
import { parseRouteTemplate } from './route-template.ts'

const METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Registers, for every path, the methods that it does not serve, so that they are refused as such (405 and `Allow`,
 * RFC 9110 §15.5.6) and not as unknown paths. `methods` runs parallel to `facts`.
 */
export function registerRefusedMethods (app: FastifyInstance, facts: readonly RouteFacts[], methods: readonly string[]): void {
  const byUrl = new Map<string, { readonly facts: RouteFacts, readonly served: Set<string> }>()
  facts.forEach((route, index) => {
    const { url } = parseRouteTemplate(route.template)
    const entry = byUrl.get(url) ?? { facts: route, served: new Set<string>() }
    byUrl.set(url, entry)
    entry.served.add(methods[index] ?? '')
  })
  for (const [url, { facts: route, served }] of byUrl) {
    if (served.has('GET')) served.add('HEAD')
    const allowedMethods = [...served].sort()
    const refused = METHODS.filter((method) => !served.has(method))
    if (refused.length === 0) continue
    app.route({
      method: refused,
      url,
      exposeHeadRoute: false,
      config: { facts: { ...route, allowedMethods } },
      handler: (_request, reply) => reply,
    })
  }
}
