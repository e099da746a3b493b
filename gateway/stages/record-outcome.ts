import type { Logger } from 'pino'
import { PASS, type SandboxId } from '../../kernel/index.ts'
import type { AnyFacts, OutcomeFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'
import { explain, type Metrics, type RequestRecord, type RequestRecords } from '../record/index.ts'

/** Where the trace of a request goes. */
export interface RecordOutcomeDeps {
  readonly records: RequestRecords
  readonly metrics: Metrics
  readonly logger: Logger
  readonly scrubPath: (path: string, scope: string) => string
  /** The sandbox of a client that a request only claimed to be. */
  readonly sandboxOfClient: (clientId: string) => SandboxId | undefined | Promise<SandboxId | undefined>
  /** Feeds the signals of abuse rules with how the request ended; may set a ban. */
  readonly observeAbuse: (seen: Seen) => void | Promise<void>
}

type Seen = AnyFacts & OutcomeFacts

/**
 * Keeps the trace of every request, refused ones included: one log line, one record for the client's owner, the metrics,
 * and the signals that abuse rules watch. Never refuses, and never holds what scrubbing took out.
 */
export function recordOutcome (deps: RecordOutcomeDeps): Stage<Seen, object> {
  return {
    name: 'record-outcome',
    phase: 'outcome',
    onFault: 'pass-and-report',
    decide: (seen) => {
      const clientId = seen.caller?.clientId ?? seen.outcome.refusal?.claimedClientId ?? seen.outcome.failure?.clientId ?? seen.claimedClientId
      const known = seen.caller?.sandboxId
      const sandboxId = known ?? (clientId === undefined ? undefined : deps.sandboxOfClient(clientId))
      const observed = deps.observeAbuse(seen)
      if (!(sandboxId instanceof Promise) && !(observed instanceof Promise)) {
        keep(seen, clientId, sandboxId, deps)
        return PASS
      }
      return Promise.all([sandboxId, observed]).then(([owner]) => {
        keep(seen, clientId, owner, deps)
        return PASS
      })
    },
  }
}

function keep (seen: Seen, clientId: string | undefined, sandboxId: SandboxId | undefined, deps: RecordOutcomeDeps): void {
  const record = recordOf(seen, clientId, sandboxId, deps)
  deps.records.add(sandboxId, record)
  count(record, seen, deps.metrics)
  const { explanation, findings, removals, evidence: _evidence, ...line } = record
  deps.logger.info({
    ...line,
    sandbox: sandboxId,
    ...(explanation === undefined ? {} : { cause: explanation.cause }),
    ...(findings.length === 0 ? {} : { findings }),
    ...(removals.length === 0 ? {} : { removals }),
  }, 'request')
}

function recordOf (seen: Seen, clientId: string | undefined, sandboxId: SandboxId | undefined, deps: RecordOutcomeDeps): RequestRecord {
  const { refusal, failure, status, durationMs } = seen.outcome
  const code = refusal?.code ?? failure?.error
  const explanation = explain(refusal, failure)
  const subject = seen.caller?.subject
  return {
    id: seen.requestId ?? ('' as never),
    atMs: seen.receivedAtMs,
    surface: seen.surface,
    method: seen.method,
    path: seen.cleanPath ?? deps.scrubPath(pathOf(seen.url), sandboxId ?? ''),
    route: seen.route?.template ?? '',
    status,
    durationMs: Math.round(durationMs * 1000) / 1000,
    address: seen.address ?? '',
    ...(clientId === undefined ? {} : { clientId }),
    ...(subject === undefined ? {} : { subject }),
    ...(seen.certificate === undefined ? {} : { certificateThumbprint: seen.certificate.thumbprint }),
    ...(refusal === undefined ? {} : { stage: refusal.stage }),
    ...(code === undefined ? {} : { code }),
    ...(explanation === undefined ? {} : { explanation }),
    ...(refusal?.evidence === undefined ? {} : { evidence: refusal.evidence }),
    findings: seen.findings,
    removals: seen.removals ?? [],
  }
}

function count (record: RequestRecord, seen: Seen, metrics: Metrics): void {
  metrics.observeRequest(record)
  if (seen.outcome.refusal !== undefined) metrics.countRefusal(record.surface, seen.outcome.refusal.stage, seen.outcome.refusal.code)
  for (const finding of record.findings) metrics.countFinding(finding.stage, finding.code)
  for (const removal of record.removals) metrics.countRemoval(removal.kind)
}

function pathOf (url: string): string {
  const mark = url.indexOf('?')
  return mark === -1 ? url : url.slice(0, mark)
}
