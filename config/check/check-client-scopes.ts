import type { Violation } from '../problem.ts'
import { didYouMean } from '../validation/suggest.ts'
import { loadOpenApi } from '../load-documents.ts'
import type { CheckContext, ConfigDocument, CrossCheck } from './check.ts'

/** Scopes that OpenID Connect Core §5.4 and §11 define. */
const OIDC_SCOPES: readonly string[] = ['openid', 'offline_access', 'profile', 'email', 'address', 'phone']

/**
 * Refuses scopes of the first client that neither OpenID Connect nor an API knows. The documents are read only when the
 * configuration itself does not explain a scope, because a large one takes seconds.
 */
export const checkClientScopes: CrossCheck = {
  reads: [['apis'], ['sandboxes', 'client_scopes']],
  run: (config, context) => {
    const stated = [...OIDC_SCOPES, ...config.apis.flatMap(({ scopes }) => [scopes.read, scopes.write])]
    const scopes = config.sandboxes.client_scopes.map((scope, index) => ({ scope, index }))
    const unexplained = scopes.filter(({ scope }) => !stated.includes(scope))
    if (unexplained.length === 0) return []
    const known = [...stated, ...documentScopes(config, context)]
    return unexplained.filter(({ scope }) => !known.includes(scope)).map(({ scope, index }): Violation => ({
      path: ['sandboxes', 'client_scopes', index], part: 'value', found: `${JSON.stringify(scope)}, which no API knows`, expected: `one of ${[...new Set(known)].join(', ')}`, hint: didYouMean(scope, known) || 'Remove it, or give an API this scope; when apis is changed, sandboxes.client_scopes must be stated too.'
    }))
  }
}

/** The scopes that the security requirements and schemes of the core APIs' documents name. */
function documentScopes (config: ConfigDocument, context: CheckContext): readonly string[] {
  return config.apis.flatMap((api, index) => {
    if (api.kind !== 'core') return []
    const outcome = loadOpenApi(context.resolve(['apis', index, 'openapi'], api.openapi))
    return outcome.kind === 'read' ? scopesOf(outcome.value) : []
  })
}

function scopesOf (document: unknown): readonly string[] {
  const scopes: string[] = []
  JSON.stringify(document, (key, value: unknown) => {
    if (key === 'scopes' && typeof value === 'object' && value !== null) scopes.push(...Object.keys(value))
    if (key === 'security' && Array.isArray(value)) scopes.push(...value.flatMap((requirement: unknown) => Object.values(requirement ?? {}).flat().filter((scope) => typeof scope === 'string')))
    return value
  })
  return scopes
}
