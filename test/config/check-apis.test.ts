import t from 'tap'
import { findPathConflicts } from '../../config/index.ts'

const ENDPOINTS = ['/oauth/token']

t.test('a path under a reserved one is told', async (t) => {
  t.same(findPathConflicts([{ name: 'a', paths: ['/control/x'] }], ENDPOINTS), ['/control/x of the API a is under /control, which Sandgate serves itself'])
  t.equal(findPathConflicts([{ name: 'a', paths: ['/oauth/token'] }], ENDPOINTS).length, 1)
})

t.test('a template that can match another API\'s path is told', async (t) => {
  t.same(findPathConflicts([{ name: 'a', paths: ['/v1/{id}'] }, { name: 'b', paths: ['/v1/refunds'] }], ENDPOINTS), ['/v1/refunds of the API b is served by the API a too'])
})

t.test('a path under another API\'s prefix is told, at any depth', async (t) => {
  t.equal(findPathConflicts([{ name: 'a', prefix: '/ledger/v1' }, { name: 'b', paths: ['/ledger/v1/x/{id}'] }], ENDPOINTS).length, 1)
  t.equal(findPathConflicts([{ name: 'b', paths: ['/{tenant}/v1/x'] }, { name: 'a', prefix: '/ledger/v1' }], ENDPOINTS).length, 1)
})

t.test('APIs side by side have no conflict', async (t) => {
  t.same(findPathConflicts([{ name: 'a', paths: ['/v1/payments', '/v1/payments/{id}'] }, { name: 'b', paths: ['/v1/refunds', '/v1/payments-old'] }, { name: 'c', prefix: '/ledger' }], ENDPOINTS), [])
  t.same(findPathConflicts([{ name: 'a', paths: ['/controls', '/v1/control'] }], ENDPOINTS), [])
})
