import type { Logger } from 'pino'
import { PASS, whenSettled, type ErrorCode, type Explanation, type Finding, type SandboxId, type Verdict } from '../../kernel/index.ts'
import type { AnyFacts, OutcomeFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'
import { explain, readClaimedClient, type Metrics, type RequestRecord, type RequestRecords } from '../record/index.ts'

/** Where the trace of a request goes. */
export interface RecordOutcomeDeps {
  readonly records: RequestRecords
  readonly metrics: Metrics
  readonly logger: Logger
  readonly scrubPath: (path: string, scope: string) => string
  readonly scrubText: (text: string, scope: string) => string
  /** The sandbox of a client that a request only claimed to be. */
  readonly sandboxOfClient: (clientId: string) => SandboxId | undefined | Promise<SandboxId | undefined>
  /** Feeds the signals of abuse rules with how the request ended; may set a ban. Returns what fired, for the record. */
  readonly observeAbuse: (seen: Seen) => readonly Finding[] | Promise<readonly Finding[]>
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
      const owner = attempt(() => ownerOf(seen, deps))
      const observed = attempt(() => deps.observeAbuse(seen))
      if (owner instanceof Promise || observed instanceof Promise) return keepLater(seen, owner, observed, deps)
      keep(seen, owner, observed, deps)
      return PASS
    },
  }
}

/** Whose request it was. Unproven: the client is what the request said, and anybody may have sent it. */
interface Owner { readonly sandboxId?: SandboxId | undefined, readonly clientId?: string | undefined, readonly isUnproven?: boolean }

const NOBODY: Owner = {}

function ownerOf ({ request, caller, outcome, claimedClientId, provenClientId }: Seen, deps: RecordOutcomeDeps): Owner | Promise<Owner> {
  if (caller?.sandboxId !== undefined) return { sandboxId: caller.sandboxId, clientId: caller.clientId }
  const { refusal, failure } = outcome
  if (failure?.sandboxId !== undefined) return { sandboxId: failure.sandboxId, clientId: failure.clientId }
  const clientId = provenClientId ?? caller?.clientId ?? refusal?.claimedClientId ?? failure?.clientId ?? claimedClientId ?? (refusal === undefined ? undefined : readClaimedClient(request))
  if (clientId === undefined) return NOBODY
  const isUnproven = provenClientId === undefined && failure?.isProven !== true && !(refusal?.claimedClientId !== undefined && SIGNED.has(refusal.code))
  // An id that no client has is whatever a stranger wrote, and is not kept.
  const settle = (found: SandboxId | undefined): Owner => found === undefined ? NOBODY : { sandboxId: found, clientId, isUnproven }
  return whenSettled(deps.sandboxOfClient(clientId), settle)
}

/** Refusals of a token whose signature, or whose place in the store, was found good: it was this client's. */
const SIGNED: ReadonlySet<string> = new Set<ErrorCode>(['token_expired', 'token_not_yet_valid', 'token_revoked', 'token_audience_invalid', 'token_binding_missing', 'token_binding_mismatch', 'token_proof_missing', 'token_proof_unexpected', 'token_proof_mismatch'])

/** The record is kept even when its owner cannot be looked up or the signals cannot be fed; the fault is then the stage's. */
async function keepLater (seen: Seen, owner: Owner | Promise<Owner>, observed: readonly Finding[] | Promise<readonly Finding[]>, deps: RecordOutcomeDeps): Promise<Verdict<object>> {
  const [found, fed] = await Promise.allSettled([owner, observed])
  keep(seen, found.status === 'fulfilled' ? found.value : NOBODY, fed.status === 'fulfilled' ? fed.value : [], deps)
  for (const settled of [found, fed]) if (settled.status === 'rejected') throw settled.reason
  return PASS
}

function attempt<T> (act: () => T | Promise<T>): T | Promise<T> {
  try {
    return act()
  } catch (fault) {
    return Promise.reject(fault)
  }
}

