import t from 'tap'
import { resolveHost } from '../../../sandbox-core/webhooks/resolve-host.ts'

t.test('localhost is asked of the system and is loopback, whatever a DNS server says', async (t) => {
  for (const address of await resolveHost('localhost')) t.match(address, /^(127\.|::1$)/)
})
