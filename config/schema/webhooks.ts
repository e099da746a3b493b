import { count, duration, flag, list, section } from './fields.ts'
import { cidr } from './tls.ts'

/** Where webhooks may go and how often they are tried. */
export const WebhooksSchema = section('Delivery of webhooks.', {
  allowed_networks: list(cidr, { description: 'Networks that endpoints may be in beside the public internet, as CIDRs. Loopback is for development.', default: ['127.0.0.0/8', '::1/128'], isSet: true }),
  allow_http: flag({ description: 'Endpoints may have http URLs.', default: true }),
  timeout: duration({ description: 'Time that an endpoint may take to answer.', default: '15s', isTimer: true }),
  retries: list(duration({ description: 'A pause.' }), { description: 'Pauses before each further attempt.', default: ['5s', '5m', '30m', '2h', '5h', '10h', '10h'], maxItems: 50 }),
  response_bytes_max: count({ description: 'How much of an endpoint\'s answer is kept.', default: 16_384, minimum: 0, maximum: 1_048_576, unit: 'bytes' })
})
