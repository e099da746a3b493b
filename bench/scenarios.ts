import type { LoadOrder, Materials } from './protocol.ts'

/** A kind of request that every door gets. */
export interface Scenario {
  readonly name: 'get' | 'post'
  readonly title: string
  readonly requestOf: (materials: Materials) => Pick<LoadOrder, 'method' | 'path' | 'body'>
}

/** About 2 KB as a test suite would send it, with personal data in members and in prose, none of which may reach a store of ours. */
const CUSTOMER = {
  name: 'Wilhelmina Featherstonehaugh-Cholmondeley',
  email: 'wilhelmina.featherstonehaugh@mail-of-a-company.com',
  phone: '+44 20 7946 0958',
  description: 'Called about the invoice of last month. Prefers mail to w.f.cholmondeley@another-company.org, pays from GB33BUKB20201555555555.',
  metadata: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`attribute_${String(i).padStart(2, '0')}`, `value ${i} of some length, as integrations keep them: order ${1000 + i} north`])),
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'get', title: 'GET of one customer', requestOf: ({ customerPath }) => ({ method: 'GET', path: customerPath }) },
  { name: 'post', title: 'POST of one customer, about 2 KB', requestOf: () => ({ method: 'POST', path: '/v1/customers', body: JSON.stringify(CUSTOMER) }) },
]
