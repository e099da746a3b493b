import { AbuseSchema, ScrubSchema } from './protection.ts'
import { ApisSchema } from './apis.ts'
import { choice, count, duration, flag, list, section, text } from './fields.ts'
import { KeysSchema } from './keys.ts'
import { LimitsSchema } from './limits.ts'
import { ListenSchema } from './listen.ts'
import { ProfileSchema } from './profile.ts'
import { SandboxesSchema } from './sandboxes.ts'
import { StoresSchema } from './stores.ts'
import { cidr, TlsSchema } from './tls.ts'
import { WebhooksSchema } from './webhooks.ts'

/** The whole configuration file, in the order in which the shipped file states it. */
export const ConfigSchema = section('Sandgate\'s configuration.', {
  production: flag({ description: 'Refuses to start on development defaults (self-made CA, generated keys, webhooks to loopback).', default: false }),
  var_directory: text({ description: 'Where generated keys, the development CA and the embedded store live. Relative to the working directory.', default: './var', means: 'working-directory', minLength: 1 }),
  listen: ListenSchema,
  tls: TlsSchema,
  trusted_proxies: list(cidr, { description: 'Peers whose X-Forwarded-For is believed, as CIDRs, read from right to left. Empty: none.', default: [], isSet: true }),
  keys: KeysSchema,
  stores: StoresSchema,
  profile: ProfileSchema,
  sandboxes: SandboxesSchema,
  apis: ApisSchema,
  limits: LimitsSchema,
  abuse: AbuseSchema,
  scrub: ScrubSchema,
  webhooks: WebhooksSchema,
  records: section('Records of requests.', {
    retention: duration({ description: 'How long records and deliveries are kept.', default: '7d', minimumMs: 1000 }),
    maximum_per_sandbox: count({ description: 'Records kept of one sandbox; the oldest go first.', default: 10_000, minimum: 1, maximum: 10_000_000, unit: 'records' })
  }),
  log: section('The log on standard output.', {
    level: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], { description: 'The least severe entries that are written.', default: 'info' })
  })
})
