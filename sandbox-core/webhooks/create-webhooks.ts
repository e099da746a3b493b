import type { Clock } from '../../kernel/index.ts'
import type { Jobs, KeyValue, Log } from '../../stores/ports.ts'
import { attemptDelivery } from './attempt-delivery.ts'
import { createDeliverer } from './deliver.ts'
import { createDeliveries, type Deliveries } from './deliveries.ts'
import { createDeliveryLog } from './delivery-log.ts'
import { createDispatcher, type Dispatcher } from './dispatch.ts'
import { createEndpointSecrets } from './endpoint-secrets.ts'
import { createEndpoints, endpointsSpaceOf, type Endpoints } from './endpoints.ts'
import { createEventDemand, type EventDemand } from './event-demand.ts'
import { fanOutEvent } from './fan-out.ts'
import { createDestinationGuard } from './guard-destination.ts'
import type { ConcurrencyLimits } from './lanes.ts'
import type { ResolveHost } from './resolve-host.ts'

export interface WebhookOptions {
  /** CIDRs that endpoints may be in beside the public internet. */
  readonly allowedNetworks: readonly string[]
  readonly allowHttp: boolean
  /** For one whole exchange: resolving, connecting, sending and reading the answer. */
  readonly timeoutMs: number
  /** Pauses before each further attempt; after the last one a delivery has failed. */
  readonly retriesMs: readonly number[]
  /** How much of an answer's body is read. */
  readonly responseBytesMax: number
  /** Authorities trusted beside the system's, in PEM. */
  readonly caPem?: string
  /** Endpoints that a sandbox may have; default 16. */
  readonly endpointsMax?: number
  /** How long a rotated secret still signs; default a day. */
  readonly secretOverlapMs?: number
  /** Deliveries in flight; default 128, of one sandbox 16, to one endpoint 4. */
  readonly concurrency?: ConcurrencyLimits
  /** Sandgate's version, for the user agent. */
  readonly version?: string
}

export interface WebhooksDeps {
  readonly jobs: Jobs
  readonly keyValue: KeyValue
  readonly log: Log
  readonly clock: Clock
  readonly options: WebhookOptions
  /** Replaces personal data in what receivers answer and owners describe. */
  readonly scrubText: (text: string) => string
  /** Told of every attempt that was made; `refused` is the guard's. */
  readonly onAttempt?: (outcome: 'succeeded' | 'failed' | 'refused') => void
  /** Told of failures of the stores; nothing is lost by them. */
  readonly onFault?: (fault: unknown) => void
  /** Resolves host names; default the system's DNS. */
  readonly lookup?: ResolveHost
}

/** Everything about webhooks: where they go, what was sent, and the dispatcher that sends. */
export interface Webhooks extends Dispatcher {
  readonly endpoints: Omit<Endpoints, 'disable'>
  readonly deliveries: Deliveries
  /** For the core: whether a job must be made for an event. */
  readonly isEventWanted: EventDemand['isWanted']
  /** `wake`, when there is an event to see to: call it after every write. */
  readonly wakeForEvents: () => void
}

/** Claims outlive the longest exchange by this much. */
const LEASE_MARGIN_MS = 30_000

/**
 * Webhooks by the Standard Webhooks specification, at least once: an event committed is delivered, retried, logged and
 * can be replayed, across crashes and instances. Nothing is sent into networks that the guard refuses.
 */
export function createWebhooks (deps: WebhooksDeps): Webhooks {
  const { jobs, keyValue, clock, options, scrubText, onFault = () => {} } = deps
  const guard = createDestinationGuard(deps.lookup === undefined ? options : { ...options, lookup: deps.lookup })
  const secrets = createEndpointSecrets(keyValue, clock)
  const demand = createEventDemand({ keyValue, spaceOf: endpointsSpaceOf })
  const endpoints = createEndpoints({ keyValue, demand, clock, guard, secrets, scrubText, endpointsMax: options.endpointsMax ?? 16, secretOverlapMs: options.secretOverlapMs ?? 86_400_000 })
  const log = createDeliveryLog(deps.log)
  const deliver = createDeliverer({ ...options, guard, clock, scrubText })
  const attempt = { jobs, clock, log, endpoints, secrets, deliver, retriesMs: options.retriesMs, userAgent: `Sandgate-Webhooks/${options.version ?? '0'}`, onAttempt: deps.onAttempt }
  const dispatcher = createDispatcher({
    jobs,
    clock,
    concurrency: options.concurrency ?? { overall: 128, perSandbox: 16, perEndpoint: 4 },
    leaseMs: options.timeoutMs + LEASE_MARGIN_MS,
    fanOut: (job) => fanOutEvent({ jobs, keyValue, clock, endpoints, log }, job),
    attempt: (job, content, signal) => attemptDelivery(attempt, job, content, signal),
    onFault
  })
  return {
    ...dispatcher,
    endpoints,
    deliveries: createDeliveries({ jobs, clock, log, endpoints, wake: dispatcher.wake }),
    isEventWanted: demand.isWanted,
    wakeForEvents: () => { if (demand.takeNews()) dispatcher.wake() },
  }
}
