import { isJsonObject, randomId, type Clock, type Json, type JsonObject, type SandboxId, type Secret } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import { checkEndpoint } from './check-endpoint.ts'
import type { EndpointSecrets } from './endpoint-secrets.ts'
import type { EventDemand } from './event-demand.ts'
import type { DestinationGuard } from './guard-destination.ts'
import { refused, refusedUnknown, type Refused } from './refused.ts'

/** Where a sandbox's events are sent. Its secret is shown once, when it is made. */
export type Endpoint = {
  readonly id: string
  /** As normalised by the WHATWG URL parser. */
  readonly url: string
  /** Event types, exact, `payments.*` or `*`. */
  readonly events: readonly string[]
  readonly description?: string
  readonly createdAtMs: number
  /** `disabled` after the receiver answered 410 Gone; `update` with `isEnabled: true` ends that. */
  readonly status: 'enabled' | 'disabled'
}

export interface EndpointInput {
  readonly url: string
  /** Default: every event. At most 64 filters. */
  readonly events?: readonly string[]
  /** At most 256 characters; scrubbed. */
  readonly description?: string
}

export interface Endpoints {
  readonly create: (sandboxId: SandboxId, input: EndpointInput) => Promise<{ readonly kind: 'created', readonly endpoint: Endpoint, readonly secret: Secret } | Refused>
  /** Newest first; there are never more than the limit, so there are no pages. */
  readonly list: (sandboxId: SandboxId) => Promise<readonly Endpoint[]>
  readonly get: (sandboxId: SandboxId, id: string) => Promise<Endpoint | undefined>
  readonly update: (sandboxId: SandboxId, id: string, change: Partial<EndpointInput> & { readonly isEnabled?: boolean }) => Promise<{ readonly kind: 'updated', readonly endpoint: Endpoint } | Refused>
  /** Makes a new secret; until `previousEndsAtMs` deliveries carry a signature by the old one, too. */
  readonly rotateSecret: (sandboxId: SandboxId, id: string) => Promise<{ readonly kind: 'rotated', readonly endpoint: Endpoint, readonly secret: Secret, readonly previousEndsAtMs: number } | Refused>
  /** False when there is no such endpoint. */
  readonly delete: (sandboxId: SandboxId, id: string) => Promise<boolean>
  /** For a sandbox that ends. */
  readonly deleteAll: (sandboxId: SandboxId) => Promise<void>
  /** For the dispatcher: the receiver said that it is gone. */
  readonly disable: (sandboxId: SandboxId, id: string) => Promise<void>
}

export interface EndpointsDeps {
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly guard: DestinationGuard
  readonly demand: Pick<EventDemand, 'forget'>
  readonly secrets: EndpointSecrets
  readonly scrubText: (text: string) => string
  /** Endpoints that a sandbox may have. */
  readonly endpointsMax: number
  /** How long a rotated secret still signs. */
  readonly secretOverlapMs: number
}

/**
 * Endpoints in the space `webhook-endpoints:<sandbox>`. What the dispatcher sets (disabled) is in a space of its own,
 * so that it never overwrites an owner's change.
 */
