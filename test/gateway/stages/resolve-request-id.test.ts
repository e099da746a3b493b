import t from 'tap'
import { resolveRequestId } from '../../../gateway/stages/resolve-request-id.ts'
import { addsOf, arrivalOf } from '../../support/gateway-literals.ts'

const stage = resolveRequestId()
const decide = async (headers: Record<string, string> = {}) => addsOf(await stage.decide(arrivalOf({ headers })))

t.test('a client never chooses the id', async (t) => {
  const wanted = '4bf92f3577b34da6a3ce929d0e0e4736'
  const { requestId } = await decide({ traceparent: `00-${wanted}-00f067aa0ba902b7-01`, 'x-request-id': wanted })
  t.not(requestId, wanted)
})

t.test('every id is 32 hex digits and none comes twice, beyond one refill of the pool', async (t) => {
  const ids = new Set<string>()
  for (let index = 0; index < 1000; index++) {
    const { requestId } = await decide()
    if (!/^[0-9a-f]{32}$/.test(requestId)) t.fail(`not an id: ${requestId}`)
    ids.add(requestId)
  }
  t.equal(ids.size, 1000)
})

t.test('two pipelines share no ids', async (t) => {
  const other = resolveRequestId()
  t.not((await decide()).requestId, addsOf(await other.decide(arrivalOf())).requestId)
})

t.test('the flags of a well-formed traceparent are kept, of any other none', async (t) => {
  t.equal((await decide({ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' })).traceFlags, '01')
  for (const traceparent of ['', '01', '00-XYZ-00f067aa0ba902b7-01', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz', 'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01']) {
    t.equal((await decide({ traceparent })).traceFlags, '00', JSON.stringify(traceparent))
  }
})
