import { systemClock, type Clock, type JsonObject, type SandboxId } from '../../kernel/index.ts'
import { createWebhooks, type Webhooks, type WebhookOptions, type WebhooksDeps } from '../../sandbox-core/webhooks/create-webhooks.ts'
import { openEmbeddedStores, type Stores } from '../../stores/index.ts'

export interface FakeClock extends Clock { readonly advance: (byMs: number) => void }

export interface Harness extends Pick<Stores, 'jobs' | 'keyValue' | 'log'> {
  readonly clock: FakeClock
  readonly webhooks: Webhooks
  readonly faults: unknown[]
  readonly outcomes: string[]
  /** As a commit would do it. */
  readonly emit: (sandbox: SandboxId, event: JsonObject, jobId?: string) => Promise<void>
  /** Registers an endpoint and returns its id and secret; throws when it is refused. */
  readonly register: (sandbox: SandboxId, url: string, events?: string[]) => Promise<{ id: string, secret: string }>
}

export const sandboxA = 'sbx_a' as SandboxId
export const sandboxB = 'sbx_b' as SandboxId

const defaults: WebhookOptions = {
  allowedNetworks: ['127.0.0.0/8', '::1/128'],
  allowHttp: true,
  timeoutMs: 5_000,
  retriesMs: [5_000, 60_000],
  responseBytesMax: 1_024,
  version: '1.2.3'
}

/** A clock that stands still at the real time, near enough for receivers that check timestamps. */
export function createFakeClock (): FakeClock {
  let nowMs = systemClock.nowMs()
  return { nowMs: () => nowMs, advance: (byMs) => { nowMs += byMs } }
}

/** The embedded driver without a file. */
export function openMemoryStores (clock: Clock): Pick<Stores, 'jobs' | 'keyValue' | 'log'> {
  const { jobs, keyValue, log } = openEmbeddedStores({ directory: ':memory:', clock, retention: { maxAgeMs: 7 * 86_400_000, maxPerStream: 10_000 } })
  return { jobs, keyValue, log }
}

/** Webhooks over stores in memory. Names resolve to loopback unless `deps.lookup` says otherwise. */
export function createHarness (options: Partial<WebhookOptions> = {}, deps: Partial<WebhooksDeps> = {}): Harness {
  const clock = createFakeClock()
  const stores = openMemoryStores(clock)
  const faults: unknown[] = []
  const outcomes: string[] = []
  const webhooks = createWebhooks({
    ...stores,
    clock,
    options: { ...defaults, ...options },
    scrubText: (text) => text.replaceAll('jane@example.com', '[email]').replaceAll(/\b4\d{15}\b/g, '[card]'),
    onAttempt: (outcome) => outcomes.push(outcome),
    onFault: (fault) => faults.push(fault),
    lookup: async () => ['127.0.0.1'],
    ...deps
  })
  return {
    ...stores,
    clock,
    webhooks,
    faults,
    outcomes,
    emit: async (sandbox, event, jobId) => {
      await stores.jobs.enqueue({ queue: 'events', id: jobId ?? `${sandbox}.${String(event['id'])}`, dueMs: clock.nowMs(), payload: { sandbox, event } })
    },
    register: async (sandbox, url, events) => {
      const created = await webhooks.endpoints.create(sandbox, events === undefined ? { url } : { url, events })
      if (created.kind === 'refused') throw new Error(created.refusal.internalDetail)
      return { id: created.endpoint.id, secret: created.secret.reveal() }
    }
  }
}

/** An event as the core makes it. */
export function paymentEvent (id: string, type = 'payments.succeeded'): JsonObject {
  return { id, type, created: 1_700_000_000, data: { object: { id: 'pay_1', amount: 1200, note: 'Þórsson 田中' } } }
}
