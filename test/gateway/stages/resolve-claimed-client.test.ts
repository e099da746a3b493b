import t from 'tap'
import { resolveClaimedClient } from '../../../gateway/stages/resolve-claimed-client.ts'
import { addsOf, arrivalOf } from '../../support/gateway-literals.ts'

t.test('a claim is noted, at once or later, and proves nothing', async (t) => {
  const claim = { claimedClientId: 'client_1', username: 'amira', grantType: 'password' }
  for (const read of [() => claim, async () => claim]) {
    const adds = addsOf(await resolveClaimedClient({ readClaim: read }).decide(arrivalOf()))
    t.same(adds, { ...claim, clientKey: 'client_1' })
    t.notOk('caller' in adds)
  }
})

t.test('who claims nothing is nobody in particular', async (t) => {
  t.same(addsOf(await resolveClaimedClient({ readClaim: () => ({}) }).decide(arrivalOf())), { claimedClientId: undefined, username: undefined, grantType: undefined, clientKey: '' })
})
