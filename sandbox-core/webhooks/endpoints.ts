import { isJsonObject, randomId, type Clock, type ErrorCode, type Json, type Refusal, type SandboxId, type Secret } from '../../kernel/index.ts'
import type { KeyValue } from '../../stores/ports.ts'
import type { EndpointSecrets } from './endpoint-secrets.ts'
import type { DestinationGuard } from './guard-destination.ts'
import { isEventFilter } from './match-event.ts'

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

/** A refusal as a value, for the door to render. Codes: `webhook_url_refused`, `request_invalid`, `quota_exceeded`, `resource_not_found`. */
export interface Refused { readonly kind: 'refused', readonly refusal: Refusal }

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
  readonly secrets: EndpointSecrets
  readonly scrubText: (text: string) => string
  /** Endpoints that a sandbox may have. */
  readonly endpointsMax: number
  /** How long a rotated secret still signs. */
  readonly secretOverlapMs: number
}

const FILTERS_MAX = 64
const DESCRIPTION_LENGTH_MAX = 256

/**
 * Endpoints in the space `webhook-endpoints:<sandbox>`. What the dispatcher sets (disabled) is in a space of its own,
 * so that it never overwrites an owner's change.
 */
export function createEndpoints (deps: EndpointsDeps): Endpoints {
  const { keyValue, clock, secrets } = deps
  const get: Endpoints['get'] = async (sandboxId, id) => {
    const stored = await keyValue.get(spaceOf(sandboxId), id)
    return stored === undefined ? undefined : readEndpoint(id, stored, await keyValue.get(disabledSpaceOf(sandboxId), id))
  }
  const list: Endpoints['list'] = async (sandboxId) => {
    const entries = await keyValue.list(spaceOf(sandboxId), { limit: 1000 })
    const endpoints = await Promise.all(entries.map(async ({ key, value }) => readEndpoint(key, value, await keyValue.get(disabledSpaceOf(sandboxId), key))))
    return endpoints.toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1))
  }
  const remove: Endpoints['delete'] = async (sandboxId, id) => {
    const endpoint = await keyValue.take(spaceOf(sandboxId), id)
    await keyValue.delete(disabledSpaceOf(sandboxId), id)
    await secrets.clear(sandboxId, id)
    return endpoint !== undefined
  }
  return {
    get,
    list,
    delete: remove,
    deleteAll: async (sandboxId) => {
      for (const { id } of await list(sandboxId)) await remove(sandboxId, id)
    },
    disable: async (sandboxId, id) => {
      await keyValue.put(disabledSpaceOf(sandboxId), id, { atMs: clock.nowMs() })
    },
    create: async (sandboxId, input) => {
      const checked = await checkInput(deps, input)
      if (checked.kind === 'refused') return checked
      if ((await list(sandboxId)).length >= deps.endpointsMax) return refuseQuota(deps.endpointsMax)
      const id = randomId('whe')
      const stored = { url: input.url, events: ['*'], ...checked.change, createdAtMs: clock.nowMs() }
      const secret = await secrets.add(sandboxId, id, deps.secretOverlapMs)
      await keyValue.put(spaceOf(sandboxId), id, stored)
      // Creations at the same moment may all have seen the last free place; those too many take themselves back.
      if ((await list(sandboxId)).length > deps.endpointsMax) {
        await remove(sandboxId, id)
        return refuseQuota(deps.endpointsMax)
      }
      return { kind: 'created', endpoint: readEndpoint(id, stored, undefined), secret }
    },
    update: async (sandboxId, id, { isEnabled, ...change }) => {
      const stored = await keyValue.get(spaceOf(sandboxId), id)
      if (!isJsonObject(stored)) return refuseUnknown(id)
      const checked = await checkInput(deps, change)
      if (checked.kind === 'refused') return checked
      const changed = { ...stored, ...checked.change }
      await keyValue.put(spaceOf(sandboxId), id, changed)
      if (isEnabled === true) await keyValue.delete(disabledSpaceOf(sandboxId), id)
      if (isEnabled === false) await keyValue.put(disabledSpaceOf(sandboxId), id, { atMs: clock.nowMs() })
      return { kind: 'updated', endpoint: readEndpoint(id, changed, await keyValue.get(disabledSpaceOf(sandboxId), id)) }
    },
    rotateSecret: async (sandboxId, id) => {
      const endpoint = await get(sandboxId, id)
      if (endpoint === undefined) return refuseUnknown(id)
      const secret = await secrets.add(sandboxId, id, deps.secretOverlapMs)
      return { kind: 'rotated', endpoint, secret, previousEndsAtMs: clock.nowMs() + deps.secretOverlapMs }
    }
  }
}

/** Checks what is given, resolves the host, and returns it as it is stored. A name that does not resolve yet is taken: each delivery checks again. */
async function checkInput (deps: EndpointsDeps, input: Partial<EndpointInput>): Promise<{ readonly kind: 'checked', readonly change: { readonly [member: string]: Json } } | Refused> {
  const change: Record<string, Json> = {}
  if (input.url !== undefined) {
    const judged = deps.guard.judgeUrl(input.url)
    const destination = judged.kind === 'refused' ? judged : await deps.guard.resolve(judged.url).catch(() => undefined)
    if (destination?.kind === 'refused') return refuse('webhook_url_refused', destination.detail, '/url')
    if (judged.kind === 'allowed') change['url'] = judged.url.href
  }
  if (input.events !== undefined) {
    const index = input.events.findIndex((filter) => !isEventFilter(filter))
    if (index !== -1) return refuse('request_invalid', 'An event filter is a type such as payments.refunded, a group such as payments.*, or *.', `/events/${index}`)
    if (input.events.length === 0 || input.events.length > FILTERS_MAX) return refuse('request_invalid', `Between 1 and ${FILTERS_MAX} event filters are accepted.`, '/events')
    change['events'] = [...new Set(input.events)]
  }
  if (input.description !== undefined) {
    if (input.description.length > DESCRIPTION_LENGTH_MAX) return refuse('request_invalid', `A description has at most ${DESCRIPTION_LENGTH_MAX} characters.`, '/description')
    change['description'] = deps.scrubText(input.description)
  }
  return { kind: 'checked', change }
}

function readEndpoint (id: string, stored: Json, disabled: Json | undefined): Endpoint {
  return { id, ...stored as unknown as Omit<Endpoint, 'id' | 'status'>, status: disabled === undefined ? 'enabled' : 'disabled' }
}

function refuse (code: ErrorCode, detail: string, pointer?: string): Refused {
  return { kind: 'refused', refusal: { code, publicDetail: detail, internalDetail: detail, ...(pointer === undefined ? {} : { pointers: [pointer] }) } }
}

function refuseQuota (endpointsMax: number): Refused {
  return refuse('quota_exceeded', `A sandbox has at most ${endpointsMax} webhook endpoints.`)
}

function refuseUnknown (id: string): Refused {
  return refuse('resource_not_found', `There is no webhook endpoint ${JSON.stringify(id.slice(0, 64))} in this sandbox.`)
}

function spaceOf (sandboxId: SandboxId): string {
  return `webhook-endpoints:${sandboxId}`
}

function disabledSpaceOf (sandboxId: SandboxId): string {
  return `webhook-endpoints-disabled:${sandboxId}`
}
