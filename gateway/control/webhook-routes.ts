import Type from 'typebox'
import type { Webhooks } from '../../sandbox-core/index.ts'
import type { Json } from '../../kernel/index.ts'
import { developerRoute, done, NOT_FOUND, readPage, type ControlRoute } from './route.ts'

const CreateEndpoint = Type.Object({
  url: Type.String({ minLength: 1, maxLength: 2048, description: 'Where deliveries go.' }),
  events: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z0-9_.*-]{1,128}$' }), { maxItems: 64, description: 'Event types, exact or `payment.*`; every event when left out.' })),
  description: Type.Optional(Type.String({ maxLength: 256, description: 'A note for people.' })),
}, { additionalProperties: false })

/** Webhook endpoints, what was delivered to them, and delivering it again. */
export function webhookRoutes ({ webhooks }: { readonly webhooks: Pick<Webhooks, 'endpoints' | 'deliveries'> }): readonly ControlRoute[] {
  const { endpoints, deliveries } = webhooks
  return [
    developerRoute({ method: 'POST', path: '/sandbox/webhooks/endpoints', operationId: 'createWebhookEndpoint', summary: 'Registers a URL; the signing secret is shown this once.', body: CreateEndpoint }, async (sandboxId, { body }) => {
      const created = await endpoints.create(sandboxId, body)
      return created.kind === 'refused' ? created : done(201, { ...toJson(created.endpoint), secret: created.secret.reveal() })
    }),
    developerRoute({ method: 'GET', path: '/sandbox/webhooks/endpoints', operationId: 'listWebhookEndpoints', summary: 'The endpoints of this sandbox.' }, async (sandboxId) => done(200, { data: (await endpoints.list(sandboxId)).map(toJson) })),
    developerRoute({ method: 'GET', path: '/sandbox/webhooks/endpoints/{id}', operationId: 'getWebhookEndpoint', summary: 'One endpoint.' }, async (sandboxId, { parameters }) => {
      const endpoint = await endpoints.get(sandboxId, parameters['id'] ?? '')
      return endpoint === undefined ? NOT_FOUND : done(200, toJson(endpoint))
    }),
    developerRoute({ method: 'DELETE', path: '/sandbox/webhooks/endpoints/{id}', operationId: 'deleteWebhookEndpoint', summary: 'Removes an endpoint.' }, async (sandboxId, { parameters }) => await endpoints.delete(sandboxId, parameters['id'] ?? '') ? done(204) : NOT_FOUND),
    developerRoute({ method: 'POST', path: '/sandbox/webhooks/endpoints/{id}/rotate-secret', operationId: 'rotateWebhookSecret', summary: 'Makes a new signing secret, shown this once; for a day deliveries carry both signatures.' }, async (sandboxId, { parameters }) => {
      const rotated = await endpoints.rotateSecret(sandboxId, parameters['id'] ?? '')
      return rotated.kind === 'refused' ? rotated : done(200, { ...toJson(rotated.endpoint), secret: rotated.secret.reveal(), previous_ends_at: new Date(rotated.previousEndsAtMs).toISOString() })
    }),
    developerRoute({ method: 'GET', path: '/sandbox/webhooks/deliveries', operationId: 'listDeliveries', summary: 'Deliveries, newest first, with payload, status and the receiver\'s answer.' }, async (sandboxId, { query }) => {
      const page = readPage(query)
      const endpoint = query.get('endpoint')
      const { items, next = null } = await deliveries.list(sandboxId, { ...page, ...(endpoint === null ? {} : { endpointId: endpoint }) })
      return done(200, { data: items.map(toJson), next })
    }),
    developerRoute({ method: 'GET', path: '/sandbox/webhooks/deliveries/{id}', operationId: 'getDelivery', summary: 'One delivery with every attempt.' }, async (sandboxId, { parameters }) => {
      const delivery = await deliveries.get(sandboxId, parameters['id'] ?? '')
      return delivery === undefined ? NOT_FOUND : done(200, toJson(delivery))
    }),
    developerRoute({ method: 'POST', path: '/sandbox/webhooks/deliveries/{id}/replay', operationId: 'replayDelivery', summary: 'Delivers the same message again.' }, async (sandboxId, { parameters }) => {
      const replayed = await deliveries.replay(sandboxId, parameters['id'] ?? '')
      return replayed.kind === 'refused' ? replayed : done(202, toJson(replayed.delivery))
    }),
  ]
}

/** Wire names are snake_case, and times are ISO 8601: `createdAtMs` becomes `created_at`. */
function toJson (value: object): { [member: string]: Json } {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => /AtMs$/.test(name) && typeof member === 'number'
    ? [toSnakeCase(name.slice(0, -2)), new Date(member).toISOString()]
    : [toSnakeCase(name), toWire(member)]))
}

function toWire (member: unknown): Json {
  if (Array.isArray(member)) return member.map(toWire)
  return typeof member === 'object' && member !== null ? toJson(member) : member as Json
}

function toSnakeCase (name: string): string {
  return /^[a-z][A-Za-z0-9]*$/.test(name) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name
}
