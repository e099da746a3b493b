import t from 'tap'
import { suggest } from '../../../config/validation/suggest.ts'

const KNOWN = ['public', 'mtls', 'ops', 'shutdown_grace', 'public_host']

t.test('nothing is suggested for a name that is near none', async (t) => {
  for (const name of ['database', 'x', 'hostname_of_the_server', '']) t.equal(suggest(name, KNOWN), undefined, name)
  t.equal(suggest('public', []), undefined)
})

t.test('a slip of the finger, another case and another separator are understood', async (t) => {
  const slips = { pubilc: 'public', publc: 'public', Public: 'public', 'shutdown-grace': 'shutdown_grace', shutdownGrace: 'shutdown_grace', mtl: 'mtls', publichost: 'public_host' }
  for (const [name, meant] of Object.entries(slips)) t.equal(suggest(name, KNOWN), meant, name)
})
