import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { CertificateVerdict } from '../../certs/index.ts'
import { codeOf, createTestAuthority, DAY_MS, START_MS } from '../support/certs-authority.ts'
import { CLIENT_AUTH, createForeignCertificate, KeyUsageFlags, PeculiarCertificate, SERVER_AUTH, type ForeignCertificate, type ForeignOptions } from '../support/certs-foreign.ts'

interface World { verify: (der: Buffer, intermediates?: readonly Buffer[]) => CertificateVerdict, root: ForeignCertificate, middle: ForeignCertificate, leaf: ForeignCertificate }

async function createWorld (options: { root?: Partial<ForeignOptions>, middle?: Partial<ForeignOptions>, leaf?: Partial<ForeignOptions> } = {}): Promise<World> {
  const root = await createForeignCertificate({ name: 'CN=Root', isAuthority: true, ...options.root })
  const middle = await createForeignCertificate({ name: 'CN=Middle', isAuthority: true, issuer: root, ...options.middle })
  const leaf = await createForeignCertificate({ name: 'CN=leaf', issuer: middle, purposes: [CLIENT_AUTH], ...options.leaf })
  const { verify } = await createTestAuthority({ extraAnchorsPem: [root.pem] })
  return { verify, root, middle, leaf }
}

t.test('without its intermediate a certificate is not trusted, with it it is', async (t) => {
  const { verify, leaf, middle, root } = await createWorld()
  t.equal(codeOf(verify(leaf.der)), 'certificate_untrusted')
  t.equal(codeOf(verify(leaf.der, [root.der])), 'certificate_untrusted')
  t.equal(codeOf(verify(leaf.der, [middle.der])), 'trusted')
  t.equal(codeOf(verify(leaf.der, [Buffer.from('noise'), root.der, middle.der, middle.der])), 'trusted', 'in any company')
})

t.test('what is no authority\'s certificate issues nothing', async (t) => {
  for (const [why, middle] of [['no basic constraints', { isAuthority: false }], ['no keyCertSign', { keyUsages: KeyUsageFlags.cRLSign }]] as const) {
    const { verify, leaf, middle: issuer } = await createWorld({ middle })
    t.equal(codeOf(verify(leaf.der, [issuer.der])), 'certificate_untrusted', why)
  }
})

t.test('a client certificate of ours cannot issue another', async (t) => {
  const { authority, verify } = await createTestAuthority()
  const issued = await authority.issueClientCertificate({ commonName: 'a', lifetimeMs: DAY_MS })
  const key = createPrivateKey(issued.keyPem)
  const certificate = new PeculiarCertificate(issued.certificatePem)
  const issuer = { certificate, key, keyPem: issued.keyPem, pem: issued.certificatePem, der: Buffer.from(certificate.rawData) }
  const forged = await createForeignCertificate({ name: 'CN=operator', issuer, purposes: [CLIENT_AUTH] })
  t.equal(codeOf(verify(forged.der, [issuer.der])), 'certificate_untrusted')
})

t.test('an expired or future intermediate is told as such', async (t) => {
  const expired = await createWorld({ middle: { untilMs: START_MS - 5000 } })
  t.equal(codeOf(expired.verify(expired.leaf.der, [expired.middle.der])), 'certificate_expired')
  const future = await createWorld({ middle: { fromMs: START_MS + 5000 } })
  t.equal(codeOf(future.verify(future.leaf.der, [future.middle.der])), 'certificate_not_yet_valid')
})

t.test('an expired anchor ends what hangs on it', async (t) => {
  const { verify, leaf, middle } = await createWorld({ root: { untilMs: START_MS - 5000 } })
  t.equal(codeOf(verify(leaf.der, [middle.der])), 'certificate_expired')
})

t.test('of an expired and a renewed intermediate of one key the renewed one counts', async (t) => {
  const { verify, leaf, middle, root } = await createWorld({ middle: { untilMs: START_MS - 5000 } })
  const renewed = await createForeignCertificate({ name: 'CN=Middle', isAuthority: true, issuer: root, keyPair: { privateKey: middle.key, publicKey: createPublicKey(middle.key) } })
  t.equal(codeOf(verify(leaf.der, [middle.der, renewed.der])), 'trusted')
})

t.test('a path longer than an authority allows is refused', async (t) => {
  const { verify, leaf, middle } = await createWorld({ root: { pathLength: 0 } })
  t.equal(codeOf(verify(leaf.der, [middle.der])), 'certificate_untrusted')
  const allowed = await createWorld({ root: { pathLength: 1 }, middle: { pathLength: 0 } })
  t.equal(codeOf(allowed.verify(allowed.leaf.der, [allowed.middle.der])), 'trusted')
})

t.test('an intermediate for servers only leads to no client certificate', async (t) => {
  const { verify, leaf, middle } = await createWorld({ middle: { purposes: [SERVER_AUTH] } })
  t.equal(codeOf(verify(leaf.der, [middle.der])), 'certificate_purpose_invalid')
})

t.test('four intermediates are followed, in any order, and five are not', async (t) => {
  const { verify, root } = await createWorld()
  const chain: ForeignCertificate[] = []
  for (let depth = 1; depth <= 5; depth++) chain.push(await createForeignCertificate({ name: `CN=Level ${depth}`, isAuthority: true, issuer: chain.at(-1) ?? root }))
  const ders = chain.map(({ der }) => der).reverse()
  const issue = async (issuer: ForeignCertificate | undefined): Promise<Buffer> => (await createForeignCertificate({ name: 'CN=leaf', ...(issuer && { issuer }) })).der
  t.equal(codeOf(verify(await issue(chain[3]), ders)), 'trusted')
  t.equal(codeOf(verify(await issue(chain[4]), ders)), 'certificate_untrusted')
})

t.test('authorities that issued each other lead nowhere, and end', async (t) => {
  const { verify } = await createWorld()
  const a = await createForeignCertificate({ name: 'CN=A', isAuthority: true })
  const b = await createForeignCertificate({ name: 'CN=B', isAuthority: true, issuer: a })
  const again = await createForeignCertificate({ name: 'CN=A', isAuthority: true, issuer: b, keyPair: { privateKey: a.key, publicKey: createPublicKey(a.key) } })
  const leaf = await createForeignCertificate({ name: 'CN=leaf', issuer: b })
  t.equal(codeOf(verify(leaf.der, [b.der, again.der, a.der])), 'certificate_untrusted')
})

t.test('a weak intermediate carries no chain', async (t) => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const [why, options] of [
    ['a key of 1024 bits', { middle: { keyPair: generateKeyPairSync('rsa', { modulusLength: 1024 }) } }],
    ['a signature over SHA-1', { root: { keyPair: rsa }, middle: { hash: 'SHA-1' } }],
  ] as const) {
    const { verify, leaf, middle } = await createWorld(options)
    t.equal(codeOf(verify(leaf.der, [middle.der])), 'certificate_untrusted', why)
  }
})

t.test('of intermediates with one name the right one is found, and no more than eight are looked at', async (t) => {
  const { verify, leaf, middle, root } = await createWorld()
  const decoys = await Promise.all(Array.from({ length: 8 }, async () => (await createForeignCertificate({ name: 'CN=Middle', isAuthority: true, issuer: root })).der))
  t.equal(codeOf(verify(leaf.der, [...decoys.slice(1), middle.der])), 'trusted')
  t.equal(codeOf(verify(leaf.der, [...decoys, middle.der])), 'certificate_untrusted')
})
