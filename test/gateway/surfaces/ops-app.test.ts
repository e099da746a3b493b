import { Registry, Counter } from 'prom-client'
import t from 'tap'
import { createOpsApp, type OpsDeps } from '../../../gateway/surfaces/ops-app.ts'

function createApp (changes: Partial<OpsDeps> = {}) {
  const registry = new Registry()
  new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc(2)
  return createOpsApp({ registry, ping: async () => {}, isDraining: () => false, refresh: async () => {}, ...changes })
}
const lost = async (): Promise<never> => { throw new Error('connect ECONNREFUSED') }

t.test('not ready: while draining, and when the store is lost', async (t) => {
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  t.match(await createApp({ isDraining: () => true }).inject('/readyz'), { statusCode: 503, body: '{"status":"unready","reason":"shutting down"}' })
  t.match(await createApp({ ping: lost }).inject('/readyz'), { statusCode: 503, body: /the store does not answer: connect ECONNREFUSED/ })
  t.match(await createApp({ ping: async () => await new Promise(() => {}) }).inject('/readyz'), { statusCode: 503, body: /the store does not answer/ }, 'a store that hangs is lost too')
})

t.test('alive, whatever the store does', async (t) => {
  t.match(await createApp({ ping: lost, isDraining: () => true }).inject('/livez'), { statusCode: 200, body: '{"status":"ok"}' })
})

t.test('ready', async (t) => {
  t.match(await createApp().inject('/readyz'), { statusCode: 200, body: '{"status":"ok"}' })
})

t.test('metrics go on when the store is lost: that is when they are wanted', async (t) => {
  let isRefreshed = false
  const app = createApp({ refresh: async () => { isRefreshed = true } })
  t.match(await app.inject('/metrics'), { statusCode: 200, headers: { 'content-type': /^text\/plain; version=0\.0\.4/ }, body: /^things_total 2$/m })
  t.ok(isRefreshed)
  t.match(await createApp({ refresh: lost }).inject('/metrics'), { statusCode: 200, body: /^things_total 2$/m })
})
