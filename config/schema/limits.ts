import { choice, count, duration, section } from './fields.ts'

function plan (description: string, defaults: { readonly limit: number, readonly burst: number }) {
  return section(description, {
    mode: choice(['enforce', 'report', 'off'], { description: 'enforce refuses, report notes what it would have refused, off does nothing.', default: 'enforce' }),
    algorithm: choice(['smooth', 'window'], { description: 'smooth: GCRA, an even rate with bursts. window: a fixed window.', default: 'smooth' }),
    limit: count({ description: 'Requests in one window.', default: defaults.limit, minimum: 1, maximum: 1_000_000_000, unit: 'requests' }),
    window: duration({ description: 'Length of the window.', default: '60s', minimumMs: 100 }),
    burst: count({ description: 'Requests that smooth lets through at once, before limit and window hold: lower it together with limit.', default: defaults.burst, minimum: 1, maximum: 1_000_000_000, unit: 'requests' }),
    on_store_loss: choice(['local', 'refuse', 'pass'], { description: 'When the store is lost: local counts in this instance with its share of the limit, refuse refuses, pass lets through.', default: 'local' })
  })
}

/** Sizes and rates. */
export const LimitsSchema = section('Sizes and rates that are refused.', {
  body_bytes_max: count({ description: 'Largest request body.', default: 1_048_576, minimum: 1024, maximum: 104_857_600, unit: 'bytes' }),
  body_depth_max: count({ description: 'Deepest nesting of a request body.', default: 32, minimum: 1, maximum: 256, unit: 'levels' }),
  header_bytes_max: count({ description: 'Largest sum of the request headers.', default: 16_384, minimum: 4096, maximum: 131_072, unit: 'bytes' }),
  address: plan('Per client address (IPv6 by /64), before any cryptography.', { limit: 600, burst: 200 }),
  client: plan('Per client, on the APIs and the control API.', { limit: 1200, burst: 300 }),
  token: plan('Per client, at the authorization server.', { limit: 120, burst: 60 }),
  headers: choice(['draft', 'legacy', 'both'], { description: 'draft: RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers). legacy: RateLimit-Limit and its kin. both: all of them.', default: 'draft' })
})
