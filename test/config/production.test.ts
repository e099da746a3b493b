import t from 'tap'
import { formatWarnings, loadConfig } from '../../config/index.ts'
import { loadText, refusedPaths } from '../support/config-files.ts'

const NEGLECTED = [
  'listen.public_host', 'tls.certificate_file', 'keys.ca_certificate_file', 'keys.signing_keys_file', 'keys.cookie_secrets',
  'keys.scrub_secret', 'keys.operator_token', 'webhooks.allowed_networks', 'webhooks.allow_http'
]

t.test('production refuses each development default with a problem of its own', async (t) => {
  t.same([...refusedPaths(loadText('production: true'))].sort(), [...NEGLECTED].sort())
})

t.test('production refuses proxies anywhere, IPv6 loopback for webhooks, and scrubbing switched off', async (t) => {
  const paths = refusedPaths(loadText([
    'production: true',
    'trusted_proxies: [0.0.0.0/0]',
    'tls: { certificate_header: { trusted_proxies: ["::/0"] } }',
    'webhooks: { allow_http: false, allowed_networks: ["::1/128"] }',
    'scrub: { mode: off }'
  ].join('\n')))
  for (const path of ['trusted_proxies', 'tls.certificate_header.trusted_proxies', 'webhooks.allowed_networks', 'scrub.mode']) t.ok(paths.includes(path), path)
  t.notOk(paths.includes('webhooks.allow_http'))
})

t.test('production refuses a network that holds loopback without naming it', async (t) => {
  for (const network of ['0.0.0.0/0', '127.0.0.1/32', '126.0.0.0/7', '::/0', '::ffff:127.0.0.1/128']) {
    t.ok(refusedPaths(loadText(`production: true\nwebhooks: { allowed_networks: ["${network}"] }`)).includes('webhooks.allowed_networks'), network)
  }
  t.notOk(refusedPaths(loadText('production: true\nwebhooks: { allowed_networks: ["10.0.0.0/8", "fd00::/8"] }')).includes('webhooks.allowed_networks'))
})

t.test('a wrong key does not hide the development defaults', async (t) => {
  const paths = refusedPaths(loadText('production: true\nlog: { level: loud }'))
  t.ok(paths.includes('log.level'))
  t.ok(paths.includes('keys.operator_token'))
})

t.test('in development the same defaults are announced, one line each, and nothing else', async (t) => {
  const outcome = loadConfig({ environment: {} })
  if (outcome.kind !== 'loaded') {
    t.fail('it was refused')
    return
  }
  t.same(outcome.warnings.map(({ path }) => path), NEGLECTED)
  t.equal(formatWarnings(outcome.warnings).split('\n').length, NEGLECTED.length)
})

t.test('limits and rules that are switched off, and metrics open to others, are announced', async (t) => {
  const outcome = loadText('limits: { token: { mode: off } }\nabuse: { mode: off }\nlisten: { ops: { host: 0.0.0.0 } }')
  if (outcome.kind !== 'loaded') {
    t.fail('it was refused')
    return
  }
  const paths = outcome.warnings.map(({ path }) => path)
  for (const path of ['limits.token.mode', 'abuse.mode', 'listen.ops.host']) t.ok(paths.includes(path), path)
})
