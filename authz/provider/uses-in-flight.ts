import { Provider } from 'oidc-provider'
import type { KeyValue, MaybePromise } from '../../stores/ports.ts'

/** One-time artifacts (codes, refresh tokens) whose one use is being answered at this moment. */
export interface UsesInFlight {
  /** Notes that the current request is the one use. */
  readonly begin: (space: string, id: string) => Promise<void>
  readonly has: (space: string, id: string) => MaybePromise<boolean>
  /** Ends the uses of each request when it has been answered. Before the provider's callback is built. */
  readonly attach: (provider: Provider) => void
}

/** Should an instance die meanwhile, a reuse counts as one again after this. */
const ANSWERED_MS_MAX = 15_000

/**
 * Tells a race from a replay. Of many uses at once one wins; were another of them taken for a replay while the winner is still
 * being answered, it would revoke the grant under the winner's hands, and none would win. So until then it is only refused; a
 * use that comes later is a replay, and revokes (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
 */
export function createUsesInFlight (keyValue: KeyValue): UsesInFlight {
  const ofRequest = new WeakMap<object, Array<readonly [space: string, id: string]>>()
  const name = (space: string): string => `${space}:in-flight`

  return {
    async begin (space, id) {
      await keyValue.put(name(space), id, true, { ttlMs: ANSWERED_MS_MAX })
      const { ctx } = Provider
      if (ctx !== undefined) ofRequest.set(ctx.req, [...ofRequest.get(ctx.req) ?? [], [space, id]])
    },
    async has (space, id) {
      return await keyValue.get(name(space), id) !== undefined
    },
    attach (provider) {
      provider.use(async function endUses (ctx, next) {
        try {
          await next()
        } finally {
          for (const [space, id] of ofRequest.get(ctx.req) ?? []) await keyValue.delete(name(space), id)
        }
      })
    },
  }
}