export function createEndpoints (deps: EndpointsDeps): Endpoints {
  const { keyValue, secrets, clock } = deps
  const shelf = createShelf(deps)
  const remove: Endpoints['delete'] = async (sandboxId, id) => {
    const isFound = await shelf.take(sandboxId, id)
    await secrets.clear(sandboxId, id)
    return isFound
  }
  return {
    get: shelf.get,
    list: shelf.list,
    delete: remove,
    deleteAll: async (sandboxId) => {
      for (const { id } of await shelf.list(sandboxId)) await remove(sandboxId, id)
    },
    disable: (sandboxId, id) => shelf.setEnabled(sandboxId, id, false),
    create: async (sandboxId, input) => {
      const checked = await checkEndpoint(deps, input)
      if (checked.kind === 'refused') return checked
      if ((await shelf.list(sandboxId)).length >= deps.endpointsMax) return refusedQuota(deps.endpointsMax)
      const id = randomId('whe')
      const secret = await secrets.add(sandboxId, id, deps.secretOverlapMs)
      const endpoint = await shelf.put(sandboxId, id, { url: input.url, events: ['*'], ...checked.change, createdAtMs: clock.nowMs() })
      // Creations at the same moment may all have seen the last free place; those too many take themselves back.
      if ((await shelf.list(sandboxId)).length > deps.endpointsMax) {
        await remove(sandboxId, id)
        return refusedQuota(deps.endpointsMax)
      }
      return { kind: 'created', endpoint, secret }
    },
    update: async (sandboxId, id, { isEnabled, ...change }) => {
      const checked = await checkEndpoint(deps, change)
      if (checked.kind === 'refused') return checked
      const stored = await keyValue.get(endpointsSpaceOf(sandboxId), id)
      if (!isJsonObject(stored)) return refusedUnknown('webhook endpoint', id)
      if (isEnabled !== undefined) await shelf.setEnabled(sandboxId, id, isEnabled)
      return { kind: 'updated', endpoint: await shelf.put(sandboxId, id, { ...stored, ...checked.change }) }
    },
    rotateSecret: async (sandboxId, id) => {
      const endpoint = await shelf.get(sandboxId, id)
      if (endpoint === undefined) return refusedUnknown('webhook endpoint', id)
      const secret = await secrets.add(sandboxId, id, deps.secretOverlapMs)
      return { kind: 'rotated', endpoint, secret, previousEndsAtMs: clock.nowMs() + deps.secretOverlapMs }
    }
  }
}

/** Endpoints as they are stored, without any policy. */
interface Shelf extends Pick<Endpoints, 'get' | 'list'> {
  readonly put: (sandboxId: SandboxId, id: string, stored: JsonObject) => Promise<Endpoint>
  readonly setEnabled: (sandboxId: SandboxId, id: string, isEnabled: boolean) => Promise<void>
  /** False when it was not there. */
  readonly take: (sandboxId: SandboxId, id: string) => Promise<boolean>
}

function createShelf ({ keyValue, clock, demand }: Pick<EndpointsDeps, 'keyValue' | 'clock' | 'demand'>): Shelf {
  const read = async (sandboxId: SandboxId, id: string, stored: Json): Promise<Endpoint> => {
    const disabled = await keyValue.get(disabledSpaceOf(sandboxId), id)
    return { id, ...stored as unknown as Omit<Endpoint, 'id' | 'status'>, status: disabled === undefined ? 'enabled' : 'disabled' }
  }
  return {
    get: async (sandboxId, id) => {
      const stored = await keyValue.get(endpointsSpaceOf(sandboxId), id)
      return stored === undefined ? undefined : await read(sandboxId, id, stored)
    },
    list: async (sandboxId) => {
      const entries = await keyValue.list(endpointsSpaceOf(sandboxId), { limit: 1000 })
      const endpoints = await Promise.all(entries.map(({ key, value }) => read(sandboxId, key, value)))
      return endpoints.toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1))
    },
    put: async (sandboxId, id, stored) => {
      const storing = keyValue.put(endpointsSpaceOf(sandboxId), id, stored)
      demand.forget(sandboxId)
      await storing
      // Events that were committed before are acknowledged in this turn, and the endpoint after them.
      await new Promise<void>((resolve) => { setImmediate(resolve) })
      return await read(sandboxId, id, stored)
    },
    setEnabled: async (sandboxId, id, isEnabled) => {
      if (isEnabled) await keyValue.delete(disabledSpaceOf(sandboxId), id)
      else await keyValue.put(disabledSpaceOf(sandboxId), id, { atMs: clock.nowMs() })
    },
    take: async (sandboxId, id) => {
      const taking = keyValue.take(endpointsSpaceOf(sandboxId), id)
      demand.forget(sandboxId)
      const stored = await taking
      await keyValue.delete(disabledSpaceOf(sandboxId), id)
      return stored !== undefined
    }
  }
}

function refusedQuota (endpointsMax: number): Refused {
  return refused('quota_exceeded', `A sandbox has at most ${endpointsMax} webhook endpoints.`)
}

/** Where the endpoints of a sandbox are stored, by their ids. */
export function endpointsSpaceOf (sandboxId: SandboxId): string {
  return `webhook-endpoints:${sandboxId}`
}

function disabledSpaceOf (sandboxId: SandboxId): string {
  return `webhook-endpoints-disabled:${sandboxId}`
}
