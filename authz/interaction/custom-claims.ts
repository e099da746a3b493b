import type { Provider } from 'oidc-provider'
import { isCustomClaim } from './users/user-claims.ts'

const ASKED = Symbol('the scope profile was asked for')

interface ClaimsOfLibrary {
  readonly available: Record<string, unknown>
  readonly filter: Record<string, unknown>
  readonly [ASKED]?: true
}

/**
 * Lets test users have claims that no standard names: they come with the scope `profile`, or alone when the `claims` parameter
 * asks for them. The library knows only claims that were listed when it was built.
 */
export function deliverCustomClaims (provider: Provider): void {
  const { prototype } = (provider as unknown as { Claims: { prototype: { scope: (value?: string) => unknown, result: () => Promise<Record<string, unknown>> } } }).Claims
  const { scope, result } = prototype
  prototype.scope = function recordScope (this: ClaimsOfLibrary, value = '') {
    if (value.split(' ').includes('profile')) Object.assign(this, { [ASKED]: true })
    return scope.call(this, value)
  }
  prototype.result = async function addCustomClaims (this: ClaimsOfLibrary) {
    const claims = await result.call(this)
    const custom = Object.entries(this.available).filter(([name]) => isCustomClaim(name) && (this[ASKED] === true || Object.hasOwn(this.filter, name)))
    return { ...claims, ...Object.fromEntries(custom) }
  }
}
