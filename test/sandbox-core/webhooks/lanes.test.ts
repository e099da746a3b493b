import t from 'tap'
import { createLanes } from '../../../sandbox-core/webhooks/lanes.ts'

t.test('deliveries without a place are spread over time, and empty lanes are forgotten', async (t) => {
  const lanes = createLanes({ overall: 3, perSandbox: 2, perEndpoint: 1 })
  t.ok(lanes.enter('a', 'a1'))
  t.notOk(lanes.enter('a', 'a1'), 'the endpoint is busy')
  t.ok(lanes.enter('a', 'a2'))
  t.notOk(lanes.enter('a', 'a3'), 'the sandbox is busy')
  t.ok(lanes.enter('b', 'b1'))
  t.notOk(lanes.enter('c', 'c1'), 'all are busy')
  t.equal(lanes.freeCount(), 0)
  lanes.leave('a', 'a1', 1_000)
  t.ok(lanes.enter('a', 'a1'))
  const tries = [1, 2, 3].map(() => lanes.nextTryMs('a', 'a1', 0))
  t.same(tries, [...new Set(tries)].sort((x, y) => x - y), 'each later than the one before')
  t.ok(lanes.nextTryMs('a', 'a3', 0) > 0)
  for (let n = 0; n < 10_000; n++) lanes.nextTryMs('a', 'a1', 0)
  t.equal(lanes.nextTryMs('a', 'a1', 0), 30_000, 'but never later than the bound')
})
