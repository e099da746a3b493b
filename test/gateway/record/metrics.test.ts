import t from 'tap'
import { createMetrics } from '../../../gateway/record/index.ts'

t.test('no series is made for a method that a client invents', async (t) => {
  const metrics = createMetrics()
  for (const method of ['PROPFIND', 'M-SEARCH']) metrics.observeRequest({ method, route: '/a', surface: 'api', status: 404, durationMs: 1 })
  const text = await metrics.registry.metrics()
  t.match(text, 'http_request_method="_OTHER"')
  t.notMatch(text, /PROPFIND|M-SEARCH/)
})

t.test('durations are in seconds, by route, status and surface', async (t) => {
  const metrics = createMetrics()
  metrics.observeRequest({ method: 'GET', route: '/v1/x', surface: 'api', status: 200, durationMs: 250 })
  metrics.observeRequest({ method: 'GET', route: '/v1/x', surface: 'api', status: 200, durationMs: 750 })
  const text = await metrics.registry.metrics()
  t.match(text, 'http_server_request_duration_seconds_sum{http_request_method="GET",http_route="/v1/x",http_response_status_code="200",surface="api"} 1\n')
  t.match(text, 'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/v1/x",http_response_status_code="200",surface="api"} 2\n')
})

t.test('two gateways in one process share no counts', async (t) => {
  const [one, other] = [createMetrics(), createMetrics()]
  one.countRemoval('email')
  t.match(await one.registry.metrics(), 'sandgate_personal_data_removed_total{kind="email"} 1')
  t.notMatch(await other.registry.metrics(), 'kind="email"')
})

t.test('every count has its series', async (t) => {
  const metrics = createMetrics()
  metrics.countRefusal('api', 'judge-ban', 'address_banned')
  metrics.countFinding('judge-abuse', 'burst')
  metrics.countRule('burst', 'report', 'none')
  metrics.countFault('limit-address')
  metrics.countWebhookAttempt('delivered')
  metrics.countHandshakeError('mtls', 'ECONNRESET')
  metrics.countUnexplained('token', 'invalid_grant')
  metrics.countRecordLeftOut()
  metrics.setWebhookDepth({ count: 3 })
  metrics.setCertificateExpiry('server', 5000)
  const text = await metrics.registry.metrics()
  for (const line of ['sandgate_refusals_total{surface="api",stage="judge-ban",code="address_banned"} 1', 'sandgate_findings_total{stage="judge-abuse",code="burst"} 1', 'sandgate_rule_outcomes_total{rule="burst",mode="report",action="none"} 1', 'sandgate_stage_faults_total{stage="limit-address"} 1', 'sandgate_webhook_attempts_total{outcome="delivered"} 1', 'sandgate_tls_handshake_errors_total{door="mtls",code="ECONNRESET"} 1', 'sandgate_unexplained_failures_total{endpoint="token",error="invalid_grant"} 1', 'sandgate_records_left_out_total 1', 'sandgate_webhook_deliveries_waiting 3', 'sandgate_tls_certificate_not_after_timestamp_seconds{certificate="server"} 5']) t.match(text, line)
})
