import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

/** What is counted. Names follow OpenTelemetry's HTTP conventions where there is one; no label holds a client, address or raw path. */
export interface Metrics {
  readonly registry: Registry
  readonly observeRequest: (request: { readonly method: string, readonly route: string, readonly surface: string, readonly status: number, readonly durationMs: number }) => void
  readonly countRefusal: (surface: string, stage: string, code: string) => void
  readonly countFinding: (stage: string, code: string) => void
  readonly countRule: (rule: string, mode: string, action: string) => void
  readonly countRemoval: (kind: string) => void
  readonly countFault: (stage: string) => void
  readonly countWebhookAttempt: (outcome: string) => void
  readonly countHandshakeError: (door: string, code: string) => void
  readonly countUnexplained: (endpoint: string, error: string) => void
  readonly countRecordLeftOut: () => void
  readonly setWebhookDepth: (queue: { readonly count: number }) => void
  readonly setCertificateExpiry: (certificate: string, notAfterMs: number) => void
}

const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** A registry of its own, so that two gateways in one process do not share counts. */
export function createMetrics (): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, labelNames: string[]): Counter => new Counter({ name, help, labelNames, registers: [registry] })
  const refusals = counter('sandgate_refusals_total', 'Requests refused, by the stage that refused and its code.', ['surface', 'stage', 'code'])
  const findings = counter('sandgate_findings_total', 'Things noted but not refused.', ['stage', 'code'])
  const rules = counter('sandgate_rule_outcomes_total', 'Abuse rules that fired, by what they ask for; in mode report it was not done.', ['rule', 'mode', 'action'])
  const removals = counter('sandgate_personal_data_removed_total', 'Values of personal data removed or replaced.', ['kind'])
  const faults = counter('sandgate_stage_faults_total', 'Stages that could not decide because a dependency failed.', ['stage'])
  const attempts = counter('sandgate_webhook_attempts_total', 'Webhook delivery attempts.', ['outcome'])
  const handshakes = counter('sandgate_tls_handshake_errors_total', 'TLS handshakes that failed, by door.', ['door', 'code'])
  const unexplained = counter('sandgate_unexplained_failures_total', 'Failures of the authorization server that have no explanation of their own yet.', ['endpoint', 'error'])
  const leftOut = counter('sandgate_records_left_out_total', 'Records of requests that only claimed a client, left out because too many came at once.', [])
  const expiry = new Gauge({ name: 'sandgate_tls_certificate_not_after_timestamp_seconds', help: 'When a certificate of this installation expires.', labelNames: ['certificate'], registers: [registry] })
  const backlog = new Gauge({ name: 'sandgate_webhook_deliveries_waiting', help: 'Webhook deliveries that wait for an attempt.', registers: [registry] })
  return {
    registry,
    setWebhookDepth: ({ count }) => backlog.set(count),
    observeRequest: createRequestObserver(registry),
    countRefusal: (surface, stage, code) => refusals.inc({ surface, stage, code }),
    countFinding: (stage, code) => findings.inc({ stage, code }),
    countRule: (rule, mode, action) => rules.inc({ rule, mode, action }),
    countRemoval: (kind) => removals.inc({ kind }),
    countFault: (stage) => faults.inc({ stage }),
    countWebhookAttempt: (outcome) => attempts.inc({ outcome }),
    countHandshakeError: (door, code) => handshakes.inc({ door, code }),
    countUnexplained: (endpoint, error) => unexplained.inc({ endpoint, error }),
    countRecordLeftOut: () => leftOut.inc(),
    setCertificateExpiry: (certificate, notAfterMs) => expiry.set({ certificate }, notAfterMs / 1000),
  }
}

/** Looks the labelled series up once per combination: hashing labels on each request would cost more than the rest of the record. */
function createRequestObserver (registry: Registry): Metrics['observeRequest'] {
  const duration = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Duration of HTTP requests at the front door.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code', 'surface'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers: [registry],
  })
  const series = new Map<string, { observe: (seconds: number) => void }>()
  return ({ method, route, surface, status, durationMs }) => {
    const key = `${surface} ${status} ${method} ${route}`
    let child = series.get(key)
    if (child === undefined) {
      child = duration.labels({ http_request_method: KNOWN_METHODS.has(method) ? method : '_OTHER', http_route: route, http_response_status_code: String(status), surface })
      series.set(key, child)
    }
    child.observe(durationMs / 1000)
  }
}
