import fc from 'fast-check'
import t from 'tap'
import { cidrList } from '../../../gateway/pipeline/cidr-list.ts'
import { resolveClientAddress } from '../../../gateway/stages/resolve-client-address.ts'
import { addsOf, arrivalOf, refusalOf } from '../../support/gateway-literals.ts'

const trusted = ['10.0.0.0/8', '2001:db8:ffff::/48']

const decideOf = (networks: readonly string[]) => {
  const stage = resolveClientAddress({ trustedProxies: cidrList(networks) })
  return async (peer: string | undefined, forwarded?: string) => await stage.decide(arrivalOf({ peer, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }))
}
const decide = decideOf(trusted)
const addressOf = async (peer: string, forwarded?: string) => addsOf(await decide(peer, forwarded)).address

t.test('what a trusted proxy sends and is no list of addresses is refused', async (t) => {
  for (const forwarded of ['unknown', '203.0.113.7, _hidden', '203.0.113.7:443', '010.0.0.1', '1', '0x7f.1', '203.0.113.256', '[2001:db8::1]', '203.0.113.7 198.51.100.1', '<script>', '2001:db8::1::2']) {
    t.equal(refusalOf(await decide('10.0.0.1', forwarded)).code, 'client_address_invalid', forwarded)
  }
})

t.test('a malformed member to the left of the client is never read', async (t) => {
  t.equal(await addressOf('10.0.0.1', 'garbage, 203.0.113.7, 10.2.2.2'), '203.0.113.7')
})

t.test('a peer that disconnected is refused', async (t) => {
  t.equal(refusalOf(await decide(undefined)).code, 'client_address_invalid')
})

t.test('nobody but a trusted proxy can say where a request came from', async (t) => {
  t.equal(await addressOf('198.51.100.1', '203.0.113.7'), '198.51.100.1')
  t.equal(await addressOf('198.51.100.1', 'garbage'), '198.51.100.1')
  t.equal(await addressOf('2001:db8:1::1', '203.0.113.7'), '2001:db8:1::1')
  t.equal(addsOf(await decideOf([])('127.0.0.1', '203.0.113.7')).address, '127.0.0.1', 'with no trusted proxy, not even loopback')
})

t.test('the list is read from right to left, to the first address that is no trusted proxy', async (t) => {
  t.equal(await addressOf('10.0.0.1', '203.0.113.7'), '203.0.113.7')
  t.equal(await addressOf('10.0.0.1', '1.2.3.4, 203.0.113.7, 10.1.1.1'), '203.0.113.7', 'what the client itself put on the left is not believed')
  t.equal(await addressOf('10.0.0.1', '10.9.9.9, 10.1.1.1'), '10.9.9.9', 'all are proxies: the first one')
  t.equal(await addressOf('10.0.0.1', ' , 203.0.113.7 ,,  10.1.1.1 '), '203.0.113.7', 'empty members (RFC 9110 §5.6.1.2)')
  t.equal(await addressOf('10.0.0.1', ''), '10.0.0.1')
  t.equal(await addressOf('10.0.0.1'), '10.0.0.1')
  t.equal(await addressOf('2001:db8:ffff::1', '2001:db8:1::5, 2001:db8:ffff:2::2'), '2001:db8:1::5')
})

t.test('IPv4 in IPv6 is IPv4 first: for trust, for the address and for the key', async (t) => {
  t.same(addsOf(await decide('::ffff:203.0.113.7')), { address: '203.0.113.7', addressKey: '203.0.113.7' })
  t.equal(await addressOf('::ffff:10.0.0.1', '::ffff:203.0.113.7'), '203.0.113.7')
  t.equal(await addressOf('::ffff:a00:1', '203.0.113.7'), '203.0.113.7', 'in hexadecimal too')
  t.not(addsOf(await decide('::ffff:203.0.113.7')).addressKey, addsOf(await decide('::ffff:203.0.113.8')).addressKey, 'all of IPv4 is not one key')
})

t.test('IPv6 is keyed by its /64, however it is written', async (t) => {
  const keyOf = async (peer: string) => addsOf(await decide(peer)).addressKey
  t.equal(await keyOf('2001:db8:0:1::1'), '2001:db8:0:1::/64')
  t.equal(await keyOf('2001:0DB8:0000:0001:ffff:ffff:ffff:ffff'), '2001:db8:0:1::/64')
  t.not(await keyOf('2001:db8:0:2::1'), '2001:db8:0:1::/64')
  t.equal(await keyOf('::1'), '0:0:0:0::/64')
})

t.test('a link-local address with its zone is an address', async (t) => {
  t.match(addsOf(await decide('fe80::1%eth0')), { addressKey: 'fe80:0:0:0::/64' })
  t.match(addsOf(await decide('10.0.0.1', 'fe80::1%eth0')), { addressKey: 'fe80:0:0:0::/64' })
})

t.test('clients within a /64 share a key, across it they never do', async (t) => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16))
  const half = fc.array(group, { minLength: 4, maxLength: 4 }).map((groups) => groups.join(':'))
  await t.resolves(fc.assert(fc.asyncProperty(half.filter((text) => !text.startsWith('0:0:0:0')), half, half, half, async (net, host, otherHost, otherNet) => {
    const keyOf = async (peer: string) => addsOf(await decide(peer)).addressKey
    if (await keyOf(`${net}:${host}`) !== await keyOf(`${net}:${otherHost}`)) return false
    return net === otherNet || otherNet.startsWith('0:0:0:0') || await keyOf(`${net}:${host}`) !== await keyOf(`${otherNet}:${host}`)
  })))
})

t.test('a client behind one trusted proxy never gets another address than the one the proxy saw, whatever it sends itself', async (t) => {
  await t.resolves(fc.assert(fc.asyncProperty(fc.string({ maxLength: 60 }), async (sent) => await addressOf('10.0.0.1', `${sent}, 203.0.113.7`) === '203.0.113.7')))
})

t.test('what was remembered of peers does not mix them up, nor keep a proxy from naming another client', async (t) => {
  const fresh = decideOf(trusted)
  for (let index = 0; index < 10_100; index++) addsOf(await fresh(`203.${index >> 16 & 255}.${index >> 8 & 255}.${index & 255}`))
  t.equal(addsOf(await fresh('203.0.0.5')).address, '203.0.0.5')
  t.equal(addsOf(await fresh('10.0.0.1', '203.0.113.1')).address, '203.0.113.1')
  t.equal(addsOf(await fresh('10.0.0.1', '203.0.113.2')).address, '203.0.113.2')
})
