import t from 'tap'
import { openAuthority } from '../../certs/index.ts'
import { createTestAuthority, DAY_MS } from '../support/certs-authority.ts'
import { isMissing, runTool } from '../support/certs-openssl.ts'

t.test('what is no serial number is not revoked', async (t) => {
  const { authority, store } = await createTestAuthority()
  for (const serial of ['', 'xyz', '0x1f', '-1', 'a'.repeat(41), '1 2']) await t.rejects(authority.revoke(serial), RangeError, JSON.stringify(serial))
  t.strictSame(store.entries('revoked-certificate'), [])
  t.equal(authority.revocationGeneration(), 0)
})

t.test('a revocation that cannot be stored is not announced and not in force', async (t) => {
  const { authority, store } = await createTestAuthority()
  store.lose()
  await t.rejects(authority.revoke('4a'), { name: 'StoreUnavailable' })
  t.equal(authority.isRevoked('4a'), false)
})

t.test('a revocation is in force at once on every instance, and each one\'s generation changes', async (t) => {
  const { authority, root, store, clock } = await createTestAuthority()
  const other = await openAuthority({ ...root, clock, keyValue: store.keyValue, notices: store.notices })
  const before = other.revocationGeneration()
  await authority.revoke('4ab3')
  t.equal(authority.isRevoked('4ab3'), true)
  t.equal(other.isRevoked('4ab3'), true)
  t.not(other.revocationGeneration(), before)
})

t.test('a revocation survives a restart, any number of them', async (t) => {
  const { authority, root, store, clock } = await createTestAuthority()
  const serials = Array.from({ length: 2001 }, (_, index) => (0x400000 + index).toString(16))
  for (const serial of serials) await authority.revoke(serial)
  const restarted = await openAuthority({ ...root, clock, keyValue: store.keyValue, notices: store.notices })
  t.equal(serials.every((serial) => restarted.isRevoked(serial)), true)
})

t.test('a revocation whose notice was lost is found by reading the store again', async (t) => {
  const { authority, root, store, clock } = await createTestAuthority()
  const other = await openAuthority({ ...root, clock, keyValue: store.keyValue, notices: store.notices })
  store.muteNotices()
  await authority.revoke('4a')
  t.equal(other.isRevoked('4a'), false)
  await other.reloadRevocations()
  t.equal(other.isRevoked('4a'), true)
})

t.test('a closed authority follows no notices', async (t) => {
  const { authority, root, store, clock } = await createTestAuthority()
  const other = await openAuthority({ ...root, clock, keyValue: store.keyValue, notices: store.notices })
  other.close()
  await authority.revoke('4a')
  t.equal(other.isRevoked('4a'), false)
})

t.test('a serial number counts the same in every form that tools print', async (t) => {
  const { authority } = await createTestAuthority()
  await authority.revoke('00:AB:CD')
  for (const serial of ['abcd', 'ABCD', '00abcd', 'AB:CD']) t.equal(authority.isRevoked(serial), true, serial)
  t.equal(authority.isRevoked('abcd00'), false)
})

t.test('revoking twice changes nothing, the time least of all', async (t) => {
  const { authority, clock, store } = await createTestAuthority()
  await authority.revoke('4a')
  const generation = authority.revocationGeneration()
  const first = await store.keyValue.get('revoked-certificate', '4a')
  clock.setMs(clock.nowMs() + DAY_MS)
  await authority.revoke('4a')
  t.equal(authority.revocationGeneration(), generation)
  t.strictSame(await store.keyValue.get('revoked-certificate', '4a'), first)
})

t.test('the revocation list is signed anew for each revocation and each hour, and else reused', async (t) => {
  const { authority, clock } = await createTestAuthority()
  const first = await authority.revocationList()
  t.equal(await authority.revocationList(), first)
  await authority.revoke('4a')
  const second = await authority.revocationList()
  t.not(second, first)
  clock.setMs(clock.nowMs() + 3_600_000)
  t.not(await authority.revocationList(), second)
})

t.test('OpenSSL verifies the list, reads every entry of it, and refuses what is on it', { skip: await isMissing('openssl', 'version') }, async (t) => {
  const { authority, root, clock } = await createTestAuthority()
  const [kept, revoked] = [await authority.issueClientCertificate({ commonName: 'kept', lifetimeMs: DAY_MS }), await authority.issueClientCertificate({ commonName: 'revoked', lifetimeMs: DAY_MS })]
  const empty = await runTool('openssl', ['crl', '-in', 'l.pem', '-CAfile', 'ca.pem', '-noout', '-text'], { 'l.pem': await authority.revocationList(), 'ca.pem': root.certificatePem })
  t.match(empty.output, /verify OK/)
  t.match(empty.output, /No Revoked Certificates/)
  for (const serial of [revoked.serial, 'ff00', '01']) await authority.revoke(serial)
  const files = { 'l.pem': await authority.revocationList(), 'ca.pem': root.certificatePem, 'kept.pem': kept.certificatePem, 'revoked.pem': revoked.certificatePem }
  const { output } = await runTool('openssl', ['crl', '-in', 'l.pem', '-CAfile', 'ca.pem', '-noout', '-text'], files)
  t.match(output, /verify OK/)
  t.match(output, /CRL Number/)
  for (const serial of [revoked.serial.toUpperCase(), 'FF00', '01']) t.match(output, new RegExp(`Serial Number: ${serial}\\n`))
  const check = async (file: string): Promise<string> => (await runTool('openssl', ['verify', '-crl_check', '-x509_strict', '-attime', String(Math.ceil(clock.nowMs() / 1000)), '-CAfile', 'ca.pem', '-CRLfile', 'l.pem', file], files)).output
  t.match(await check('kept.pem'), /OK/)
  t.match(await check('revoked.pem'), /certificate revoked/)
})