function keep (seen: Seen, owner: Owner, fired: readonly Finding[], deps: RecordOutcomeDeps): void {
  const { sandboxId } = owner
  const record = recordOf(seen, owner, fired, deps)
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

function recordOf (seen: Seen, { clientId, sandboxId, isUnproven }: Owner, fired: readonly Finding[], deps: RecordOutcomeDeps): RequestRecord {
  const { refusal, failure, status, durationMs } = seen.outcome
  const code = refusal?.code ?? failure?.error
  const explanation = explain(refusal, failure)
  const scrub = (text: string): string => deps.scrubText(text, sandboxId ?? '')
  const subject = seen.caller?.subject
  return {
    id: seen.requestId ?? ('' as never),
    atMs: seen.receivedAtMs,
    surface: seen.surface,
    method: seen.method,
    path: keptPath(seen, deps, sandboxId),
    route: seen.route?.template ?? '',
    status,
    durationMs: Math.round(durationMs * 1000) / 1000,
    address: seen.address ?? '',
    ...(clientId === undefined ? {} : { clientId }),
    ...(subject === undefined ? {} : { subject }),
    ...(seen.certificate === undefined ? {} : { certificateThumbprint: seen.certificate.thumbprint }),
    ...(refusal === undefined ? {} : { stage: refusal.stage }),
    ...(code === undefined ? {} : { code }),
    ...(isUnproven === true ? { isUnproven } : {}),
    ...(explanation === undefined ? {} : { explanation: scrubExplanation(explanation, scrub) }),
    ...(refusal?.evidence === undefined ? {} : { evidence: refusal.evidence }),
    findings: [...seen.findings, ...fired].map((finding) => ({ ...finding, detail: scrub(finding.detail) })),
    removals: (seen.removals ?? []).slice(0, REMOVALS_MAX).map(({ pointer, kind }) => ({ pointer: clip(pointer, POINTER_MAX), kind })),
  }
}

/** A record is a trace: whatever a request holds, its record does not grow with it. */
const REMOVALS_MAX = 100
const POINTER_MAX = 256
const CAUSE_MAX = 4096
const SIDE_MAX = 1500

/** The clause, the fix and the names are ours; the rest may hold what a client sent. */
function scrubExplanation (explanation: Explanation, scrub: (text: string) => string): Explanation {
  const { cause, seen, expected } = explanation
  return {
    ...explanation,
    cause: clip(scrub(cause), CAUSE_MAX),
    ...(seen === undefined ? {} : { seen: clip(scrub(seen), SIDE_MAX) }),
    ...(expected === undefined ? {} : { expected: clip(scrub(expected), SIDE_MAX) }),
  }
}

function clip (text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax)}…`
}

function count (record: RequestRecord, seen: Seen, metrics: Metrics): void {
  metrics.observeRequest(record)
  if (seen.outcome.refusal !== undefined) metrics.countRefusal(record.surface, seen.outcome.refusal.stage, seen.outcome.refusal.code)
  for (const finding of record.findings) metrics.countFinding(finding.stage, finding.code)
  for (const removal of seen.removals ?? []) metrics.countRemoval(removal.kind)
}

/** Where a token may stand in the path by mistake, the path is kept as its template. */
const TEMPLATES_ONLY: ReadonlySet<string> = new Set(['/sandbox/tokens/{name}'])

function keptPath ({ cleanPath, surface, route, url }: Seen, { scrubPath }: RecordOutcomeDeps, sandboxId: SandboxId | undefined): string {
  if (surface === 'control' && route !== undefined && TEMPLATES_ONLY.has(route.template)) return route.template
  return cleanPath ?? scrubPath(pathOf(url), sandboxId ?? '')
}

function pathOf (url: string): string {
  const mark = url.indexOf('?')
  return mark === -1 ? url : url.slice(0, mark)
}
