import { choice, duration, secret, section, text } from './fields.ts'

/** Where state lives. */
export const StoresSchema = section('Where state lives.', {
  driver: choice(['embedded', 'redis'], { description: 'embedded: one process, node:sqlite under var_directory. redis: several instances.', default: 'embedded' }),
  redis: section('The Redis server, for the driver redis.', {
    url: secret({ description: 'redis:// or rediss:// URL; it may hold a password.', default: 'redis://127.0.0.1:6379' }),
    key_prefix: text({ description: 'Goes before every key, so that a server can be shared.', default: 'sandgate:', pattern: '^[^{}\\s]*$', shape: 'text without spaces and braces, which are hash tags in a cluster', maxLength: 64 }),
    command_deadline: duration({ description: 'Time that one command may take before the store counts as lost.', default: '50ms', isTimer: true })
  })
})
